"""A pipeline run by page: its steps while they go on, a step's way back, failing, running again.

With PICTURES=<folder> in the environment, pictures are taken on the way.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pictures import pictures
from tests.runs.test_pipelines_whole import Lab

SLOW_MS = 240_000
# Ends when the file is there, so that a page can be looked at meanwhile.
WAITS = """
import os, sys, time
while not os.path.exists(sys.argv[1]):
    time.sleep(0.05)
"""
FAILS = "raise SystemExit('no data at ' + __import__('sys').argv[1])"


@pytest.fixture
def lab(live_studio) -> Iterator[Lab]:
    found = Lab(live_studio)
    yield found
    found.found.client.close()


def line(page: Page, name: str):
    return page.locator(f'tr[data-step="{name}"]')


def state(page: Page, name: str, wanted: str) -> None:
    expect(line(page, name)).to_have_attribute("data-state", wanted, timeout=SLOW_MS)


def graph(lab: Lab, gate: Path) -> dict[str, Any]:
    code = lab.code(waits=WAITS, fails=FAILS, ends="print('well')")

    def step(name: str, script: str, *after: int) -> dict[str, Any]:
        path = ["$(PipelineParameter:data_path)"]
        order = {"snapshot": code, "script": f"{script}.py", "arguments": path}
        return {"name": name, "after": list(after), "order": order}

    return {
        "steps": [
            step("prepare", "waits"),
            step("train", "fails", 0),
            step("describe", "ends", 0),
            step("register", "ends", 1),
        ],
        "parameters": {
            "data_path": {"type": "string", "default": os.fspath(gate)},
            "epochs": {"type": "int", "default": 3},
        },
        "continue_on_step_failure": True,
    }


def test_the_steps_of_a_pipeline_run(signed_in_page: Page, lab: Lab, tmp_path: Path):
    page, gate = signed_in_page, tmp_path / "gate"
    run = lab.post(
        "pipelines/runs",
        {"experiment": "pages-of-steps", "graph": graph(lab, gate), "name": "nightly"},
    )
    page.goto(f"/runs/{run['run_id']}/")
    expect(page.locator("h1")).to_have_text("nightly")
    expect(page.locator("#run-head")).to_contain_text("Pipeline of 4 steps")
    expect(page.locator("[data-parameter=epochs]")).to_contain_text("3")
    # Nothing is offered of which a pipeline run has nothing.
    tabs = page.locator("nav.tabs a")
    expect(tabs).to_have_text(["Overview", "Steps4"])
    expect(page.get_by_role("heading", name="Command")).to_have_count(0)
    pictures(page, "pipeline-overview")

    page.locator("#tab-steps").click()
    state(page, "prepare", "Running")
    expect(line(page, "train")).to_contain_text("prepare")
    state(page, "train", "NotStarted")
    expect(page.locator(".stages .now")).to_contain_text("1 of 4")
    expect(page.locator(".stages .todo")).to_contain_text("train, describe, register")
    pictures(page, "pipeline-steps-running")

    # The page follows, without being asked again.
    gate.write_text("open")
    state(page, "train", "Failed")
    state(page, "describe", "Completed")
    state(page, "register", "Canceled")
    expect(line(page, "register")).to_contain_text("never begun: step train was not Completed")
    expect(page.locator("#run-head .failure")).to_contain_text("no data at", timeout=SLOW_MS)
    pictures(page, "pipeline-steps-failed")

    page.locator("#failed-step").click()
    expect(page.locator("[data-parent]")).to_contain_text("Step train of nightly")
    expect(page.locator("#run-head .failure")).to_contain_text("no data at")
    pictures(page, "pipeline-step-head")
    page.locator("[data-parent] a").click()
    page.locator("#run-again").click()
    expect(page.locator("#run-head")).to_contain_text("Pipeline of 4 steps")
    expect(page).not_to_have_url(f"{lab.found.client.url}/runs/{run['run_id']}/")
    page.locator("#tab-steps").click()
    state(page, "train", "Failed")

    # In the experiment's table it is a run with its parameters, and its steps are runs below it.
    page.goto(f"/w/{lab.found.name}/experiments/pages-of-steps/?q=params.epochs=3")
    row = page.locator(f'tr[data-key="{run["run_id"]}"]')
    expect(row).to_contain_text("those of its steps")
    expect(row).to_contain_text("step train failed")
    pictures(page, "pipeline-in-table")


def test_a_pipeline_run_is_canceled_by_page(signed_in_page: Page, lab: Lab, tmp_path: Path):
    page = signed_in_page
    wanted = graph(lab, tmp_path / "never")
    run = lab.post("pipelines/runs", {"experiment": "pages-of-steps", "graph": wanted})
    page.goto(f"/runs/{run['run_id']}/steps/")
    state(page, "prepare", "Running")
    page.locator("#open-cancel").click()
    expect(page.locator("#cancel-run")).to_contain_text("No further step begins")
    page.get_by_role("button", name="Cancel the run").click()
    state(page, "prepare", "Canceled")
    state(page, "train", "Canceled")
    expect(page.locator(".head[data-state=Canceled]")).to_be_visible(timeout=SLOW_MS)
    expect(line(page, "train")).to_contain_text("canceled before its turn came")


def test_long_names_and_sixty_steps_leave_all_columns_on_the_page(signed_in_page: Page, lab: Lab):
    page = signed_in_page
    code = lab.code(fails=FAILS, ends="print('well')")
    long = "without_a_place_to_break_" * 4
    order = {"snapshot": code, "script": "fails.py", "arguments": ["nowhere"]}
    many = [
        {"name": f"step number {n}", "after": [0], "order": {**order, "script": "ends.py"}}
        for n in range(58)
    ]
    last = {"name": "last", "after": list(range(59)), "order": order}
    steps = [{"name": long, "order": order}, *many, last]
    run = lab.post("pipelines/runs", {"experiment": "pages-of-steps", "graph": {"steps": steps}})
    page.set_viewport_size({"width": 900, "height": 800})
    page.goto(f"/runs/{run['run_id']}/steps/")
    state(page, "last", "Canceled")
    # In a frame of its own size: what is wider is cut, and whole in the title.
    expect(page.locator("#failed-step")).to_have_attribute("title", long, timeout=SLOW_MS)
    assert page.locator("#failed-step").bounding_box()["width"] < 200
    cell = line(page, long).locator("td").nth(2).bounding_box()
    assert cell["x"] + cell["width"] < 900
    pictures(page, "pipeline-sixty-steps")
