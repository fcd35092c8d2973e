"""Compare by clicking and by keys: real runs of a real studio.

With PICTURES=<folder> in the environment, pictures of every part are taken on the way.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Locator, Page, expect
from trainyard import Experiment, Run, ScriptRunConfig, Workspace

from tests.browser.patience import point
from tests.fixtures.studio_process import StudioProcess

TRAINS = """
import argparse, pathlib, time
from trainyard import Run
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float)
parser.add_argument("--optimizer")
parser.add_argument("--epochs", type=int, default=3)
parser.add_argument("--wait")
given = parser.parse_args()
run = Run.get_context()
for step in range(60):
    run.log("loss", given.lr * 10 + 1 / (step + 1), step=step)
    run.log("accuracy", 1 - given.lr - 1 / (step + 2), step=step)
if given.lr > 0.25:
    run.log("loss", float("nan"), step=60)
step = 100
while given.wait and not pathlib.Path(given.wait).exists():
    run.log("loss", given.lr * 10 + 1 / step, step=step)
    step += 1
    time.sleep(0.2)
"""
FULL_MS = 60_000


@dataclass
class Trained:
    """Three runs that ended, and one that goes on until `end` is there."""

    ended: list[Run]
    live: Run
    end: Path

    def address(self, *runs: Run, **more: str) -> str:
        ids = [("run", run.id) for run in runs or (*self.ended, self.live)]
        return f"/w/default/compare/?{urlencode([*ids, *more.items()])}"


@pytest.fixture(scope="module")
def trained(
    live_studio: StudioProcess, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Trained]:
    folder = tmp_path_factory.mktemp("trains")
    (folder / "train.py").write_text(TRAINS)
    workspace = Workspace.from_config(os.fspath(live_studio.config_folder))
    experiment = Experiment(workspace, "compared")
    runs = []
    for lr, optimizer in (("0.1", "adam"), ("0.2", "sgd"), ("0.3", "adam")):
        words = ["--lr", lr, "--optimizer", optimizer, "--epochs", "3"]
        runs.append(experiment.submit(ScriptRunConfig(os.fspath(folder), "train.py", words)))
    for run in runs:
        run.wait_for_completion()
    (folder / "train.py").write_text(TRAINS + "print('ended')\n")
    end = tmp_path_factory.mktemp("gate") / "end"
    words = ["--lr", "0.05", "--optimizer", "sgd", "--epochs", "3", "--wait", os.fspath(end)]
    live = experiment.submit(ScriptRunConfig(os.fspath(folder), "train.py", words))
    yield Trained(runs, live, end)
    end.touch()
    live.wait_for_completion()
    workspace.client.close()


def picture(page: Page, name: str) -> None:
    if folder := os.environ.get("PICTURES"):
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            page.wait_for_function(f"() => document.documentElement.dataset.theme === '{theme}'")
            page.wait_for_timeout(300)
            page.screenshot(path=Path(folder) / f"compare-{name}-{theme}.png")
        page.set_viewport_size({"width": 900, "height": 900})
        page.wait_for_timeout(500)
        page.screenshot(path=Path(folder) / f"compare-{name}-900.png")
        page.set_viewport_size({"width": 1440, "height": 900})
        page.emulate_media(color_scheme="light")


def tab(page: Page, title: str) -> None:
    page.get_by_role("navigation", name="Parts of the comparison").get_by_text(title).click()


def part(page: Page, name: str) -> Locator:
    return page.locator(f"[data-part={name}]")


def row(page: Page, key: str) -> Locator:
    return part(page, "table").locator(f"tr[data-key='{key}']")


def test_curves_are_coloured_by_what_differs_and_joined_to_bands(signed_in_page: Page, trained):
    page = signed_in_page
    page.goto(trained.address(*trained.ended))
    curves = part(page, "curves")
    expect(page.get_by_role("heading", name="Compare 3 runs")).to_be_visible()
    expect(curves.locator("[data-metric]")).to_have_count(2)
    expect(curves.locator("[data-metric=loss]")).to_contain_text("3 shown", timeout=FULL_MS)
    expect(page.locator("[data-said-best]")).to_contain_text("Best loss 1.017")
    curves.get_by_label("Colour by").fill("params.optimizer")
    curves.get_by_label("Colour by").press("Enter")
    expect(page.locator(".overlay-legend")).to_contain_text("adam")
    expect(page).to_have_url(re.compile("by=params.optimizer"))
    picture(page, "curves")
    asked = {}
    page.on("request", lambda request: asked.update({request.url.rsplit("/", 1)[1]: request}))
    curves.locator("[name=band]").select_option("range")
    expect(curves.locator("[data-metric=loss]")).to_contain_text("2 shown", timeout=FULL_MS)
    assert "bands" in asked
    picture(page, "bands")
    expect(page).to_have_url(re.compile("band=range"))
    page.reload()
    expect(curves.locator("[name=band]")).to_have_value("range")
    expect(page.locator(".overlay-legend")).to_contain_text("sgd")
    curves.get_by_label("Find a metric").fill("acc")
    expect(curves.locator("[data-metric]")).to_have_count(1)
    curves.get_by_label("Find a metric").fill("nothing")
    expect(curves.get_by_text("whose name holds “nothing”")).to_be_visible()


def test_the_table_shows_what_differs_and_marks_the_best(signed_in_page: Page, trained):
    page = signed_in_page
    page.goto(trained.address(*trained.ended, tab="table"))
    expect(row(page, "params.lr").locator("td")).to_have_text(["0.1", "0.2", "0.3"])
    expect(row(page, "metrics.loss").locator("td.best")).to_contain_text("1.017")
    expect(row(page, "metrics.loss").locator("td").nth(2)).to_have_text("NaN")
    expect(row(page, "params.epochs")).to_have_count(0)
    same = part(page, "table").locator("details.same")
    expect(same.locator("summary")).to_have_text(re.compile(r"\d+ the same"))
    same.locator("summary").click()
    expect(same).to_contain_text("epochs")
    picture(page, "table")
    page.get_by_text("Min", exact=True).click()
    expect(row(page, "metrics.loss.min").locator("td.best")).to_contain_text("1.017")
    page.get_by_label("Only what differs").uncheck()
    expect(row(page, "params.epochs").locator("td")).to_have_text(["3", "3", "3"])
    page.get_by_text("Runs as rows").click()
    first = part(page, "table").locator("tbody tr").first
    expect(first).to_have_class("chosen")
    expect(first).to_contain_text("0.1")
    picture(page, "rows")
    expect(page).to_have_url(re.compile("differing=0.*runs-as=rows|runs-as=rows.*differing=0"))
    page.reload()
    expect(part(page, "table").locator("tbody tr")).to_have_count(3)


def test_best_is_by_any_metric_and_goal(signed_in_page: Page, trained):
    page = signed_in_page
    page.goto(trained.address(*trained.ended, tab="table"))
    said = page.locator("[data-said-best]")
    expect(said).to_contain_text("Best loss")
    page.locator("#best-metric").fill("metrics.accuracy.max")
    page.locator("#best-metric").press("Enter")
    expect(said).to_contain_text("Best accuracy (max) 0.8836")
    page.get_by_text("least", exact=True).click()
    expect(said).to_contain_text("Best accuracy (max) 0.6836")
    expect(page).to_have_url(re.compile("goal=min"))
    page.locator("#best-metric").fill("metrics.nope")
    page.locator("#best-metric").press("Enter")
    expect(page.locator("#best-metric")).to_have_attribute("aria-invalid", "true")


def test_only_what_its_name_or_a_person_says_is_better_is_marked_as_best(
    signed_in_page: Page, live_studio: StudioProcess
):
    page = signed_in_page
    workspace = Workspace.from_config(os.fspath(live_studio.config_folder))
    ids = []
    for rate in (0.1, 0.2):
        run = Experiment(workspace, "rates").start_logging(snapshot_directory=None)
        run.log("learning_rate", rate)
        run.log("top1_accuracy", 1 - rate)
        run.complete()
        ids.append(("run", run.id))
    workspace.client.close()
    page.goto(f"/w/default/compare/?{urlencode([*ids, ('tab', 'table')])}")
    expect(row(page, "metrics.top1_accuracy").locator("td.best")).to_contain_text("0.9")
    expect(row(page, "metrics.learning_rate").locator("td")).to_have_count(2)
    expect(row(page, "metrics.learning_rate").locator("td.best")).to_have_count(0)
    expect(page.locator("[data-said-best]")).to_contain_text("Best top1_accuracy 0.9")
    page.locator("#best-metric").fill("metrics.learning_rate")
    page.locator("#best-metric").press("Enter")
    page.get_by_text("least", exact=True).click()
    expect(row(page, "metrics.learning_rate").locator("td.best")).to_contain_text("0.1")


def test_smoothing_begins_alike_on_every_page(signed_in_page: Page, trained):
    page = signed_in_page
    places = [
        trained.address(*trained.ended), "/w/default/experiments/compared/",
        f"/runs/{trained.ended[0].id}/metrics/",
    ]  # fmt: skip
    for place in places:
        page.goto(place)
        expect(page.locator("input[name=smoothing]")).to_have_value("0.6")


def test_points_of_the_scatter_chart_are_runs(signed_in_page: Page, trained):
    page = signed_in_page
    page.goto(trained.address(*trained.ended, tab="scatter"))
    scatter = part(page, "scatter")
    expect(scatter.locator(".points path")).to_have_count(2)  # the third's loss is NaN
    expect(scatter.get_by_text("2 runs, 1 without a place")).to_be_visible()
    scatter.get_by_label("Up").fill("metrics.accuracy")
    scatter.get_by_label("Up").press("Enter")
    expect(scatter.locator(".points path")).to_have_count(3)
    scatter.get_by_label("Colour by").fill("params.optimizer")
    scatter.get_by_label("Colour by").press("Tab")
    expect(scatter.locator("[data-legend]")).to_contain_text("sgd")
    scatter.get_by_label("Log").first.check()
    picture(page, "scatter")
    plot = scatter.locator("[data-plot]")
    plot.focus()
    plot.press("ArrowRight")
    expect(scatter.locator("[data-point]")).to_contain_text("lr 0.1")
    plot.press("ArrowRight")
    expect(scatter.locator("[data-point]")).to_contain_text("lr 0.2")
    expect(scatter.locator(".hovertext")).to_contain_text(trained.ended[1].display_name)
    plot.press("Enter")
    page.wait_for_url(f"**/runs/{trained.ended[1].id}/")
    page.go_back()
    expect(scatter.locator("[data-legend]")).to_contain_text("sgd")


def test_parts_of_parallel_axes_select_runs(signed_in_page: Page, trained):
    page = signed_in_page
    page.goto(trained.address(*trained.ended, tab="parallel", metric="metrics.accuracy"))
    parallel = part(page, "parallel")
    expect(parallel.locator(".axis")).to_have_count(3)
    strip = parallel.get_by_role("slider", name="lr")
    strip.focus()
    for _ in range(8):
        page.keyboard.press("ArrowUp")
    expect(strip).to_have_attribute("aria-valuetext", "from 0.18 to 0.3")
    expect(parallel.get_by_text("2 of 3 runs selected")).to_be_visible()
    for _ in range(4):
        page.keyboard.press("Shift+ArrowDown")
    expect(parallel.get_by_text("1 of 3 runs selected")).to_be_visible()
    expect(parallel.locator("[data-selected] tbody")).to_contain_text("sgd")
    picture(page, "parallel")
    page.reload()
    expect(parallel.get_by_text("1 of 3 runs selected")).to_be_visible()
    parallel.get_by_role("slider", name="lr").press("Escape")
    expect(parallel.locator("[data-selected]")).to_be_hidden()
    # By the mouse: the lower part of the texts' axis.
    box = parallel.get_by_role("slider", name="optimizer").bounding_box()
    assert box is not None
    middle = box["x"] + box["width"] / 2
    page.mouse.move(middle, box["y"] + box["height"] - 2)
    page.mouse.down()
    page.mouse.move(middle, box["y"] + box["height"] * 0.7, steps=4)
    page.mouse.up()
    expect(parallel.get_by_text("2 of 3 runs selected")).to_be_visible()
    expect(parallel.locator("[data-selected] tbody tr")).to_have_count(2)
    parallel.get_by_role("slider", name="lr").press("ArrowRight")
    expect(parallel.locator(".axis > b").first).to_have_text("optimizer")
    parallel.get_by_role("slider", name="lr").press("Delete")
    expect(parallel.locator(".axis")).to_have_count(2)
    parallel.get_by_text("Compare only these").click()
    expect(page.get_by_role("heading", name="Compare 2 runs")).to_be_visible()


def test_a_line_is_named_under_the_mouse_and_leads_to_its_run(signed_in_page: Page, trained):
    page = signed_in_page
    page.goto(trained.address(*trained.ended[:1], trained.ended[1], tab="parallel"))
    parallel = part(page, "parallel")
    expect(parallel.locator(".axis")).to_have_count(3)
    axis = parallel.get_by_role("slider", name="lr")
    first = axis.bounding_box()
    second = parallel.get_by_role("slider", name="optimizer").bounding_box()
    assert first and second
    # The first run has the least of both: its line lies along the bottom of these two axes.
    between = (second["x"] - first["x"]) / 2 / first["width"]
    named = parallel.locator("[data-over]", has_text=trained.ended[0].display_name)
    point(axis, named.is_visible, x=between, y=1 - 2 / first["height"])
    page.mouse.down()
    page.mouse.up()
    page.wait_for_url(f"**/runs/{trained.ended[0].id}/")


def test_code_and_environment_of_two_runs(signed_in_page: Page, trained):
    page = signed_in_page
    page.goto(trained.address(trained.ended[0], trained.live, tab="code"))
    code = part(page, "code")
    expect(code.locator("del", has_text="0.1").first).to_be_visible()
    expect(code.locator("ins", has_text="0.05").first).to_be_visible()
    code.get_by_text("train.py").last.click()
    expect(code.locator(".lines .added").first).to_contain_text("print('ended')")
    picture(page, "code")
    expect(page).to_have_url(re.compile("file=train.py"))
    code.get_by_label("Swap the two").click()
    expect(code.locator(".lines .removed").first).to_contain_text("print('ended')")
    page.reload()
    expect(code.locator(".lines .removed").first).to_contain_text("print('ended')")
    expect(code.get_by_text("The definitions are the same.")).to_be_visible()


def test_a_run_that_goes_on_is_live(signed_in_page: Page, trained):
    page = signed_in_page
    page.goto(trained.address(tab="table"))
    expect(page.locator("[data-status]")).to_contain_text("1 of 4 still running")
    live = row(page, "metrics.loss").locator("td").nth(3)
    expect(live).to_contain_text("0.5", timeout=FULL_MS)
    seen = live.inner_text()
    expect(live).not_to_have_text(seen, timeout=FULL_MS)
    trained.end.touch()
    same = part(page, "table").locator("details.same dl")
    expect(same).to_contain_text("StateCompleted", timeout=FULL_MS)
    expect(page.locator("[data-status]")).to_have_text("", timeout=FULL_MS)


def test_a_filter_of_an_experiment_is_compared_as_a_whole(signed_in_page: Page, trained):
    page = signed_in_page
    wanted = urlencode({"experiment": "compared", "q": "params.lr >= 0.2", "tab": "table"})
    page.goto(f"/w/default/compare/?{wanted}")
    expect(page.get_by_role("heading", name="Compare 2 runs")).to_be_visible()
    expect(page.locator(".facts")).to_contain_text("params.lr >= 0.2")
    page.goto("/w/default/compare/?experiment=compared&q=params.lr%20%3E")
    expect(page.get_by_role("alert")).to_be_visible()


def test_what_cannot_be_compared_is_said(signed_in_page: Page, trained):
    page = signed_in_page
    page.goto("/w/default/compare/")
    expect(page.get_by_text("Choose runs on an experiment's page")).to_be_visible()
    page.goto("/w/default/compare/?run=gone_1700000000_00000000")
    expect(page.get_by_role("alert")).to_contain_text("gone_1700000000_00000000")
    page.goto(f"{trained.address(trained.ended[0])}&run=gone")
    expect(page.get_by_role("alert").first).to_contain_text("1 of the runs is not in")
    expect(page.get_by_text("One run alone differs from nothing")).to_be_visible()
    for title in ("Table", "Scatter", "Parallel coordinates", "Code and environment"):
        tab(page, title)
    expect(page.get_by_text("Two runs are needed")).to_be_visible()
    picture(page, "one")
