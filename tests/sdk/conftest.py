"""A driver beside a small studio, for the tests that need no whole one."""

import pytest

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
