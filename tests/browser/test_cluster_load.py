"""The load of a cluster's nodes on its page: live while somebody looks, and quiet while not."""

import os
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from trainyard import Experiment, Run, ScriptRunConfig, Workspace

from tests.browser.patience import settled
from tests.browser.test_compute import UNTIL_TOLD

SLOW_MS = 90_000
SOME_SAMPLES_MS = 4_000
LOADS, GAP_S = "/_cluster-load/", 1  # it asks that often at most
# What a browser does with a tab that is not in front.
LOOK = """isHidden => {
  Object.defineProperty(document, "hidden", { get: () => isHidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


@pytest.fixture
def running(live_studio, tmp_path: Path):
    """A run that goes on until the test is over."""
    (tmp_path / "train.py").write_text(UNTIL_TOLD)
    workspace = Workspace.from_config(os.fspath(live_studio.config_folder))
    arguments = [os.fspath(tmp_path / "end")]
    config = ScriptRunConfig(
        os.fspath(tmp_path), "train.py", arguments, compute_target="cpu-cluster"
    )
    run = Experiment(workspace, "load").submit(config)
    yield run
    (tmp_path / "end").touch()
    run.wait_for_completion()
    workspace.client.close()


def test_a_tab_that_nobody_sees_asks_nothing_and_catches_up_at_once(
    running: Run, signed_in_page: Page
):
    page = signed_in_page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/w/default/compute/cpu-cluster/")
    row = page.locator("[data-cluster-load] tbody tr", has_text=running.display_name)
    line = row.locator(".spark path").first
    expect(line).not_to_have_attribute("d", "", timeout=SLOW_MS)
    page.evaluate(LOOK, True)
    settled(page)  # what was asked for before has come
    drawn, before = line.get_attribute("d"), len(asked)
    page.wait_for_timeout(SOME_SAMPLES_MS)
    assert line.get_attribute("d") == drawn
    assert not [url for url in asked[before:] if LOADS in url]
    shown = time.monotonic()
    page.evaluate(LOOK, False)
    expect(line).not_to_have_attribute("d", str(drawn))
    most = 1 + int((time.monotonic() - shown) / GAP_S)
    loads = [url for url in asked[before:] if LOADS in url]
    assert 1 <= len(loads) <= most, f"it asks once for what it missed: {loads}"
