"""Any program of the studio may be killed at any moment: it comes back, and nothing is lost."""

import os
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest
from azureml.core import Environment, Experiment, ScriptRunConfig, Workspace

from tests.fixtures.studio_process import StudioProcess

COUNTS = """
import sys, time
from azureml.core import Run
run = Run.get_context()
for step in range(int(sys.argv[1])):
    run.log("step", step)
    print("line", step, flush=True)
    time.sleep(0.02)
open("outputs/done.txt", "w").write("whole")
"""


def answers(studio: StudioProcess) -> bool:
    with urllib.request.urlopen(f"{studio.url}/sign-in/", timeout=10) as answer:
        return answer.status == 200


def until(condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"it did not happen within {seconds} s"
        time.sleep(0.02)


def submit(studio: StudioProcess, folder: Path, steps: int):
    (folder / "train.py").write_text(COUNTS)
    workspace = Workspace.from_config(os.fspath(studio.config_folder))
    config = ScriptRunConfig(os.fspath(folder), script="train.py", arguments=[steps])
    return Experiment(workspace, "faults").submit(config)


def logged(run) -> list:
    values = run.get_metrics(name="step").get("step", [])
    return values if isinstance(values, list) else [values]


def assert_whole(run, steps: int, folder: Path) -> None:
    """Every point and every line is there once, in order."""
    assert run.wait_for_completion()["status"] == "Completed"
    assert logged(run) == list(range(steps))
    run.download_file("azureml-logs/70_driver_log.txt", os.fspath(folder / "log.txt"))
    lines = [f"line {step}" for step in range(steps)]
    assert (folder / "log.txt").read_text().splitlines() == lines
    assert "outputs/done.txt" in run.get_file_names()


@pytest.mark.parametrize("name", ["web", "worker", "supervise", "valkey"])
def test_a_killed_program_comes_back_and_a_request_only_waits(live_studio, name):
    before = live_studio.record.children[name]
    live_studio.kill(name)
    assert answers(live_studio)
    until(lambda: live_studio.record.children.get(name, before) != before)


def test_a_run_does_not_notice_that_programs_are_killed(live_studio, tmp_path):
    steps = 300
    run = submit(live_studio, tmp_path, steps)
    for name in ("worker", "web", "valkey", "supervise", "web"):
        seen = len(logged(run))
        until(lambda at_least=seen + 20: len(logged(run)) > at_least)
        live_studio.kill(name)
    assert_whole(run, steps, tmp_path)


def test_training_goes_on_while_the_studio_is_away(own_studio, tmp_path):
    steps = 500
    run = submit(own_studio.start(), tmp_path, steps)
    until(lambda: len(logged(run)) > 20)
    own_studio.stop()
    assert "1 running task(s) go on" in own_studio.said()
    assert len({task.environ()["TRAINYARD_TASK"] for task in own_studio.tasks()}) == 1
    time.sleep(2)  # the studio is away, the script is not
    own_studio.start()
    assert_whole(run, steps, tmp_path)
    until(lambda: not own_studio.tasks())


def test_a_killed_keeper_takes_its_programs_along_and_can_be_followed(own_studio, tmp_path):
    steps = 400
    run = submit(own_studio.start(), tmp_path, steps)
    until(lambda: len(logged(run)) > 20)
    record = own_studio.record
    own_studio.kill("keeper")
    own_studio.process.wait(10)
    until(lambda: not [who for who in record.children.values() if who.is_alive])
    own_studio.start()
    assert_whole(run, steps, tmp_path)


def test_an_image_build_goes_on_after_its_worker_was_killed(own_studio, tmp_path):
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "train.py").write_text("import six\nprint(six.__version__)\n")
    (tmp_path / "requirements.txt").write_text("six==1.17.0\nscikit-learn\n")
    own_studio.start()
    workspace = Workspace.from_config(os.fspath(own_studio.config_folder))
    environment = Environment.from_pip_requirements(
        "killed", os.fspath(tmp_path / "requirements.txt")
    )
    run = Experiment(workspace, "faults").submit(
        ScriptRunConfig(os.fspath(tmp_path / "code"), script="train.py", environment=environment)
    )
    until(lambda: run.get_status() == "Preparing")
    own_studio.kill("worker")
    assert run.wait_for_completion()["status"] == "Completed"
    leftover = subprocess.run(
        ["find", os.fspath(own_studio.home / "images"), "-maxdepth", "1", "-mindepth", "1"],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert len([path for path in leftover if Path(path).is_dir()]) <= 2
