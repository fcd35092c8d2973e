"""A driver beside a small studio, for the tests that need no whole one; the SDK beside a whole."""

import os
from pathlib import Path

import pytest
from azureml.core import Workspace

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
