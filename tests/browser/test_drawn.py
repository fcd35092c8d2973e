"""The tab "Images & tables": pictures by step, long tables, charts; live, and by address."""

import os
import re

import pytest
from playwright.sync_api import Page, Route, expect
from trainyard import Experiment, ScriptRunConfig, Workspace

from tests.browser.patience import drag, point, until

TWICE_WRITTEN_MS = 600  # the address is written a quarter of a second after a change


@pytest.fixture(scope="module")
def drawn(live_studio) -> str:
    """The address of the tab of an ended run that drew something of each kind."""
    make = "from tests.runs.drawing import one_of_each; print(one_of_each())"
    said = live_studio.manage("shell", "-v0", "-c", make)
    return f"/runs/{said.split()[-1]}/drawn/"


def tile(page: Page, name: str):
    return page.locator(f'article[aria-label="{name}"]')


def is_loaded(picture) -> None:
    # Until its bytes are there it is "complete" as well: without an address it has nothing to load.
    expect(picture).not_to_have_js_property("naturalWidth", 0)
    expect(picture).to_have_js_property("complete", True)


def test_the_address_says_what_is_shown_while_the_next_picture_is_on_its_way(
    drawn, signed_in_page: Page
):
    page = signed_in_page
    page.goto(f"{drawn}?name=cats&step=101")
    cats = tile(page, "cats")
    expect(cats.locator("img")).to_have_attribute("alt", "cats at step 101")
    held: list[Route] = []
    page.route("**/drawn/items?*after=20*", lambda route: held.append(route))
    cats.get_by_role("button", name="Latest").click()
    expect(cats.locator("output")).to_have_text("30 of 30")
    until(page, lambda: held, "the next pictures are asked for")
    page.wait_for_timeout(TWICE_WRITTEN_MS)
    expect(page).to_have_url(re.compile(r"step=101$"))
    held[0].continue_()
    expect(page).to_have_url(re.compile(r"\?name=cats$"))
    expect(cats.locator("img")).to_have_attribute("alt", "cats at step 129")


def test_a_picture_is_chosen_by_its_step(drawn, signed_in_page: Page):
    page = signed_in_page
    page.goto(drawn)
    cats = tile(page, "cats")
    picture = cats.locator("img")
    expect(picture).to_have_attribute("alt", "cats at step 129")
    is_loaded(picture)
    expect(cats).to_contain_text("8 × 6 px")
    slider = cats.get_by_role("slider", name="Step of cats")
    slider.press("ArrowLeft")
    expect(picture).to_have_attribute("alt", "cats at step 128")
    slider.press("Home")
    expect(picture).to_have_attribute("alt", "cats at step 100")
    is_loaded(picture)
    # Alone, the step is in the address, and a copied address shows the same.
    cats.get_by_role("link", name="cats", exact=True).click()
    cats.get_by_role("button", name="Next step").click()
    expect(page).to_have_url(re.compile(r"\?name=cats&step=101$"))
    page.reload()
    expect(picture).to_have_attribute("alt", "cats at step 101")
    expect(page.locator("article:visible")).to_have_count(1)
    cats.get_by_role("button", name="Latest").click()
    expect(page).to_have_url(re.compile(r"\?name=cats$"))
    with page.expect_download() as download:
        cats.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "cats_29.png"
    page.get_by_role("link", name="← All").click()
    expect(tile(page, "epochs")).to_be_visible()
    page.go_back()
    expect(tile(page, "epochs")).to_be_hidden()
    page.goto(drawn)
    expect(tile(page, "lost")).to_contain_text("did not arrive before the run ended: lost.png")


def test_a_long_table_shows_the_rows_in_sight(drawn, signed_in_page: Page):
    page, asked = signed_in_page, []
    page.on("request", lambda request: "points?" in request.url and asked.append(request.url))
    page.goto(f"{drawn}?name=epochs")
    rows = tile(page, "epochs").locator("tbody tr:not(.pad)")
    expect(rows.first).to_contain_text("ok")
    assert rows.count() < 100
    tile(page, "epochs").get_by_role("group", name="Rows of epochs").press("End")
    expect(rows.last).to_contain_text("99,999")
    expect(rows.last).to_contain_text("ok")
    assert rows.count() < 100
    assert len(asked) < 10
    assert all(re.search(r"limit=(30|100)\b", url) for url in asked), asked
    # Rows that are drawn anew, as of a table that grows, leave the focus where it was.
    rows.last.get_by_role("button").focus()
    rows.last.evaluate("row => { row.isOld = true }")
    page.set_viewport_size({"width": 1200, "height": 900})
    expect(rows.last).not_to_have_js_property("isOld", True)
    expect(rows.last.get_by_role("button")).to_be_focused()
    # A row is opened whole, and closed.
    rows.last.get_by_role("button").press("Enter")
    whole = tile(page, "epochs").locator(".whole")
    expect(whole).to_contain_text("0.00001")
    whole.get_by_role("button", name="Close").click()
    expect(whole).to_be_hidden()
    tile(page, "epochs").get_by_role("button", name="Chart").click()
    expect(tile(page, "epochs").locator(".scatterlayer .trace")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"as=chart"))
    with page.expect_download() as download:
        tile(page, "epochs").get_by_role("link", name="CSV").click()
    assert download.value.path().read_text().count("\n") == 100_001


def test_charts_are_drawn_and_a_broken_one_says_why(drawn, signed_in_page: Page):
    page = signed_in_page
    page.goto(drawn)
    confusion = tile(page, "confusion")
    expect(confusion).to_contain_text("accuracy 75.0 %")
    cells = confusion.locator(".textpoint text")
    expect(cells).to_have_count(9)
    expect(cells.first).to_have_text("6")
    confusion.get_by_role("button", name="% of true").click()
    expect(cells.first).to_have_text("75")
    words = "true dog <b>, predicted dog <b>: 9 (90.0 % of dog <b>)"
    point(confusion.locator(".nsewdrag").first, lambda: words in confusion.inner_text())
    expect(tile(page, "broken")).to_contain_text('"data.bin_edges" is 3, but should be 2')
    accuracy = tile(page, "accuracy")
    expect(accuracy).to_contain_text("class yes · AUC")
    accuracy.get_by_role("button", name="PR").click()
    expect(accuracy).to_contain_text("average precision")
    accuracy.get_by_role("combobox").select_option("macro average")
    expect(accuracy).to_contain_text("macro average · average precision")
    for name, traces in (("rest", ".bars"), ("said", ".scatterlayer .trace")):
        tile(page, name).scroll_into_view_if_needed()
        expect(tile(page, name).locator(traces).first).to_be_attached()
    tile(page, "mixed").scroll_into_view_if_needed()
    expect(tile(page, "mixed")).to_contain_text("<b>bold</b>")
    expect(tile(page, "stage")).to_contain_text("warm-up")
    page.get_by_role("searchbox", name="Find an image").fill("STAGE")
    expect(page.locator("article:visible")).to_have_count(1)


def test_a_thousand_classes_are_drawn_and_looked_into(drawn, signed_in_page: Page):
    page = signed_in_page
    page.goto(f"{drawn}?name=many")
    many = tile(page, "many")
    expect(many).to_contain_text("macro F1")
    expect(many.locator(".heatmaplayer image")).to_be_attached()
    expect(many.locator(".xtick").last).to_be_attached()
    assert many.locator(".xtick").count() < 100
    cells = many.locator(".nsewdrag").first
    drag(cells, (20, 20), (60, 60))
    # A part of it is shown cell by cell.
    one = re.compile(r"true class \d+, predicted class \d+: \d+ \(")
    point(cells, lambda: one.search(many.inner_text()))
    many.locator(".plot").press("0")
    point(cells, lambda: "at most" in many.inner_text(), x=0.05, y=0.05)


DRAWS = """
import pathlib, struct, sys, time, zlib
from azureml.core import Run

def png(path, shade):
    def chunk(kind, data):
        whole = kind + data
        return struct.pack(">I", len(data)) + whole + struct.pack(">I", zlib.crc32(whole))
    head = struct.pack(">IIBBBBB", 4, 4, 8, 0, 0, 0, 0)
    pixels = zlib.compress((b"\\0" + bytes([shade] * 4)) * 4)
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    pathlib.Path(path).write_bytes(b"\\x89PNG\\r\\n\\x1a\\n" + parts)

run = Run.get_context()
for step in range(3):
    while not pathlib.Path(sys.argv[1], "go%d" % step).exists():
        time.sleep(0.02)
    png("sample.png", 80 * step)
    run.log_image("samples", path="sample.png")
    run.log_row("epochs", epoch=step, loss=1.0 / (step + 1))
    matrix = {"class_labels": ["cat", "dog"], "matrix": [[5 + step, 1], [2, 7]]}
    run.log_confusion_matrix("confusion", {"schema_type": "confusion_matrix",
                                           "schema_version": "v1", "data": matrix})
"""


def test_what_a_running_script_draws_appears_on_its_page(live_studio, signed_in_page, tmp_path):
    page = signed_in_page
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "train.py").write_text(DRAWS)
    workspace = Workspace.from_config(os.fspath(live_studio.config_folder))
    config = ScriptRunConfig(os.fspath(tmp_path / "code"), "train.py", [os.fspath(tmp_path)])
    run = Experiment(workspace, "draws").submit(config)
    page.goto(f"/runs/{run.id}/drawn/")
    expect(page.get_by_text("Nothing drawn yet")).to_be_visible()
    (tmp_path / "go0").touch()
    samples = tile(page, "samples")
    expect(samples).to_contain_text("4 × 4 px", timeout=60_000)
    is_loaded(samples.locator("img"))
    expect(tile(page, "confusion")).to_contain_text("accuracy 80.0 %")
    (tmp_path / "go1").touch()
    # The latest is followed by itself, until a person looks at another one.
    expect(samples.locator("img")).to_have_attribute("alt", "samples at step 1", timeout=30_000)
    expect(tile(page, "confusion")).to_contain_text("accuracy 81.3 %", timeout=30_000)
    samples.get_by_role("button", name="Previous step").click()
    expect(samples.locator("img")).to_have_attribute("alt", "samples at step 0")
    (tmp_path / "go2").touch()
    expect(samples).to_contain_text("3 steps", timeout=30_000)
    expect(samples.locator("img")).to_have_attribute("alt", "samples at step 0")
    expect(tile(page, "epochs")).to_contain_text("3 rows", timeout=30_000)
    expect(page.locator(".head[data-state='Completed']")).to_be_visible(timeout=60_000)
    workspace.client.close()
    assert len(run.get_file_names()) >= 6
