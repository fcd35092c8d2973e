"""Charts of values and steps at their edges: drawn or said, and nothing in the console."""

import os

import pytest
from playwright.sync_api import Page, expect
from trainyard import Experiment, ScriptRunConfig, Workspace

SCRIPT = """
from azureml.core import Run
run = Run.get_context()
for name, values in {
    "tiny": [5e-324, 1e-310, 2e-310],
    "huge": [1e308, -1e308, 1.5e308],
    "both": [1.0, 1e308, 5e-324, 2.0],
    "edge": [1e289, -1e289, 1e-289],
    "near": [1.0, 1.0000000000000002, 1.0],
    "endless": [float("inf"), float("inf")],
}.items():
    for value in values:
        run.log(name, value)
for step in (9, 5, 1):
    run.log("falls", float(step), step=step)
for step in [*range(0, 101, 10), 50, 60]:
    run.log("resumed", float(step), step=step)
"""


@pytest.fixture(scope="module")
def run(live_studio, tmp_path_factory):
    folder = tmp_path_factory.mktemp("odd")
    (folder / "train.py").write_text(SCRIPT)
    workspace = Workspace.from_config(os.fspath(live_studio.config_folder))
    submitted = Experiment(workspace, "odd").submit(ScriptRunConfig(os.fspath(folder), "train.py"))
    submitted.wait_for_completion()
    yield submitted
    workspace.client.close()


def picture(page: Page, name: str) -> None:
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=f"{folder}/odd-{name}.png", full_page=True)


def tile(page: Page, name: str):
    return page.locator(f".tile[aria-label='{name}']")


def axis(page: Page, name: str, of: str = "xaxis") -> list[float]:
    script = "(plot, of) => Array.from(plot._fullLayout[of].range)"
    return list(tile(page, name).locator(".plot").evaluate(script, of))


def test_every_tile_is_drawn_or_says_why_not(run, signed_in_page: Page):
    page = signed_in_page
    for query in ("?group=0", "?log=1", "?axis=relative", ""):
        page.goto(f"/runs/{run.id}/metrics/{query}")
        for name in ("tiny", "huge", "both", "edge", "near", "endless", "falls", "resumed"):
            tile(page, name).scroll_into_view_if_needed()
            expect(tile(page, name).locator(".main-svg").first).to_be_attached(timeout=60_000)
    picture(page, "metrics")
    said = {"tiny": "3 values too small", "huge": "3 values too large", "both": "large or small"}
    for name, words in {**said, "both": "2 values too large or too small"}.items():
        expect(tile(page, name).locator(".left-out")).to_contain_text(words)
    expect(tile(page, "edge").locator(".left-out")).to_be_hidden()
    expect(tile(page, "endless").locator("em")).to_have_text("+Inf at step 0")
    # Steps that fall, and steps that came again.
    low, high = axis(page, "falls")
    assert low <= 1 and high >= 9
    expect(tile(page, "resumed").locator(".last")).to_have_text("60")
    assert axis(page, "resumed")[1] >= 100
    texts = tile(page, "tiny").locator(".xtick text").all_text_contents()
    assert texts and all(text.isdigit() for text in texts)


def test_the_overlay_draws_them_too(run, signed_in_page: Page):
    page = signed_in_page
    for name in ("tiny", "huge", "both", "near", "endless", "falls"):
        page.goto(f"/w/default/experiments/odd/?chart={name}")
        chart = page.locator(f".tile[data-metric='{name}']")
        expect(chart.locator(".main-svg").first).to_be_attached(timeout=60_000)
        texts = chart.locator(".xtick text").all_text_contents()
        assert all(text.isdigit() for text in texts), (name, texts)
        if name == "endless":
            expect(chart.locator("header em")).to_have_text("+Inf at step 0")
        if name in ("tiny", "huge", "both"):
            expect(chart.locator("header span").first).to_contain_text("not all to scale")
            expect(chart.get_by_title("to draw to scale")).to_be_visible()
        picture(page, f"overlay-{name}")
