"""The Monitoring tab: charts that grow while the run runs, its peaks when it has ended."""

import os
import re

import pytest
from playwright.sync_api import Page, expect
from trainyard import Experiment, ScriptRunConfig, Workspace

WORKS = """
import pathlib, sys, time
from azureml.core import Run
held = bytearray(100 * 2**20)
Run.get_context().log("loss", 1.0)
while not pathlib.Path(sys.argv[1]).exists():
    sum(range(10000))
    time.sleep(0.01)
"""

SLOW_MS = 60_000
# It has grown while the page was open, and goes on.
GROWN = re.compile(r"(?:[3-9]|\d\d) samples, one a second · live")


@pytest.fixture
def run(live_studio, tmp_path):
    (tmp_path / "train.py").write_text(WORKS)
    workspace = Workspace.from_config(os.fspath(live_studio.config_folder))
    config = ScriptRunConfig(os.fspath(tmp_path), "train.py", [os.fspath(tmp_path / "end")])
    yield Experiment(workspace, "works").submit(config)
    (tmp_path / "end").touch()
    workspace.client.close()


def test_a_live_run_shows_its_node_and_an_ended_one_its_peaks(run, signed_in_page: Page, tmp_path):
    page = signed_in_page
    page.goto(f"/runs/{run.id}/monitoring/")
    expect(page.locator("[data-empty], [data-chart]").first).to_be_attached()
    memory = page.locator("[data-chart='memory']")
    expect(memory.locator(".main-svg").first).to_be_visible(timeout=SLOW_MS)
    expect(memory).to_contain_text("this run")
    expect(memory).to_contain_text("limit")
    expect(page.locator("[data-chart='cpu'] .scatterlayer .trace")).to_have_count(2)
    expect(page.locator("[data-status]")).to_contain_text(GROWN, timeout=SLOW_MS)
    (tmp_path / "end").touch()
    expect(page.locator(".head[data-state='Completed']")).to_be_visible(timeout=SLOW_MS)
    expect(page.locator("[data-status]")).not_to_contain_text("live")
    peaks = page.locator(".peaks table")
    expect(peaks.locator("tr", has_text="Memory").first).to_contain_text("MiB")
    # The axis is common to all charts, and in the address.
    page.get_by_text("Wall time").click()
    expect(page).to_have_url(f"/runs/{run.id}/monitoring/?axis=wall")
    page.locator("[data-chart='cpu'] .plot").press("+")
    expect(page.locator("[data-status]")).to_contain_text("zoomed")
    page.goto(f"/runs/{run.id}/metrics/")
    expect(page.locator(".tile")).to_have_count(1)


def test_a_run_of_which_nothing_was_measured_says_what_comes_here(
    live_studio, signed_in_page: Page
):
    workspace = Workspace.from_config(os.fspath(live_studio.config_folder))
    run = Experiment(workspace, "at-once").start_logging(snapshot_directory=None)
    run.complete()
    workspace.client.close()
    signed_in_page.goto(f"/runs/{run.id}/monitoring/")
    expect(signed_in_page.get_by_text("Nothing measured")).to_be_visible()
    expect(signed_in_page.locator("[data-chart]")).to_have_count(0)
