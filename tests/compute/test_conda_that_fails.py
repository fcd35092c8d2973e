"""What conda cannot solve is said in one sentence, with the requirement as it was written."""

import pytest

from compute.states import BuildState
from tests.compute import channel
from tests.compute.conftest import built_by_conda, log_of
from tests.compute.packages import make_wheel

pytestmark = pytest.mark.django_db


@pytest.fixture
def stocked(forge):
    channel.make_module(forge, "alpha", depends=("beta <2",))
    channel.make_module(forge, "beta", "1.0")
    channel.make_module(forge, "beta", "2.0")
    channel.make_module(forge, "gamma", depends=("beta >=2",))
    channel.make_package(forge, "gpu", depends=("__cuda >=12",))
    channel.make_package(forge, "recent", depends=("__glibc >=2.99",))
    channel.make_package(forge, "half", depends=("missing >=1",))
    channel.make_package(forge, "old", depends=("python <3",))
    channel.make_package(forge, "lib", build="cpu_0")
    channel.index(forge)
    return forge


@pytest.mark.parametrize(
    ("asked", "guilty", "error"),
    [
        ("no-such-thing", "no-such-thing", "no-such-thing: no package of this name in forge"),
        ("beta==9", "beta==9", "beta==9: no such version in forge; newest: 2.0, 1.0"),
        ("lib=1.0=cuda", "lib=1.0=cuda", "no such build of it in forge; newest: 1.0"),
        ("gpu", "gpu", "gpu needs an NVIDIA driver with CUDA >=12, which this machine has not"),
        ("recent", "recent", "recent needs glibc >=2.99, which this machine has not; it has 2."),
        ("half", "half", "half needs missing >=1, which is not in forge"),
        ("old", "old", "old needs python <3, which is not in forge; newest: 3."),
        (
            "alpha gamma",
            "alpha gamma",
            "cannot be installed together: gamma needs beta >=2, alpha needs beta <2",
        ),
        ("alpha beta=2", "alpha beta=2", "cannot be installed together: alpha needs beta <2"),
        ("python=3 old", "python=3 old", "cannot be installed together: old needs python <3"),
        ("nowhere::beta", "nowhere", "there is no channel nowhere at file:///"),
    ],
)
def test_the_requirement_at_fault_is_named(stocked, asked, guilty, error):
    build = built_by_conda(*asked.split())
    assert (build.state, set(build.guilty.split(", "))) == (BuildState.FAILED, set(guilty.split()))
    assert error in build.error
    assert f"Failed: {build.error}" in log_of(build)
    assert "\n" not in build.error


def test_a_machine_can_be_said_to_have_a_gpu(stocked, monkeypatch):
    monkeypatch.setenv("CONDA_OVERRIDE_CUDA", "12.4")
    assert built_by_conda("gpu").state == BuildState.READY


def test_a_channel_that_does_not_exist_is_named(forge):
    build = built_by_conda("beta", channels=("nope", "forge"))
    assert build.guilty == "nope"
    assert "there is no channel nope at file:///" in build.error
    assert "STUDIO_CONDA_CHANNEL_ALIAS" in build.error


@pytest.mark.parametrize(
    ("conda", "pip", "guilty", "error"),
    [
        ("alpha", "needy", "needy", "needy needs beta>=2, but conda installs beta 1.0"),
        ("beta=1", "beta>=2", "beta>=2, beta=1", "is asked of pip, but conda installs beta 1.0"),
    ],
)
def test_pip_against_conda_names_both(stocked, shelf, conda, pip, guilty, error):
    make_wheel(shelf, "needy", requires="beta>=2")
    make_wheel(shelf, "beta", "2.0")
    build = built_by_conda(conda, pip=(pip,))
    assert (build.state, build.guilty) == (BuildState.FAILED, guilty)
    assert error in build.error
