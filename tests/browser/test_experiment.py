"""The page of an experiment in a real browser: charts of many runs over the table of runs."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect
from trainyard import Experiment, ScriptRunConfig, Workspace

from tests.browser.patience import point, until

EXPERIMENT = "/w/default/experiments/many/"
GROWS = """
import pathlib, sys, time
from azureml.core import Run
run = Run.get_context()
step = 0
while not pathlib.Path(sys.argv[1]).exists():
    run.log("loss", 1 / (1 + step), step=step)
    step += 1
    time.sleep(0.05)
"""
MORE = re.compile(r"and 1\d\d more")
# How many points the first tile has drawn, of all its lines.
POINTS = """() => {
    const plot = document.querySelector(".tile .js-plotly-plot");
    return plot ? plot.data.filter(trace => trace.mode === "lines")
        .reduce((sum, trace) => sum + trace.x.filter(x => x !== null).length, 0) : 0;
}"""

# How the lines of the first tile are drawn.
DASHES = """() => (document.querySelector(".tile .js-plotly-plot")?.data ?? [])
    .filter(trace => trace.mode === "lines").map(trace => trace.line.dash)"""
FILLS = (
    "() => (document.querySelector('.tile .js-plotly-plot')?.data ?? []).map(({ fill }) => fill)"
)


@pytest.fixture(scope="module")
def many(live_studio) -> None:
    """200 runs with curves, as rows: run n ends at a loss of 1/n."""
    code = "from tests.fixtures.many_runs import fill_default; fill_default('many', 200)"
    live_studio.manage("shell", "-v", "0", "-c", code)


@pytest.fixture
def page(many, signed_in_page: Page) -> Page:
    signed_in_page.goto(EXPERIMENT, wait_until="commit")
    is_drawn(signed_in_page, "50 shown")
    return signed_in_page


def is_drawn(page: Page, words: str) -> None:
    """All tiles in sight say how many runs they draw."""
    expect(page.locator(".tile header span").first).to_have_text(words, timeout=60_000)
    expect(page.locator(".tile .js-plotly-plot").first).to_be_visible(timeout=60_000)


def names(page: Page) -> list[str]:
    return page.locator("#run-table .name").all_inner_texts()


def picture(page: Page, name: str) -> None:
    """With PICTURES=<folder>: light and dark, wide and narrow."""
    if folder := os.environ.get("PICTURES"):
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            for width in (1440, 900):
                page.set_viewport_size({"width": width, "height": 900})
                page.wait_for_timeout(700)
                page.screenshot(path=Path(folder) / f"{name}-{theme}-{width}.png")
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 1440, "height": 900})


def test_headings_sort_and_the_address_says_so(page: Page):
    picture(page, "experiment")
    assert names(page)[0] == "run 200"
    heading = page.get_by_role("columnheader", name="loss")
    heading.get_by_role("link").click()
    expect(heading).to_have_attribute("aria-sort", "ascending")
    expect(page).to_have_url(re.compile(r"\?sort=metrics\.loss$"))
    assert names(page)[0] == "run 200"
    heading.get_by_role("link").click()
    expect(heading).to_have_attribute("aria-sort", "descending")
    expect(page.locator("#run-table .name").first).to_have_text("run 1")
    page.go_back()
    expect(heading).to_have_attribute("aria-sort", "ascending")
    expect(page.locator("#run-table .name").first).to_have_text("run 200")


def test_a_query_is_completed_by_keys_and_a_wrong_one_is_kept_and_marked(page: Page):
    page.keyboard.press("/")
    box = page.get_by_role("combobox", name="Which runs to show")
    expect(box).to_be_focused()
    box.press_sequentially("metrics.lo")
    items = page.get_by_role("option")
    expect(items.first).to_contain_text("metrics.loss")
    box.press("ArrowDown")
    expect(items.first).to_have_attribute("aria-selected", "true")
    box.press("Enter")
    expect(box).to_have_value(re.compile(r"^metrics\.loss\s*$"))
    box.press("Escape")
    expect(page.locator("#query-list")).to_be_hidden()
    box.press_sequentially(" < < 0.01")
    typed = box.input_value()
    box.press("Enter")
    said = page.locator("#query-said")
    expect(said.locator("mark")).to_have_text("<")
    expect(box).to_have_value(typed)
    expect(box).to_have_attribute("aria-invalid", "true")
    picture(page, "experiment-error")
    box.fill("metrics.loss < 0.01 and tag:baseline")
    box.press("Enter")
    expect(page.locator("#counted")).to_contain_text("20 of 200 runs")  # 105, 110, … 200
    expect(said).to_be_empty()
    expect(box).not_to_have_attribute("aria-invalid", "true")
    is_drawn(page, "20 shown")
    box.fill("metrics.loss > 99")
    box.press("Enter")
    page.get_by_role("link", name="Show all runs").click()
    expect(page.locator("#counted")).to_contain_text("200 runs")
    expect(box).to_have_value("")


def test_an_answer_that_comes_late_completes_what_was_typed_meanwhile(page: Page):
    held: list[Route] = []
    box = page.get_by_role("combobox", name="Which runs to show")
    box.press_sequentially("loss > 1 and m")
    items = page.get_by_role("option")
    expect(items.first).to_contain_text("metrics.")
    page.route("**/complete?*", lambda route: held.append(route))
    box.press_sequentially("etr")
    until(page, lambda: held, "it is asked for more")
    box.press("ArrowDown")
    expect(items.first).to_have_attribute("aria-selected", "true")
    chosen = items.first.locator("span").inner_text()
    box.press_sequentially("i")
    expect(items.first).to_have_attribute("aria-selected", "false")
    box.press("ArrowDown")
    expect(items.first).to_have_attribute("aria-selected", "true")
    until(page, lambda: held and "metri" in held[-1].request.url, "all that was typed is asked for")
    with page.expect_response(lambda told: "metri" in told.url):
        held[-1].continue_()
    expect(items.first).to_have_attribute("aria-selected", "true")
    box.press("Enter")
    expect(box).to_have_value(f"loss > 1 and {chosen} ")
    page.unroute_all(behavior="ignoreErrors")


def test_columns_are_found_added_moved_and_kept_in_the_address(page: Page):
    page.locator("[data-chooser=columns] summary").click()
    find = page.get_by_role("searchbox", name="Find a column")
    expect(find).to_be_focused()
    find.press_sequentially("accuracy max")
    expect(page.locator("[data-chooser=columns] [data-found] li")).to_have_count(1)
    find.press("Enter")
    heading = page.get_by_role("columnheader", name="accuracy (max)")
    expect(heading).to_be_visible()
    before = page.locator("th").all_inner_texts()
    page.get_by_role("button", name="Move up accuracy (max)").click()
    page.wait_for_function(
        "before => [...document.querySelectorAll('th')].map(th => th.innerText).join() !== before",
        arg=",".join(before),
    )
    after = page.locator("th").all_inner_texts()
    assert after.index("accuracy (max)") == before.index("accuracy (max)") - 1
    page.reload()
    expect(heading).to_be_visible()
    assert page.locator("th").all_inner_texts() == after


def test_a_button_of_a_menu_is_not_lost_when_the_table_comes_anew(page: Page):
    page.locator("[data-chooser=columns] summary").click()
    find = page.get_by_role("searchbox", name="Find a column")
    find.press_sequentially("accuracy max")
    expect(page.locator("[data-chooser=columns] [data-found] li")).to_have_count(1)
    renew = "() => document.dispatchEvent(new CustomEvent('rows-changed'))"
    for button, count in (("[data-found] button", 1), ("[data-move=remove]", 0)):
        pressed = page.locator("[data-chooser=columns]").locator(button).last
        pressed.hover()
        page.mouse.down()
        page.evaluate(renew)
        page.mouse.up()
        heading = page.get_by_role("columnheader", name="accuracy (max)")
        expect(heading).to_have_count(count)


def test_runs_are_selected_by_box_range_and_keys_and_compared(page: Page):
    boxes = page.locator("#run-table tbody input[type=checkbox]")
    boxes.nth(1).click()
    boxes.nth(4).click(modifiers=["Shift"])
    is_drawn(page, "4 shown")
    page.locator("h1").click()
    page.keyboard.press("j")
    page.keyboard.press("x")
    is_drawn(page, "5 shown")
    picture(page, "experiment-selected")
    expect(page).to_have_url(re.compile(r"runs=199,198,197,196,200$"))
    link = page.get_by_role("link", name="Compare 5")
    until(page, lambda: len(set(page.evaluate(DASHES))) > 1, "lines have dashes")
    expect(link).to_have_attribute("href", re.compile("(run=many_.*){5}"))
    # What is selected stays so on another page of the table, and in a copied link.
    page.get_by_role("link", name="Next").click()
    expect(page.locator("#run-table .name").first).to_have_text("run 150")
    is_drawn(page, "5 shown")
    page.reload()
    is_drawn(page, "5 shown")
    expect(link).to_be_visible()
    page.keyboard.press("Escape")
    is_drawn(page, "50 shown")


def test_selected_runs_are_tagged_after_one_question(page: Page):
    boxes = page.locator("#run-table tbody input[type=checkbox]")
    boxes.nth(0).click()
    boxes.nth(1).click()
    cancel = page.get_by_role("button", name="Cancel", exact=True)
    expect(cancel).to_be_disabled()
    expect(cancel).to_have_attribute("title", "All of the selected runs have ended")
    page.get_by_role("button", name="Tag", exact=True).click()
    page.get_by_label("Tag, or tag=value").fill("best=yes")
    page.locator("dialog#bulk").get_by_role("button", name="Tag", exact=True).click()
    expect(page.get_by_text("2 runs tagged")).to_be_visible()
    expect(page.locator("#run-table tbody tr").first).to_contain_text("best=yes")
    expect(boxes.nth(0)).to_be_checked()


def test_a_narrow_window_shows_the_figures_without_scrolling_sideways(page: Page):
    page.set_viewport_size({"width": 900, "height": 900})
    table = page.locator("#run-table .wide").bounding_box()
    duration = page.locator("#run-table th[data-key=duration]").bounding_box()
    submitted = page.locator("#run-table th[data-key=submitted]").bounding_box()
    assert table and duration and submitted
    assert duration["x"] + duration["width"] <= table["x"] + table["width"]
    assert submitted["x"] + submitted["width"] <= table["x"] + table["width"]


def test_a_saved_view_is_a_link_that_shows_another_browser_the_same(page: Page, live_studio):
    page.locator("#query").fill("tag:baseline")
    page.locator("#query").press("Enter")
    is_drawn(page, "40 shown")
    page.locator("[data-chooser=group] summary").click()
    page.locator("[data-add='params.lr']").click()
    expect(page.locator(".overlay-legend")).to_contain_text("0.001")
    page.keyboard.press("Escape")
    page.locator("#view-name").click()
    page.get_by_label("Name of the view").fill("Baselines")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#view-name")).to_have_text("View: Baselines")
    link = page.locator("#view-list a").get_attribute("href")
    other = page.context.browser.new_context(base_url=live_studio.url)
    try:
        second = other.new_page()
        second.goto(live_studio.sign_in_link())
        second.get_by_role("button", name="Sign in as admin").click()
        second.wait_for_url("**/settings/**")
        second.goto(EXPERIMENT + link)
        is_drawn(second, "40 shown")
        expect(second.locator("#query")).to_have_value("tag:baseline")
        expect(second.locator(".overlay-legend")).to_contain_text("0.001")
        expect(second.locator("#view-name")).to_have_text("View: Baselines")
        assert names(second) == names(page)
    finally:
        other.close()


def test_two_hundred_runs_in_one_chart_tell_their_values_best_first(page: Page):
    page.get_by_role("link", name="200", exact=True).click()
    expect(page.locator("#run-table tbody tr")).to_have_count(200)
    page.locator(".tile").first.scroll_into_view_if_needed()  # out of sight nothing is asked for
    is_drawn(page, "200 shown")
    # So many dashes beside each other would look like steps that nobody logged.
    until(page, lambda: set(page.evaluate(DASHES)) == {"solid"}, "all lines are solid")
    box = page.locator(".over-box:visible")
    all_lines = page.locator(".tile[data-metric='loss'] .plot")
    point(all_lines, lambda: MORE.search("".join(box.all_inner_texts())), x=0.93)
    values = [float(text.replace("−", "-")) for text in box.locator("b").all_inner_texts()]
    assert values[:-1] == sorted(values[:-1])
    assert len(values) == 12
    picture(page, "experiment-hover")
    # A part of the axis, by keys; all of it again.
    tile = page.locator(".tile[data-metric='loss']")
    tile.locator(".plot").focus()
    page.keyboard.press("+")
    expect(tile).to_have_class(re.compile("zoomed"))
    expect(page).to_have_url(re.compile(r"zoom=loss:"))
    page.reload()
    expect(tile).to_have_class(re.compile("zoomed"))
    is_drawn(page, "200 shown")
    tile.locator(".plot").focus()
    page.keyboard.press("0")
    expect(tile).not_to_have_class(re.compile("zoomed"))


def test_groups_are_drawn_as_means_with_bands(page: Page):
    page.goto(f"{EXPERIMENT}?group=params.lr&band=range")
    is_drawn(page, "3 shown")
    until(page, lambda: page.evaluate(FILLS).count("tonexty") == 3, "three bands are drawn")
    picture(page, "experiment-bands")


@pytest.fixture
def growing(live_studio, tmp_path) -> Iterator[str]:
    """A run that logs until its test is over."""
    (tmp_path / "train.py").write_text(GROWS)
    workspace = Workspace.from_config(os.fspath(live_studio.config_folder))
    config = ScriptRunConfig(os.fspath(tmp_path), "train.py", [os.fspath(tmp_path / "end")])
    run = Experiment(workspace, "grows").submit(config)
    yield run.id
    (tmp_path / "end").touch()
    run.wait_for_completion()
    workspace.client.close()


def test_a_running_run_grows_while_one_types_selects_and_reads(
    growing, live_studio, signed_in_page: Page, tmp_path
):
    page = signed_in_page
    page.goto("/w/default/experiments/grows/", wait_until="commit")
    row = page.locator(f"tr[data-key='{growing}']")
    expect(row.locator(".state")).to_have_text("Running", timeout=60_000)
    expect(page.locator(".tile .js-plotly-plot")).to_be_visible(timeout=60_000)
    row.locator("input").check()
    box = page.locator("#query")
    box.fill("metrics.loss < ")
    expect(page.get_by_role("columnheader", name="loss", exact=True)).to_be_visible()
    cell = row.locator("td").nth(page.locator("th").all_inner_texts().index("loss"))
    before, value = page.evaluate(POINTS), cell.inner_text()
    page.wait_for_function(f"before => ({POINTS})() > before + 10", arg=before, timeout=60_000)
    expect(cell).not_to_have_text(value, timeout=60_000)
    expect(box).to_be_focused()
    expect(box).to_have_value("metrics.loss < ")
    # Another run appears by itself; nothing that was chosen or typed is lost.
    workspace = Workspace.from_config(os.fspath(live_studio.config_folder))
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "train.py").write_text("print('at once')")
    config = ScriptRunConfig(os.fspath(tmp_path / "other"), "train.py")
    second = Experiment(workspace, "grows").submit(config)
    expect(page.locator(f"tr[data-key='{second.id}']")).to_be_visible(timeout=60_000)
    expect(row.locator("input")).to_be_checked()
    expect(box).to_have_value("metrics.loss < ")
    expect(box).to_be_focused()
    second.wait_for_completion()
    workspace.client.close()
    expect(page.locator(f"tr[data-key='{second.id}'] .state")).to_have_text("Completed")
    (tmp_path / "end").touch()
    expect(row.locator(".state")).to_have_text("Completed", timeout=60_000)


def test_runs_are_canceled_and_archived_from_the_table(
    growing, signed_in_page: Page, page_problems
):
    page = signed_in_page
    page.goto("/w/default/experiments/grows/", wait_until="commit")
    row = page.locator(f"tr[data-key='{growing}']")
    expect(row.locator(".state")).to_have_text("Running", timeout=60_000)
    row.locator("input").check()
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.locator("dialog#bulk")).to_contain_text("Cancel 1 run?")
    page.get_by_role("button", name="Cancel them").click()
    expect(row.locator(".state")).to_have_text("Canceled", timeout=60_000)
    page.get_by_role("button", name="Archive").click()
    page.locator("dialog#bulk").get_by_role("button", name="Archive").click()
    expect(row).to_have_count(0)
    page.get_by_role("link", name=re.compile(r"Show (\d+ archived|archived runs)")).click()
    expect(row).to_contain_text("archived")
