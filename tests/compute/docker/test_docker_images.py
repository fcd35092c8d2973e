"""A lock becomes an image of a real engine, and a container of it runs."""

import json
import os
import subprocess

import pytest

from compute import images, recipes
from compute.building import docker as docker_images
from compute.building.dockerfiles import DIGEST
from compute.models import Image
from compute.states import BuildState, ImageKind
from tests.compute.conftest import log_of
from tests.compute.docker.conftest import Ask, Build, says
from tests.compute.packages import make_source, make_wheel
from tests.factories import make_blob

VERSION = "import alpha; print(alpha.version)"


def test_a_container_of_the_image_runs_its_packages(alpha: Build):
    build = alpha
    assert says(build.made.place, VERSION) == "1.5"
    assert build.made.python == "/opt/trainyard/env/bin/python"
    assert build.made.packages == 1
    assert 0 < build.made.size_bytes < 10 * 2**20  # its own layers, not the base
    for line in ("The base is trainyard-test-base, with Python 3.11", "Solved: 1 package"):
        assert line in build.log
    assert "Writing the image" in build.log
    # Twice a second at most, so which of them are heard is a matter of time.
    assert build.progress
    assert all(words == "" or words[0].islower() for words in build.progress)
    assert "\x1e" not in build.log
    assert "\x1d" not in build.log


@pytest.mark.django_db
def test_an_image_is_asked_for_as_one_of_the_other_kind(docker: Ask, shelf):
    """By the door that runs use: the row says what page and log say."""
    make_wheel(shelf, "alpha")
    recipe = recipes.from_definition({"pip": "--no-index\nalpha"})
    build = images.ensure(recipe, ImageKind.DOCKER)
    images.build(build.pk)
    build.refresh_from_db()
    try:
        assert (build.state, build.error) == (BuildState.READY, "")
        assert says(build.image.place, VERSION) == "1.0"
        assert build.image.dockerfile.startswith("# trainyard-test-base\n")
        for line in ("Solved: 1 package", "Writing the image", "is ready: 1 package"):
            assert line in log_of(build)
        assert images.ensure(recipe, ImageKind.DOCKER).state == BuildState.READY
    finally:
        docker_images.remove(build.image)
    again = images.ensure(recipe, ImageKind.DOCKER)
    assert (again.state, again.lock) == (BuildState.WAITING, build.lock)


def test_a_package_of_the_index_is_installed(docker: Ask):
    """From the real package index, out of a container that trusts what the studio trusts."""
    build = docker(pip="six==1.16.0")
    assert says(build.made.place, "import six; print(six.__version__)") == "1.16.0"


def test_a_source_package_is_built_in_the_engine(docker: Ask, shelf):
    make_source(shelf, "slow")
    make_wheel(shelf, "alpha")
    build = docker("alpha\nslow")
    assert says(build.made.place, "import alpha, slow; print('both')") == "both"
    assert "they are built from source" in build.log
    assert "Failed" not in build.log


def test_the_image_says_what_it_is(alpha: Build):
    build = alpha
    facts = json.loads(
        subprocess.run(
            ["docker", "inspect", build.made.place], capture_output=True, check=True
        ).stdout
    )
    labels = facts[0]["Config"]["Labels"]
    assert labels[DIGEST].startswith(build.made.place.rpartition(":")[2])
    assert json.loads(labels["io.trainyard.definition"])["pip"] == ["--no-index", "alpha"]
    assert build.made.dockerfile.startswith("# trainyard-test-base\nFROM trainyard/base:")


def test_an_image_is_built_once_and_when_it_was_removed_comes_from_layers(docker: Ask, shelf):
    make_wheel(shelf, "alpha", f"2.{os.getpid()}")
    first = docker("alpha")
    again = docker("alpha", lock=first.lock)
    assert again.made.reused
    assert again.made.built_at == first.made.built_at
    assert "Sending" not in again.log
    digest = docker_images.stored()
    (mine,) = [one for one, tag in digest.items() if tag == first.made.place]
    image = Image(kind="docker", digest=mine, place=first.made.place)
    assert docker_images.is_there(image)
    docker_images.remove(image)
    docker_images.remove(image)
    assert not docker_images.is_there(image)
    again = docker("alpha", lock=first.lock)
    assert not again.made.reused
    assert again.log.count("using the engine's cache") == 2
    assert "Installed" not in again.log


def test_an_image_that_a_container_uses_stays(docker: Ask, shelf):
    make_wheel(shelf, "alpha", f"1.{os.getpid()}")  # no other test makes the same image meanwhile
    build = docker("alpha")
    (mine,) = [one for one, tag in docker_images.stored().items() if tag == build.made.place]
    image = Image(kind="docker", digest=mine, place=build.made.place)
    container = subprocess.run(
        ["docker", "create", image.place, "true"], capture_output=True, text=True, check=True
    ).stdout.strip()
    try:
        docker_images.remove(image)
        assert docker_images.is_there(image)
    finally:
        subprocess.run(["docker", "rm", container], check=True, capture_output=True)
    docker_images.remove(image)
    assert not docker_images.is_there(image)


def test_an_environment_with_no_packages_is_just_python(docker: Ask):
    build = docker(pip="")
    assert says(build.made.place, "print(1 + 1)") == "2"


def test_nothing_of_the_build_is_left_in_the_image(alpha: Build):
    left = "import os; print(sorted(os.path.join(d, f) for d, _, fs in os.walk('/opt/trainyard')"
    place = alpha.made.place
    found = says(place, f"{left} for f in fs if '/env/' not in d + '/'))")
    assert found == "[]"
    assert says(place, "import os; print(os.listdir('/tmp'), os.environ['PATH'])").startswith("[] ")


def test_a_wheel_that_the_studio_keeps_is_sent_along(docker: Ask, tmp_path):
    """A container knows no way to the studio: the host of this address is nobody's."""
    make_wheel(tmp_path / "dist", "mine", "2.5")
    file = tmp_path / "dist" / "mine-2.5-py3-none-any.whl"
    address = f"http://studio.invalid/wheels/{make_blob(file.read_bytes()).sha256}/{file.name}"
    build = docker(f"mine @ {address}")
    assert says(build.made.place, "import mine; print(mine.version)") == "2.5"
    assert f"mine @ {address}" in build.lock and "file:" not in build.lock + build.log
