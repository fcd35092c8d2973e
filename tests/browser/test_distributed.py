"""A run on two nodes by clicking: asked for by the form, watched on its page and its cluster's.

With PICTURES=<folder> in the environment pictures of every page are taken on the way.
"""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from trainyard import Experiment, ScriptRunConfig, Workspace

from tests.browser.test_compute import picture

# Until it is told how to end: the process of that rank fails, the others would go on for ever.
UNTIL_TOLD = """
import os, pathlib, sys, time
print("rank", os.environ.get("RANK", "of none"), "began", flush=True)
while len(sys.argv) > 1:
    told = pathlib.Path(sys.argv[1])
    words = told.read_text() if told.exists() else ""
    if words == "well":
        break
    if words == os.environ["RANK"]:
        raise ValueError("this rank was told to")
    time.sleep(0.05)
"""
SLOW_MS = 90_000


@pytest.fixture
def past(live_studio, tmp_path):
    """A run that has ended: others are begun from it, its code being there already."""
    (tmp_path / "train.py").write_text(UNTIL_TOLD)
    workspace = Workspace.from_config(os.fspath(live_studio.config_folder))
    run = Experiment(workspace, "several").submit(
        ScriptRunConfig(os.fspath(tmp_path), "train.py", compute_target="cpu-cluster")
    )
    run.wait_for_completion()
    yield run
    workspace.client.close()


def submit_on_two_nodes(page: Page, past, ends: Path) -> None:
    """Fill in the form by hand, after it has said no to more nodes than there are."""
    page.goto(f"/w/default/new-run/?from={past.id}")
    expect(page.locator("#check-code")).to_contain_text("nothing to send")
    expect(page.get_by_label("Nodes", exact=True)).to_be_hidden()
    page.get_by_text("Several nodes, restarts, time limit").click()
    expect(page.get_by_label("Variables as for")).to_be_hidden()
    page.get_by_label("Arguments", exact=True).fill(os.fspath(ends))
    page.get_by_label("Nodes", exact=True).fill("999")
    expect(page.locator("#check-cluster")).to_contain_text("999 nodes are more than")
    page.get_by_role("button", name="Submit").click()
    expect(page.locator("#error-node_count")).to_contain_text("at most 2 nodes")
    picture(page, "new-run-refused")
    page.get_by_label("Nodes", exact=True).fill("2")
    expect(page.locator("#error-node_count")).to_be_hidden()
    page.get_by_label("Variables as for").select_option("MPI")
    expect(page.locator("#python-code")).to_contain_text("MpiConfiguration(")
    page.get_by_label("Variables as for").select_option("TensorFlow")
    expect(page.locator("#about-distribution")).to_contain_text("TF_CONFIG")
    expect(page.locator("#python-code")).to_contain_text("worker_count=2, parameter_server_count=0")
    expect(page.locator("#python-code")).not_to_contain_text("node_count = ")
    page.get_by_label("Parameter servers").fill("1")
    expect(page.locator("#several-words")).to_have_text("2 nodes, 1 parameter server")
    page.get_by_role("button", name="Submit").click()
    expect(page.locator("#error-parameter_server_count")).to_contain_text("only on one node")
    page.get_by_label("Parameter servers").fill("0")
    page.get_by_label("Variables as for").select_option("PyTorch")
    page.get_by_label("Time limit, minutes").fill("30")
    expect(page.locator("#several-words")).to_have_text("2 nodes, at most 30 m 00 s")
    picture(page, "new-run-several")
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url(re.compile("/runs/several_"))


def ranks(page: Page):
    return page.locator("#on-nodes tbody tr")


def test_a_run_on_two_nodes_from_the_form_to_its_end(
    past, signed_in_page: Page, tmp_path, page_problems
):
    page = signed_in_page
    submit_on_two_nodes(page, past, tmp_path / "end")
    # The browser itself says that the studio refused the 999 nodes.
    page_problems[:] = [words for words in page_problems if "status of 400" not in words]
    expect(page.locator(".facts")).to_contain_text("cpu-cluster · 2 nodes")
    expect(ranks(page)).to_have_count(2, timeout=SLOW_MS)
    expect(page.locator(".head[data-state='Running']")).to_be_visible(timeout=SLOW_MS)
    expect(ranks(page).nth(1)).to_contain_text("Running", timeout=SLOW_MS)
    picture(page, "run-on-two-nodes")
    address = page.url
    page.get_by_role("link", name="cpu-cluster").first.click()
    nodes = page.locator(".columns .card").first
    for rank in (0, 1):
        expect(nodes).to_contain_text(f"rank {rank} of 2", timeout=SLOW_MS)
    load = page.locator("[data-cluster-load]")
    expect(load.locator("tbody tr")).to_have_count(2, timeout=SLOW_MS)
    expect(load.locator("tbody tr").nth(1)).to_contain_text(re.compile("MiB|GiB"), timeout=SLOW_MS)
    expect(load.locator("tbody .spark path").first).to_have_attribute("d", re.compile("L"))
    expect(load).not_to_contain_text("GPU")
    picture(page, "cluster-load")
    (tmp_path / "end").write_text("well")
    expect(load).to_be_hidden(timeout=SLOW_MS)
    page.goto(address)
    expect(page.locator(".head[data-state='Completed']")).to_be_visible(timeout=SLOW_MS)
    expect(ranks(page).filter(has_text="exit code 0")).to_have_count(2)


def test_the_rank_that_failed_is_named_and_its_log_opens(past, signed_in_page: Page, tmp_path):
    page = signed_in_page
    page.goto(f"/w/default/new-run/?from={past.id}")
    expect(page.locator("#check-code")).to_contain_text("nothing to send")
    page.get_by_text("Several nodes, restarts, time limit").click()
    page.get_by_label("Arguments", exact=True).fill(os.fspath(tmp_path / "end"))
    page.get_by_label("Nodes", exact=True).fill("2")
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url(re.compile("/runs/several_"))
    expect(page.locator(".head[data-state='Running']")).to_be_visible(timeout=SLOW_MS)
    (tmp_path / "end").write_text("1")
    expect(page.locator(".failure")).to_contain_text("Process 1 ended", timeout=SLOW_MS)
    expect(ranks(page).nth(0)).to_contain_text("because another node failed")
    expect(ranks(page).nth(1)).to_contain_text("this rank was told to")
    picture(page, "run-failed-rank")
    page.get_by_role("link", name="Outputs + logs").click()
    chosen = page.locator(".tree a[aria-current='true']")
    expect(chosen).to_contain_text("70_driver_log_1.txt")
    expect(page.locator(".viewer:not(.preview)")).to_contain_text("rank 1 began")
    picture(page, "logs-of-ranks")
