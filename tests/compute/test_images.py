"""Images are built for real, once for each recipe and each lock, and reused while whole."""

import shutil
import subprocess
from pathlib import Path

import pytest

from compute import images, recipes
from compute.models import Image
from compute.states import BuildState
from tests.compute.conftest import asked, built, log_of
from tests.compute.packages import make_wheel

pytestmark = pytest.mark.django_db


def says(image: Image, code: str) -> str:
    """What the image's interpreter prints."""
    done = subprocess.run(
        [images.python_of(image), "-c", code], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_a_package_of_the_index_is_installed_into_an_image(settings, tmp_path):
    """From the real package index, by a conda file."""
    text = "name: x\nchannels: [conda-forge]\ndependencies: [six=1.16, mkl, pip: [azureml-core]]"
    build = images.ensure(recipes.from_definition({"conda": text}))
    images.build(build.pk)
    build.refresh_from_db()
    assert (build.state, build.error) == (BuildState.READY, "")
    assert says(build.image, "import six; print(six.__version__)") == "1.16.0"
    log = log_of(build)
    for line in (
        "conda packages are taken from PyPI (not from conda-forge)",
        "mkl: left out",
        "six=1.16 → six==1.16.*",
        "azureml-core: provided by the studio",
        "Solving 1 requirement",
        "installing 1 package",
        f"Image {build.image.digest[:12]} is ready: 1 package,",
    ):
        assert line in log
    assert build.log.is_complete


def test_the_same_recipe_is_built_once(shelf):
    make_wheel(shelf, "alpha")
    first = built("alpha")
    again = asked("alpha")
    assert (again.pk, again.state, again.log_id) == (first.pk, BuildState.READY, first.log_id)
    images.build(first.pk)  # a message that came twice
    assert log_of(first).count("Solving") == 1


def test_another_recipe_with_the_same_lock_gets_the_same_image(shelf):
    make_wheel(shelf, "alpha")
    make_wheel(shelf, "beta", requires="alpha")
    first, other = built("beta"), built("beta\nalpha>=1")
    assert first.pk != other.pk
    assert first.image == other.image
    assert f"Image reused: {first.image.digest[:12]}" in log_of(other)
    assert "built 20" in log_of(other)


def test_an_image_that_was_removed_is_built_again_from_its_lock(shelf):
    make_wheel(shelf, "alpha", "1.0")
    first = built("alpha")
    old_log = first.log
    shutil.rmtree(first.image.place)
    make_wheel(shelf, "alpha", "2.0")
    again = built("alpha")
    assert again.state == BuildState.READY
    assert again.log != old_log
    assert says(again.image, "import alpha; print(alpha.version)") == "1.0"
    assert "The lock of this recipe is known" in log_of(again)


def test_a_failed_build_can_be_asked_for_again_with_a_log_of_its_own(shelf):
    make_wheel(shelf, "alpha", "1.0")
    failed = built("alpha>=2")
    first_log = failed.log
    make_wheel(shelf, "alpha", "2.0")
    again = built("alpha>=2")
    assert (again.pk, again.state, again.error, again.guilty) == (
        failed.pk, BuildState.READY, "", "",
    )  # fmt: skip
    assert again.log != first_log
    first_log.refresh_from_db()
    assert first_log.is_complete


def test_wheels_of_the_operator_win_over_newer_ones_of_the_index(shelf):
    """As the CPU build of torch must, on a studio that has no GPU."""
    make_wheel(shelf, "six", "1.10.0")
    build = images.ensure(recipes.from_definition({"pip": "six"}))
    images.build(build.pk)
    build.refresh_from_db()
    assert "six==1.10.0" in build.lock
    newer = images.ensure(recipes.from_definition({"pip": "six>1.10"}))
    images.build(newer.pk)
    newer.refresh_from_db()
    assert "six==1.10.0" not in newer.lock


def test_an_environment_with_no_packages_is_just_python(shelf):
    build = built("")
    assert build.state == BuildState.READY
    assert says(build.image, "print(1 + 1)") == "2"


def test_an_image_is_no_file_of_the_cache_nor_a_half_one(shelf, settings):
    make_wheel(shelf, "alpha")
    build = built("alpha")
    left = {path.name for path in Path(settings.IMAGES).iterdir()}
    assert left == {build.image.digest, ".locks"}


def test_marking_an_image_used_moves_its_time(shelf):
    image = built("").image
    later = image.last_used_at + images.USED_EVERY * 2
    images.mark_used(image, later)
    image.refresh_from_db()
    assert image.last_used_at == later
