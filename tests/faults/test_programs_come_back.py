"""A program of the studio that is killed comes back; the studio that is killed can be followed."""

import os
import urllib.request
from pathlib import Path

import pytest
from trainyard import Environment, Experiment, ScriptRunConfig, Workspace

from tests.faults.conftest import processes_of, text_of, until

COUNTS = """
import time
for number in range(250):
    print("line", number, flush=True)
    time.sleep(0.02)
"""


@pytest.fixture
def submit(tmp_path):
    """Submit a script to a studio and return its run."""
    clients = []

    def to(studio, script, **settings):
        folder = tmp_path / "src"
        folder.mkdir()
        (folder / "train.py").write_text(script, encoding="utf-8")
        workspace = Workspace.from_config(os.fspath(studio.config_folder))
        clients.append(workspace.client)
        config = ScriptRunConfig(os.fspath(folder), "train.py", **settings)
        return Experiment(workspace, "faults").submit(config)

    yield to
    for client in clients:
        client.close()


@pytest.mark.parametrize("name", ["web", "worker", "supervise", "valkey"])
def test_a_killed_program_comes_back_and_a_request_only_waits(live_studio, name):
    before = live_studio.record.children[name]
    live_studio.kill(name)
    with urllib.request.urlopen(f"{live_studio.url}/sign-in/", timeout=10) as answer:
        assert answer.status == 200
    until(lambda: live_studio.record.children.get(name, before) != before, 10, f"{name} is back")


def test_a_killed_keeper_takes_its_programs_along_and_can_be_followed(own_studio, submit, tmp_path):
    run = submit(own_studio.start(), COUNTS)
    until(lambda: processes_of(run.id), 20, "the script runs")
    record = own_studio.record
    own_studio.kill("keeper")
    own_studio.process.wait(10)
    everyone = record.children.values()
    until(lambda: not [who for who in everyone if who.is_alive], 10, "its programs are gone")
    own_studio.start()
    assert run.wait_for_completion()["status"] == "Completed"
    assert text_of(run, tmp_path).splitlines() == [f"line {number}" for number in range(250)]


def test_an_image_is_built_although_its_worker_was_killed(own_studio, submit, tmp_path):
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("six==1.17.0\nscikit-learn\n")
    environment = Environment.from_pip_requirements("killed", os.fspath(requirements))
    run = submit(own_studio.start(), "import six, sklearn\n", environment=environment)
    until(lambda: run.get_status() == "Preparing", 20, "the image is being built")
    own_studio.kill("worker")
    assert run.wait_for_completion()["status"] == "Completed"
    kept = list(Path(own_studio.home, "images").glob("[!.]*"))
    assert len(kept) == 1, kept
