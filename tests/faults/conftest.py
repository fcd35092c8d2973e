"""A script in a real studio, watched from outside while things are taken away from it."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from trainyard import Experiment, ScriptRunConfig, Workspace

LOG = "azureml-logs/70_driver_log.txt"


@pytest.fixture
def start(live_studio, tmp_path):
    """Submit a script's text and return its run; the script's folder is its own."""
    workspace = Workspace.from_config(os.fspath(Path(live_studio.config_path).parent))

    def submit(script: str):
        folder = tmp_path / "src"
        folder.mkdir(exist_ok=True)
        (folder / "train.py").write_text(script, encoding="utf-8")
        return Experiment(workspace, "faults").submit(
            ScriptRunConfig(os.fspath(folder), "train.py")
        )

    yield submit
    workspace.client.close()


def until(true: Callable[[], object], within_s: float, what: str):
    """Wait for `true` to say something true, and return it."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if said := true():
            return said
        time.sleep(0.1)
    raise AssertionError(f"not within {within_s} s: {what}")


def text_of(run, tmp_path: Path, path: str = LOG) -> str:
    place = tmp_path / "log.txt"
    run.download_file(path, os.fspath(place))
    return place.read_text(encoding="utf-8")


def processes_of(run_id: str) -> list[psutil.Process]:
    """Every process that carries the run's id in its environment."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("AZUREML_RUN_ID") == run_id:
                found.append(process)
        except psutil.Error:
            continue
    return [p for p in found if p.status() != psutil.STATUS_ZOMBIE]


def script_of(run_id: str) -> psutil.Process:
    return next(p for p in processes_of(run_id) if p.cmdline()[-1:] == ["train.py"])


def driver_of(run_id: str) -> psutil.Process:
    program = ["-m", "trainyard.driver"]  # the shell that leads the task names it too
    return next(p for p in processes_of(run_id) if p.cmdline()[1:] == program)
