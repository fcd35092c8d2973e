"""The programs of the studio are killed, one by one and all of them, while runs are on."""

import os
from pathlib import Path

import pytest
from trainyard import Environment

from tests.faults.conftest import check
from tests.faults.scenarios import studio
from tests.faults.watching import CHECKPOINT, END, Desk

ALL = [
    *(f"kill -9 of {name}" for name in studio.PROGRAMS),
    "SIGTERM to the studio", "kill -9 of the whole studio",
]  # fmt: skip


@pytest.fixture(scope="module")
def played(desk):
    return {outcome.broken: outcome for outcome in studio.broken_one_by_one(desk)}


@pytest.mark.parametrize("what", ALL)
def test_runs_go_on_and_none_is_lost_or_started_twice(played, what):
    check(played[what], "Completed", files=(CHECKPOINT, END))
    if what == "SIGTERM to the studio":
        assert "running task(s) go on and report when the studio is up again" in played[what].words
    program = what.removeprefix("kill -9 of ")
    if program in studio.PROGRAMS:
        assert f"{program} ended (signal 9); it starts again" in played[what].words


def test_an_image_is_built_although_its_worker_was_killed(desk: Desk, tmp_path: Path):
    requirements = tmp_path / "requirements.txt"
    images = Path(desk.studio.home, "images")
    for version in ("1.17.0", "1.16.0", "1.15.0", "1.14.0"):
        requirements.write_text(f"six=={version}\nscikit-learn\n")
        environment = Environment.from_pip_requirements("killed", os.fspath(requirements))
        before = set(images.glob("[!.]*"))
        watched = desk.submit("import six, sklearn\n", environment=environment)
        if watched.until("Preparing", "Completed") == "Preparing":
            break  # else it was built before anybody looked
    desk.studio.kill("worker")
    watched.until("Completed", within_s=300)
    assert len(set(images.glob("[!.]*")) - before) == 1
