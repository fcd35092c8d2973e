"""A base image that the engine has not is fetched from its registry, and one sees how far."""

import re
import subprocess

import pytest

from compute.building.engine import Engine
from compute.building.faults import BuildFault
from tests.compute.docker.conftest import Ask
from tests.compute.docker.registry import serving

SIZE = 24 * 2**20


def test_a_base_is_fetched_once_and_looked_into(docker: Ask):
    with serving("made-for-a-test", SIZE) as name:
        try:
            # Without a shell and without Python: nothing that could be run in it.
            with pytest.raises(BuildFault, match="has no Python") as raised:
                docker(base_image=name)
            log = raised.value.__notes__[0]
            assert f"Fetching the base image {name} …" in log
            assert re.search(rf"Fetched {re.escape(name)}: 24 MiB", log)
            assert f"The base is {name}@sha256:" in log
            assert "without Python, no GNU C library" in log
            with pytest.raises(BuildFault) as raised:
                docker(base_image=name)
            assert "Fetching" not in raised.value.__notes__[0]
        finally:
            image = Engine().image(name)
            subprocess.run(["docker", "rmi", "-f", image.id], check=True, capture_output=True)


def test_a_registry_without_the_image_is_said_as_it_says_it(docker: Ask):
    with serving("made-for-a-test", 1) as name:
        other = f"{name.rpartition(':')[0]}-not:1"
        with pytest.raises(
            BuildFault, match=r"cannot be fetched: manifest (for .* not found|unknown)"
        ) as got:
            docker(base_image=other)
        assert got.value.guilty == other


def test_the_studios_own_base_says_which_setting_names_it(docker: Ask, settings):
    settings.DOCKER_BASE_IMAGE = "localhost:1/python:{python}"
    with pytest.raises(BuildFault, match="STUDIO_DOCKER_BASE_IMAGE names another") as raised:
        docker(pip="", python="3.9")
    assert "localhost:1/python:3.9 cannot be fetched" in raised.value.message
    assert raised.value.guilty == ""
