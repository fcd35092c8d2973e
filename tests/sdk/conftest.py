"""A driver beside a small studio, for the tests that need no whole one; the SDK beside a whole."""

import os
from pathlib import Path

import pytest
from azureml.core import Datastore, Workspace

from tests.sdk.driving import Driving
from tests.sdk.fake_studio import FakeStudio


@pytest.fixture
def driving(tmp_path):
    started = Driving(tmp_path)
    yield started
    started.end()


@pytest.fixture
def fake_studio(tmp_path):
    studio = FakeStudio(tmp_path / "s.sock")
    yield studio
    studio.close()


@pytest.fixture
def workspace(live_studio):
    found = Workspace.from_config(os.fspath(Path(live_studio.config_path).parent))
    yield found
    found.client.close()


class Place:
    """A workspace by its name alone, where nothing is asked of it."""

    def __init__(self, name="lab"):
        self.name = name


@pytest.fixture
def place():
    return Place()


@pytest.fixture
def store(place):
    """A datastore of that workspace, where nothing is asked of it either."""
    return Datastore(place)


@pytest.fixture
def put(workspace, tmp_path):
    """Put files into the datastore below a folder: path → text or bytes; (datastore, folder)."""

    def put_files(target, contents):
        for path, content in contents.items():
            place = tmp_path / target / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content.encode() if isinstance(content, str) else content)
        store = workspace.get_default_datastore()
        store.upload(os.fspath(tmp_path / target), target, overwrite=True, show_progress=False)
        return store, target

    return put_files
