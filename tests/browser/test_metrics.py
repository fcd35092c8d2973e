"""The tab Metrics of a real run: every point can be reached, and what is drawn stays there."""

import csv
import json
import math
import os
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from trainyard import Experiment, ScriptRunConfig, Workspace

from runs.metrics.thinning import bin_for
from tests.browser.patience import drag, point, until
from tests.fixtures.stack import without_dropped

COUNT, MORE, MOST = 3000, 300, 1200
ODD = {700: "NaN", 1500: "Infinity", 2000: "-Infinity"}
WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
SCRIPT = f"""
import math, pathlib, sys, time
from azureml.core import Run
run, gate = Run.get_context(), pathlib.Path(sys.argv[1])
odd = {{700: math.nan, 1500: math.inf, 2000: -math.inf}}

def log(steps):
    for step in steps:
        run.log("train/loss", odd.get(step, 2 + math.sin(step / 50)), step=step)
        run.log("balance", float(step - 1500), step=step)
        if step % 100 == 0:
            run.log("val/loss", 2.5 + math.cos(step / 50), step=step)

log(range({COUNT}))
run.log("seed", 7)
run.log("remark", "as usual")
for number in range(2):
    while not (gate / str(number)).exists():
        time.sleep(0.05)
    log(range({COUNT} + number * {MORE}, {COUNT} + (number + 1) * {MORE}))
"""

BREAKS = """
import math, pathlib, sys, time
from azureml.core import Run
run = Run.get_context()
run.log("loss", 0.5, step=2)
while not pathlib.Path(sys.argv[1]).exists():
    time.sleep(0.05)
run.log("loss", -math.inf, step=3)
time.sleep(3)
"""


def loss_at(step: int) -> float:
    return WORDS.get(ODD.get(step, ""), 2 + math.sin(step / 50))


@pytest.fixture(scope="module")
def run(live_studio, tmp_path_factory):
    """A run that has logged and waits: `goes_on(0)` and `goes_on(1)` let it log more."""
    folder = tmp_path_factory.mktemp("metrics")
    (folder / "code").mkdir()
    (folder / "code" / "train.py").write_text(SCRIPT)
    workspace = Workspace.from_config(os.fspath(live_studio.config_folder))
    config = ScriptRunConfig(os.fspath(folder / "code"), "train.py", [os.fspath(folder)])
    submitted = Experiment(workspace, "curves").submit(config)

    def goes_on(number: int) -> None:
        (folder / str(number)).touch()

    yield SimpleNamespace(id=submitted.id, goes_on=goes_on, place=f"/runs/{submitted.id}/metrics/")
    goes_on(0)
    goes_on(1)
    submitted.wait_for_completion()
    workspace.client.close()


@pytest.fixture
def page(run, signed_in_page: Page) -> Page:
    """The tab, all tiles of it drawn."""
    open_at(signed_in_page, run)
    return signed_in_page


def open_at(page: Page, run, query: str = "") -> None:
    page.goto(run.place + query)
    expect(page.locator("[data-status]")).to_contain_text(
        re.compile(r"[67],\d{3} points"), timeout=120_000
    )
    expect(page.locator(".tile .main-svg").first).to_be_attached(timeout=60_000)


def tile(page: Page, title: str):
    return page.locator(f".tile[aria-label='{title}']")


def drawn(page: Page, title: str, trace: int = 0) -> list[list[float]]:
    """[[x, y], …] of one trace; 0 is what was logged, 1 what it is smoothed to."""
    points: list[list[float]] = (
        tile(page, title)
        .locator(".plot")
        .evaluate(
            "(plot, n) => Array.from(plot.data[n].x, (x, at) => [x, plot.data[n].y[at]])", trace
        )
    )
    return points


def waits_until(page: Page, title: str, words: str) -> None:
    """Wait until `words`, of the tile's plot, are true."""
    # The tile is looked up each time: it may be built anew.
    look = f"plot => Boolean(plot.data && ({words}))"
    plot = tile(page, title).locator(".plot")
    until(page, lambda: plot.evaluate(look), f"{title}: {words}")


def test_two_sides_of_a_loss_share_a_tile_in_their_section(page: Page, run):
    joint = tile(page, "loss")
    expect(joint.locator(".sides")).to_have_text("trainvalidation")
    expect(page.locator(".sections > section")).to_have_count(2)
    head = page.get_by_role("button", name="train 1")
    head.click()
    expect(joint).to_have_count(0)
    expect(page).to_have_url(re.compile(r"closed=train"))
    page.reload()
    expect(tile(page, "balance")).to_be_visible()
    expect(joint).to_have_count(0)
    head.click()
    expect(joint).to_be_visible()
    page.locator("summary", has_text="View").click()
    page.get_by_label("Train and validation in one chart").uncheck()
    expect(tile(page, "train/loss")).to_be_visible()
    expect(tile(page, "val/loss")).to_be_visible()
    page.get_by_label("Group by prefix").uncheck()
    expect(page.locator(".sections > section")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"flat=1&apart=1"))


def test_a_pinned_tile_stands_first_for_whoever_gets_the_link(page: Page, run):
    tile(page, "balance").locator(".plot").press("p")
    expect(page).to_have_url(f"{page.url.split('?')[0]}?pin=balance")
    page.reload()
    first = page.locator(".sections .tile").first
    expect(first.locator("b")).to_have_text("balance")
    first.get_by_role("button", name=re.compile("Pin")).click()
    expect(page.locator(".sections .tile").first.locator("b")).to_have_text("loss")


def test_search_finds_by_any_part_of_a_name(page: Page, run):
    page.get_by_label("Find a metric").fill("val lo")
    expect(page.locator(".tile:visible")).to_have_count(1)
    expect(page).to_have_url(re.compile("find=val"))
    page.get_by_label("Find a metric").fill("nothing")
    expect(page.get_by_text("No metric of this name")).to_be_visible()


def test_dragging_fetches_every_point_of_a_part(page: Page, run):
    waits_until(page, "loss", f"plot.data[0].x.length < {COUNT}")
    curve = tile(page, "loss").locator(".nsewdrag").first
    box = curve.bounding_box()
    assert box
    drag(curve, (box["width"] * 0.30, 60), (box["width"] * 0.36, 60))
    expect(tile(page, "loss").locator(".plot")).to_have_attribute(
        "data-zoomed", re.compile("every point"), timeout=60_000
    )
    assert_raw(drawn(page, "loss"))
    # Another person who opens the link sees the same part.
    expect(page).to_have_url(re.compile("zoom="))
    open_at(page, run, "?" + page.url.split("?")[1])
    expect(tile(page, "loss").locator(".plot")).to_have_attribute(
        "data-zoomed", re.compile("every point"), timeout=60_000
    )
    assert_raw(drawn(page, "loss"))
    tile(page, "loss").locator(".plot").press("0")
    waits_until(page, "loss", "plot.data[0].x[0] === 0")


def assert_raw(points: list[list[float]]) -> None:
    """Every step of a part, each with the value that was logged."""
    steps = [int(step) for step, _ in points]
    assert 50 < len(steps) < 500
    assert steps == list(range(steps[0], steps[-1] + 1))
    logged = [loss_at(step) for step in steps]
    assert [value for _, value in points] == [x if math.isfinite(x) else None for x in logged]


def test_tiles_can_be_zoomed_together(page: Page, run):
    open_at(page, run, "?together=1")
    waits_until(page, "loss", "true")
    waits_until(page, "balance", "true")
    tile(page, "balance").locator(".plot").press("+")
    expect(page.locator(".tile.zoomed")).to_have_count(4)
    for title in ("loss", "balance"):
        waits_until(page, title, "plot.layout.xaxis.range[0] > 100")
    ends = [
        tile(page, title).locator(".plot").evaluate("plot => plot.layout.xaxis.range")
        for title in ("loss", "balance")
    ]
    assert ends[0] == ends[1]


def test_what_is_no_number_is_marked_where_it_was_and_said_in_the_head(page: Page, run):
    waits_until(page, "loss", "plot.data.length === 12")
    marks = (
        tile(page, "loss")
        .locator(".plot")
        .evaluate("plot => plot.data.slice(3, 6).map(({ x, marker }) => [marker.symbol, ...x])")
    )
    assert marks == [["x-thin", 700], ["triangle-up", 1500], ["triangle-down", 2000]]
    expect(tile(page, "loss").locator("em")).to_have_text("NaN at step 700")
    note = page.locator("[data-odd]")
    expect(note).to_have_text("NaN in train/loss at step 700")
    page.locator("#tab-detail").click()
    note.click()
    expect(page.locator("dialog.full .tile b")).to_have_text("loss")


def test_one_tile_fills_the_window_and_its_neighbours_follow(page: Page, run):
    tile(page, "loss").locator(".plot").press("Enter")
    full = page.locator("dialog.full")
    expect(full.locator("b")).to_have_text("loss")
    expect(full.locator(".plot")).to_be_focused()
    page.wait_for_function(
        "() => document.querySelector('dialog.full .main-svg')?.clientWidth > 1200"
    )
    page.keyboard.press("ArrowRight")
    expect(full.locator("b")).to_have_text("balance")
    expect(page).to_have_url(re.compile("full=balance"))
    page.keyboard.press("Escape")
    expect(full).not_to_be_visible()
    expect(tile(page, "balance")).to_be_visible()
    expect(tile(page, "loss")).to_be_visible()
    expect(page).to_have_url(re.compile(r"metrics/$"))


def test_a_logarithmic_axis_says_what_it_cannot_show(page: Page, run):
    page.get_by_label("Log scale").check()
    waits_until(page, "balance", "plot.layout.yaxis.type === 'log'")
    assert all(y is None or y > 0 for _, y in drawn(page, "balance", 1))
    expect(tile(page, "balance").locator(".left-out")).to_have_text(
        re.compile(r"\d+ values ≤ 0 left out")
    )
    page.get_by_label("Log scale").uncheck()
    expect(tile(page, "balance").locator(".left-out")).to_be_hidden()


def test_the_table_asks_only_for_the_rows_in_sight(page: Page, run):
    asked: list[str] = []
    page.on("request", lambda request: "metrics/rows" in request.url and asked.append(request.url))
    page.get_by_role("button", name="Table").click()
    table = page.get_by_role("region", name="Values by step")
    expect(table.locator("thead")).to_have_text("StepTimetrain/lossbalanceval/lossseed")
    assert row(table, 0) == ["0", "2", "-1500", "3.5", "7"]
    assert row(table, 1) == ["1", str(loss_at(1)), "-1499", "–", "–"]
    table.focus()
    page.keyboard.press("End")
    expect(table.locator("tbody tr").last.locator("td").first).to_have_text("2,999")
    table.evaluate("box => (box.scrollTop = 690 * 28)")
    expect(table.locator("tbody tr", has_text="NaN").locator("td").first).to_have_text("700")
    assert len(asked) <= 5
    assert all("limit=200" in url for url in asked)
    page.locator("summary", has_text="Columns").click()
    page.get_by_role("checkbox", name="seed").uncheck()
    expect(table.locator("thead")).to_have_text("StepTimetrain/lossbalanceval/loss")
    expect(page).to_have_url(re.compile("table=1.*column=balance"))


def row(table, at: int) -> list[str]:
    """The cells of a row, but for its time."""
    cells = table.locator("tbody tr").nth(at).locator("td")
    expect(cells.first).not_to_have_text("…")
    step, _, *values = cells.all_inner_texts()
    return [step, *values]


def test_exported_files_hold_what_was_logged(page: Page, run, tmp_path):
    page.locator("summary", has_text="Export").click()
    texts = {}
    for form in ("CSV", "JSON"):
        with page.expect_download() as coming:
            page.get_by_text(f"All points as {form}").click()
        assert coming.value.suggested_filename == f"{run.id}-metrics.{form.lower()}"
        coming.value.save_as(tmp_path / form)
        texts[form] = (tmp_path / form).read_text()
    rows = [line for line in csv.reader(texts["CSV"].splitlines()) if line[0] == "train/loss"]
    series = json.loads(texts["JSON"])["series"]
    values = series["train/loss"]["values"]
    assert [int(step) for _, step, _, _ in rows] == series["train/loss"]["steps"]
    for told in ([float(v) for *_, v in rows], [WORDS.get(v, v) for v in values]):
        wanted = [loss_at(step) for step in range(len(rows))]
        assert np.array_equal(np.array(told, dtype=float), np.array(wanted), equal_nan=True)
    assert (series["seed"]["values"], series["remark"]["values"]) == ([7], ["as usual"])


def test_a_tile_becomes_a_picture(page: Page, run, tmp_path: Path):
    waits_until(page, "balance", "plot.data[0].x.length > 0")
    with page.expect_download() as coming:
        tile(page, "balance").locator(".plot").press("d")
    assert coming.value.suggested_filename == f"{run.id}-balance.png"
    coming.value.save_as(tmp_path / "it.png")
    assert (tmp_path / "it.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    assert (tmp_path / "it.png").stat().st_size > 5000


def test_hovering_tells_exact_values_the_best_first(page: Page, run):
    waits_until(page, "loss", "plot.data[0].x.length > 0")
    box = tile(page, "loss").locator(".hover")
    point(tile(page, "loss").locator(".nsewdrag").first, box.is_visible, x=0.02, y=0.3)
    expect(box.locator("div")).to_have_count(2)
    lines = box.locator("div").all_inner_texts()
    best = [float(re.findall(r"[\d.]+", line)[0]) for line in lines]
    assert best == sorted(best)
    step = int(re.sub(r"\D", "", box.locator("small").inner_text()))
    assert any(str(loss_at(step)) in line for line in lines)


# --- last: the run goes on ---


def test_the_head_says_at_once_that_a_metric_broke(live_studio, signed_in_page: Page, tmp_path):
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "train.py").write_text(BREAKS)
    workspace = Workspace.from_config(os.fspath(live_studio.config_folder))
    config = ScriptRunConfig(os.fspath(tmp_path / "code"), "train.py", [os.fspath(tmp_path / "on")])
    breaks = Experiment(workspace, "breaks").submit(config)
    signed_in_page.goto(f"/runs/{breaks.id}/")
    expect(signed_in_page.locator("[data-main-metric]")).to_contain_text("0.5", timeout=60_000)
    expect(signed_in_page.locator("[data-odd]")).to_have_count(0)
    (tmp_path / "on").touch()
    expect(signed_in_page.locator("[data-odd]")).to_have_text("−Inf in loss at step 3")
    breaks.wait_for_completion()
    workspace.client.close()


def test_a_live_curve_grows_and_what_was_drawn_stays(page: Page, run, page_problems: list[str]):
    waits_until(page, "balance", "plot.data[0].x.length > 100")
    tile(page, "balance").locator(".plot").press("f")
    before = drawn(page, "balance")
    run.goes_on(0)
    last = COUNT + MORE - 1
    waits_until(page, "balance", f"plot.data[0].x.at(-1) === {last}")
    after = drawn(page, "balance")
    assert {tuple(point) for point in before} <= {tuple(point) for point in after}
    expect(page.locator("dialog.full .last")).to_have_text(f"{last - 1500:,}")
    # A page that was away for a while, and one that is opened only now, show all of it.
    page.keyboard.press("Escape")
    page.context.set_offline(True)
    page.context.set_offline(False)
    open_at(page, run)
    waits_until(page, "balance", f"plot.data[0].x.at(-1) === {last}")
    full = COUNT // bin_for(COUNT, MOST) * bin_for(COUNT, MOST)
    anew = {tuple(point) for point in drawn(page, "balance")}
    assert {point for point in anew if point[0] < full} <= {tuple(point) for point in before}
    run.goes_on(1)
    expect(page.locator(".head[data-state='Completed']")).to_be_visible(timeout=60_000)
    waits_until(page, "balance", f"plot.data[0].x.at(-1) === {last + MORE}")
    expect(page.locator("[data-status]")).not_to_contain_text("live")
    # What was asked for while there was no network.
    page_problems[:] = without_dropped(page_problems, "ERR_INTERNET_DISCONNECTED")
