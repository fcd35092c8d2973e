"""Submitting a script of benchmarks/scripts/ to a studio, as any user does."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copy
from typing import Any

from trainyard import Experiment, Run, ScriptRunConfig, Workspace

from tests.fixtures.studio_process import StudioProcess

SCRIPTS = Path(__file__).resolve().parent / "scripts"
DRIVER_LOG = "azureml-logs/70_driver_log.txt"


@contextmanager
def workspace_of(studio: StudioProcess) -> Iterator[Workspace]:
    workspace = Workspace.from_config(os.fspath(studio.config_folder))
    yield workspace
    workspace.client.close()


def submit(workspace: Workspace, script: str, *arguments: Any, **settings: Any) -> Run:
    """Submit a script alone in its folder, so that the snapshot is as small as can be."""
    with tempfile.TemporaryDirectory() as folder:
        copy(SCRIPTS / script, folder)
        config = ScriptRunConfig(folder, script, arguments=list(arguments), **settings)
        return Experiment(workspace, "benchmarks").submit(config)


def said_by(run: Run) -> list[str]:
    """Wait for the end of a run and return the lines it printed. Raises when it failed."""
    run.wait_for_completion()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "log.txt"
        run.download_file(DRIVER_LOG, os.fspath(place))
        return place.read_text(encoding="utf-8").splitlines()
