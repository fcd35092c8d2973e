"""conda packages in the engine: from a channel that is a folder, installed by what is borrowed."""

import pytest

from compute.building import locks
from tests.compute import channel as conda
from tests.compute.docker.conftest import Ask, says
from tests.compute.packages import make_wheel


@pytest.fixture
def channel(settings, tmp_path):
    """A channel with a Python that is the base's own, and a module."""
    folder = tmp_path / "channels" / "tiny"
    conda.make_package(
        folder, "python", "3.11.2",
        files={
            "pyvenv.cfg": "home = /usr/bin\ninclude-system-site-packages = false\n",
            "lib/python3.11/site-packages/README.txt": "packages\n",
        },
        links={"bin/python": "/usr/bin/python3.11", "bin/python3": "python"},
    )  # fmt: skip
    conda.make_module(folder, "gamma", "2.5")
    conda.index(folder)
    settings.CONDA_CHANNEL_ALIAS = conda.address(folder.parent)
    settings.CONDA_CHANNELS = ["tiny"]
    return folder


def test_conda_packages_and_wheels_come_together(docker: Ask, channel, shelf, base):
    make_wheel(shelf, "alpha")
    text = "channels: [tiny]\ndependencies: [python=3.11, gamma, pip: ['--no-index', alpha]]"
    build = docker(conda=text)
    assert {(one.name, one.source) for one in locks.read(build.lock)} == {
        ("alpha", "pypi"), ("gamma", "conda"), ("python", "conda"),
    }  # fmt: skip
    assert f"# base {base}" in build.lock
    assert says(build.made.place, "import alpha, gamma; print(gamma.version)") == "2.5"
    assert "of conda in" in build.log
    again = docker(conda=text, lock=build.lock)
    assert again.made.reused


def test_a_base_without_a_python_for_the_builder_borrows_one(docker: Ask, channel, base):
    """The environment's own comes from conda; this base has none but the one it is linked to."""
    text = f"FROM {base}\nRUN mv /usr/bin/python3.11 /usr/bin/python3-not && rm /usr/bin/python3\n"
    conda_text = "channels: [tiny]\ndependencies: [python=3.11, gamma]"
    with pytest.raises(Exception, match="its Python does not start") as raised:
        docker(conda=conda_text, dockerfile=text)
    assert "The builder runs on Python 3.11.2, borrowed for it" in raised.value.__notes__[0]
    assert "Installed 2 packages of conda" in raised.value.__notes__[0]
