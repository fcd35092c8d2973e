"""Exact releases that have no files for the usual Python get one that they have files for."""

import re
import subprocess

import pytest

from compute import images
from compute.building import interpreters, requirements
from compute.building.requirements import Requirements
from compute.states import BuildState
from tests.compute.conftest import built, log_of
from tests.compute.packages import make_source, make_wheel

pytestmark = pytest.mark.django_db


@pytest.fixture
def oldest(settings):
    """The version of the oldest Python here, such as 3.6.15."""
    return interpreters.find(settings.PYTHONS)[-1].version


@pytest.fixture
def aged(shelf, oldest):
    """A shelf with a release for the oldest Python alone."""
    make_wheel(shelf, "aged")
    _, minor, _ = oldest.split(".")
    tagged = f"aged-1.0-cp3{minor}-none-any.whl"
    (shelf / "aged-1.0-py3-none-any.whl").rename(shelf / tagged)
    make_wheel(shelf, "six")
    return shelf


def test_the_oldest_python_that_all_exact_releases_have_files_for(aged, oldest):
    build = built("aged==1.0\nsix==1.0")
    assert (build.state, build.error) == (BuildState.READY, "")
    assert re.search(
        rf"aged==1\.0: no files for Python 3\.\d+\.\d+, and no Python is asked for; {oldest}, for"
        " which there are some, is used",
        log_of(build),
    )
    code = "import aged, six, sys; print('%d.%d.%d' % sys.version_info[:3])"
    said = subprocess.check_output([images.python_of(build.image), "-c", code], text=True)
    assert said.strip() == oldest


def test_a_python_that_is_asked_for_stays(aged):
    build = built("aged==1.0", python=interpreters.own().version)
    assert build.state == BuildState.FAILED
    assert build.error.startswith("aged==1.0: ")


@pytest.mark.parametrize("asked", ["aged", "aged==1.*", "aged==9.9"])
def test_without_such_a_release_the_usual_python_is_meant(aged, asked):
    build = built(asked)
    assert build.state == BuildState.FAILED
    assert "no Python is asked for" not in log_of(build)


def test_a_release_that_is_source_for_every_python_is_built_for_the_usual(shelf):
    make_source(shelf, "plain")
    build = built("plain==1.0")
    assert (build.state, build.error) == (BuildState.READY, "")


@pytest.mark.parametrize(
    ("python", "written", "options", "gets"),
    [
        ("3.6.15", "torch", [], True),
        ("3.8.18", "torch", [], True),
        ("3.9.1", "torch", [], False),
        ("3.11.7", "torch", [], False),
        ("3.6.15", "setuptools", [], False),
        ("3.6.15", "torch", ["--no-index"], False),
    ],
)
def test_old_pythons_have_setuptools_as_they_used_to(python, written, options, gets):
    asked = Requirements([f"{written}==1.10"], options, {written: f"{written}==1.10"})
    requirements.seed(asked, python)
    assert asked.lines == [f"{written}==1.10", *(["setuptools"] if gets else [])]
