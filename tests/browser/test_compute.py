"""Clusters by clicking: make one, see who holds its node and why another waits, resize, delete.

With PICTURES=<folder> in the environment pictures of every page are taken on the way.
"""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from trainyard import Experiment, Run, ScriptRunConfig, Workspace

UNTIL_TOLD = """
import pathlib, sys, time
while not pathlib.Path(sys.argv[1]).exists():
    time.sleep(0.05)
"""
SLOW_MS = 60_000


def picture(page: Page, name: str) -> None:
    if folder := os.environ.get("PICTURES"):
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            page.wait_for_function(f"() => document.documentElement.dataset.theme === '{theme}'")
            page.screenshot(path=Path(folder) / f"{name}-{theme}.png")
        page.emulate_media(color_scheme="light")


@pytest.fixture
def workspace(live_studio):
    found = Workspace.from_config(os.fspath(live_studio.config_folder))
    yield found
    found.client.close()


def submit(workspace: Workspace, folder: Path, cluster: str) -> Run:
    (folder / "train.py").write_text(UNTIL_TOLD)
    config = ScriptRunConfig(
        os.fspath(folder), "train.py", [os.fspath(folder / "end")], compute_target=cluster
    )
    return Experiment(workspace, "waiting").submit(config)


def make_by_hand(page: Page, name: str) -> None:
    """A cluster of one small node, after the form has said what larger wishes mean."""
    page.locator("nav.side").get_by_role("link", name="Compute").click()
    picture(page, "compute")
    page.get_by_role("link", name="New cluster").click()
    page.get_by_label("Name").fill(name)
    expect(page.locator(".engine")).not_to_contain_text("Asking")
    page.get_by_label("A node has").select_option("STANDARD_NC6")
    expect(page.locator("#check-size")).to_contain_text("one at a time, alone, capped")
    expect(page.locator("#check-gpu")).to_contain_text("this machine has none")
    page.get_by_label("Require a GPU").check()
    expect(page.locator("#check-gpu")).to_contain_text("no run would ever start")
    page.get_by_label("Docker containers").check()
    expect(page.locator("#network")).to_be_visible()
    picture(page, "new-cluster")
    page.get_by_label("Programs of this machine").check()
    page.get_by_label("Require a GPU").uncheck()
    page.get_by_label("A node has").select_option("own")
    page.get_by_label("vCPU").fill("0.1")
    page.get_by_label("Memory, GiB").fill("0.1")
    page.get_by_label("At least").fill("2")
    page.get_by_label("At most").fill("1")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("alert")).to_contain_text("at least 2 is more than at most 1")
    expect(page.get_by_label("vCPU")).to_have_value("0.1")
    picture(page, "new-cluster-refused")
    page.get_by_label("At least").fill("0")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
    expect(page.get_by_text("No node is up")).to_be_visible()
    picture(page, "cluster-empty")


def test_a_cluster_from_its_form_to_its_end(
    workspace, signed_in_page: Page, tmp_path, page_problems
):
    page = signed_in_page
    make_by_hand(page, "by-hand")
    nodes, queue = (page.locator(".columns .card", has_text=words) for words in ("Nodes", "Queue"))
    first = submit(workspace, tmp_path, "by-hand")
    expect(nodes.first).to_contain_text(f"{first.display_name} waiting · Running", timeout=SLOW_MS)
    second = submit(workspace, tmp_path, "by-hand")
    expect(queue.first).to_contain_text(second.display_name, timeout=SLOW_MS)
    expect(queue.first).to_contain_text("the only node of by-hand is held", timeout=SLOW_MS)
    expect(queue.first).to_contain_text(first.display_name)
    picture(page, "cluster")
    page.get_by_role("link", name="Compute").first.click()
    row = page.locator("tr", has_text="by-hand")
    expect(row.locator("[id^=queue-]")).to_have_text("1")
    expect(row.get_by_role("img", name="1 busy, 0 idle, 0 not up")).to_be_visible()
    picture(page, "compute-busy")
    row.get_by_role("link", name="by-hand").click()

    page.get_by_role("link", name="Resize").click()
    page.get_by_label("At most").fill("2")
    picture(page, "resize")
    page.get_by_role("button", name="Save").click()
    expect(nodes.first.locator("tbody tr")).to_have_count(2, timeout=SLOW_MS)
    expect(nodes.first).to_contain_text(second.display_name)
    expect(queue.first).to_contain_text("Nothing waits")

    page.get_by_role("button", name="Delete").click()
    expect(page.locator("#delete-says")).to_contain_text("2 running runs finish")
    picture(page, "delete-cluster")
    page.get_by_role("button", name="Keep it").click()
    (tmp_path / "end").touch()
    expect(nodes.first.get_by_text("Idle", exact=True)).to_have_count(2, timeout=SLOW_MS)
    page.get_by_role("button", name="Delete").click()
    expect(page.locator("#delete-says")).to_contain_text("No run is on its nodes")
    page.get_by_role("button", name="Delete the cluster").click()
    expect(page.get_by_text("by-hand is deleted")).to_be_visible()
    expect(page.locator("tr", has_text="by-hand")).to_have_count(0)
    assert [first.wait_for_completion()["status"], second.get_status()] == ["Completed"] * 2
    expect(page).to_have_url(re.compile("/compute/$"))
