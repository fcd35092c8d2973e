"""conda's packages are solved from a channel, locked, and installed with pip's around them."""

import shutil
import subprocess
from pathlib import Path

import pytest

from compute import images
from compute.building import locks
from compute.building.base import Steps
from compute.building.local import LocalBuilder
from compute.recipes import from_definition
from compute.states import BuildState
from tests.compute import channel
from tests.compute.conftest import built_by_conda, log_of
from tests.compute.packages import make_wheel

pytestmark = pytest.mark.django_db


def says(place: str, *command: str) -> str:
    """What a program of the image prints."""
    program, *rest = command
    line = [str(Path(place) / "bin" / program), *rest]
    return subprocess.run(line, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def stocked(forge, shelf):
    """A program, two modules one of which needs the other, a wheel that needs that one too."""
    shebang = f"#!{channel.PLACEHOLDER}/bin/python\n"
    code = f"import beta\nprint('beta', beta.version, '{channel.PLACEHOLDER}')\n"
    channel.make_package(forge, "tool", depends=("beta",), files={"bin/tool": shebang + code})
    channel.make_module(forge, "beta")
    channel.index(forge)
    make_wheel(shelf, "delta", requires="beta>=0.5")
    make_wheel(shelf, "beta", "7.0")
    return forge


def test_a_program_of_conda_runs_from_where_its_image_lies(stocked):
    build = built_by_conda("tool")
    assert (build.state, build.error) == (BuildState.READY, "")
    place = build.image.place
    assert says(place, "tool") == f"beta 1.0 {place}"
    assert says(place, "python", "-c", "import sys; print(sys.prefix)") == place
    log = log_of(build)
    assert "Solving 1 requirement of conda from forge" in log
    assert "Solved: 3 packages in" in log
    assert "Installed 3 packages of conda in" in log


def test_pip_is_solved_around_what_conda_installs(stocked):
    """delta needs beta, which conda has: it is neither newer nor there twice."""
    build = built_by_conda("tool", pip=("delta",))
    assert (build.state, build.error) == (BuildState.READY, "")
    code = "import beta, delta; print(beta.version, delta.version)"
    assert says(build.image.place, "python", "-c", code) == "1.0 1.0"
    packages = {(one.name, one.version, one.source) for one in locks.read(build.lock)}
    assert {("beta", "1.0", "conda"), ("delta", "1.0", "pypi")} <= packages
    assert "beta" not in locks.pins(build.lock)


def test_the_lock_alone_makes_the_image_again_when_the_channel_has_moved_on(stocked):
    build = built_by_conda("tool")
    shutil.rmtree(build.image.place)
    channel.make_module(stocked, "beta", "2.0")
    channel.index(stocked)
    again = built_by_conda("tool")
    assert again.pk == build.pk
    assert says(again.image.place, "tool").startswith("beta 1.0 ")
    assert "The lock of this recipe is known" in log_of(again)


def test_the_same_recipe_gives_the_same_bytes(stocked):
    build = built_by_conda("tool", pip=("delta",))
    images.ImageBuild.objects.all().delete()
    assert built_by_conda("tool", pip=("delta",)).lock == build.lock


def test_a_file_that_changed_behind_its_lock_is_not_installed(stocked, settings):
    build = built_by_conda("tool")
    shutil.rmtree(build.image.place)
    channel.make_module(stocked, "beta", "1.0", depends=("tool",))
    again = built_by_conda("tool")
    assert again.state == BuildState.FAILED
    assert "the file is another than the lock's" in again.error
    assert not Path(settings.IMAGES, build.image.digest).exists()


def test_a_build_and_a_channel_can_be_asked_for(forge):
    channel.make_package(forge, "lib", build="cpu_0")
    channel.make_package(forge, "lib", build="cuda_0")
    other = forge.parent / "other"
    channel.make_package(other, "extra")
    channel.index(forge)
    channel.index(other)
    build = built_by_conda("lib=1.0=*cpu*", "other::extra")
    found = {one.name: (one.build, one.channel) for one in locks.read(build.lock)}
    assert found["lib"] == ("cpu_0", "forge")
    assert found["extra"] == ("0", "other")


def test_nothing_but_python_and_pip_asks_no_channel(shelf):
    make_wheel(shelf, "alpha")
    build = built_by_conda("python", "pip", pip=("alpha",))
    assert build.state == BuildState.READY
    assert "channel" not in log_of(build)


def test_versions_of_the_other_kind_win_where_they_fit(stocked, settings):
    """As a Docker image of the same definition must agree with the local one."""
    lock = built_by_conda("tool").lock
    channel.make_module(stocked, "beta", "2.0")
    channel.index(stocked)
    steps = Steps(lambda _: None, lambda: None, lambda _: None, 60)
    recipe = from_definition({"conda": "dependencies: [tool]"}).as_dict()
    assert "/beta-1.0-0" in LocalBuilder(steps).solve(recipe, prefer=lock)
    assert "/beta-2.0-0" in LocalBuilder(steps).solve(recipe, prefer="")
