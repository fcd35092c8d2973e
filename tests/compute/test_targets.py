"""Solving for a machine that is not this one: the base image of a Docker build."""

import pytest

from compute.building import solving
from compute.building.base import Steps
from compute.building.faults import BuildFault
from compute.building.local import Program
from compute.recipes import from_definition
from tests.compute import channel
from tests.compute.packages import make_wheel

TARGET = {
    "pythons": [{"path": "/usr/bin/python3.12", "version": "3.12.2"}],
    "glibc": "2.36",
    "cuda": None,
    "base": "debian:12 sha256:12ab",
}


@pytest.fixture
def solve(shelf):
    """Solve a definition for a target; returns the lock."""
    steps = Steps(lambda _: None, lambda: None, lambda _: None, 60)

    def of(definition, target=TARGET, prefer=""):
        recipe = from_definition(definition).as_dict()
        found = Program(steps).run("solve", recipe=recipe, target=target, prefer=prefer)
        return found["lock"]

    return of


def rename(shelf, name, tag):
    (shelf / f"{name}-1.0-py3-none-any.whl").rename(shelf / f"{name}-1.0-{tag}.whl")


def test_files_are_chosen_for_the_python_and_the_c_library_of_the_target(shelf, solve):
    make_wheel(shelf, "alpha")
    rename(shelf, "alpha", "cp312-cp312-manylinux_2_36_x86_64")
    lock = solve({"pip": "--no-index\nalpha"})
    assert lock.splitlines()[0] == "# python 3.12.2"
    assert lock.splitlines()[2] == "# base debian:12 sha256:12ab"
    assert "alpha==1.0 \\\n    --hash=sha256:" in lock
    with pytest.raises(BuildFault, match=r"its files need glibc 2.36 or newer; here is 2.28"):
        solve({"pip": "--no-index\nalpha"}, {**TARGET, "glibc": "2.30"})


def test_a_python_that_the_base_has_not_is_said(solve):
    with pytest.raises(BuildFault, match=r"no Python 3.9 in the base image; found: 3.12.2"):
        solve({"pip": "", "python": "3.9"})


@pytest.mark.parametrize(
    ("glibc", "tag"),
    [("2.36", "2_36"), ("2.30", "2_28"), ("2.99", "2_40"), ("2.17", "2_17"), ("2.5", "2_17")],
)
def test_the_nearest_c_library_that_uv_knows_is_taken(glibc, tag):
    assert solving._platform(glibc).endswith(f"-manylinux_{tag}")


def test_versions_of_the_other_kind_win_where_they_fit(shelf, solve):
    for version in ("1.0", "1.5", "2.0"):
        make_wheel(shelf, "alpha", version)
    other = "# python 3.11.7\n# platform linux\nalpha==1.5 \\\n    --hash=sha256:00\n"
    assert "alpha==1.5" in solve({"pip": "--no-index\nalpha"}, prefer=other)
    assert "alpha==2.0" in solve({"pip": "--no-index\nalpha>=2"}, prefer=other)
    assert "alpha==2.0" in solve({"pip": "--no-index\nalpha"})


def test_conda_sees_the_virtual_packages_of_the_target(forge, solve):
    channel.make_package(forge, "gpu", depends=("__cuda >=12",))
    channel.make_package(forge, "plain", depends=("__glibc <2.30",))
    channel.index(forge)
    gpu, plain = ({"conda": f"dependencies: [{name}]"} for name in ("gpu", "plain"))
    assert "/gpu-1.0-0" in solve(gpu, {**TARGET, "cuda": "12.4"})
    assert "/plain-1.0-0" in solve(plain, {**TARGET, "glibc": "2.28"})
    with pytest.raises(BuildFault, match=r"plain needs glibc <2.30, .*; it has 2.36"):
        solve(plain)
