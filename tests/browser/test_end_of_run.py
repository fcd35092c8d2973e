"""The page of a run shows its end without a reload, however soon it comes after the last file."""

import os

import pytest
from playwright.sync_api import Page, expect
from trainyard import Experiment, ScriptRunConfig, Workspace

SLOW_MS = 90_000
SHORT = """
import time
from azureml.core import Run
run = Run.get_context()
for step in range(100):
    run.log("loss", 1 / (step + 1))
    time.sleep(0.01)
open("outputs/a.txt", "w").write("whole")
"""


@pytest.mark.parametrize("tab", ["", "metrics/", "files/"])
def test_a_page_that_was_open_shows_that_the_run_completed(
    live_studio, signed_in_page: Page, tmp_path, tab
):
    (tmp_path / "train.py").write_text(SHORT)
    workspace = Workspace.from_config(os.fspath(live_studio.config_folder))
    run = Experiment(workspace, "short").submit(ScriptRunConfig(os.fspath(tmp_path), "train.py"))
    workspace.client.close()
    signed_in_page.goto(f"/runs/{run.id}/{tab}")
    expect(signed_in_page.locator(".head[data-state='Completed']")).to_be_visible(timeout=SLOW_MS)
