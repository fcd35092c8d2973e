"""Outputs + logs by clicking and by keys: real runs of a real studio, a file of every kind.

With PICTURES=<folder> in the environment, pictures are taken on the way.
"""

import os
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, Route, expect
from trainyard import Experiment, Run, ScriptRunConfig, Workspace

from tests.browser.patience import settled, until
from tests.fixtures.studio_process import StudioProcess

MAKES = Path(__file__).with_name("makes_every_kind.py")
FULL_MS = 60_000


@pytest.fixture(scope="module")
def made(live_studio: StudioProcess, tmp_path_factory) -> Iterator[Run]:
    """A run that ended and kept a file of every kind, with 1,100 in one folder."""
    folder = tmp_path_factory.mktemp("makes")
    (folder / "train.py").write_text(MAKES.read_text())
    workspace = Workspace.from_config(os.fspath(live_studio.config_folder))
    words = ["http://127.0.0.1:9", "1100"]
    run = Experiment(workspace, "outputs").submit(
        ScriptRunConfig(os.fspath(folder), "train.py", words)
    )
    run.wait_for_completion()
    yield run
    workspace.client.close()


def picture(page: Page, name: str) -> None:
    if folder := os.environ.get("PICTURES"):
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            page.wait_for_function(f"() => document.documentElement.dataset.theme === '{theme}'")
            page.screenshot(path=Path(folder) / f"outputs-{name}-{theme}.png")
        page.emulate_media(color_scheme="light")


def tree(page: Page) -> Locator:
    return page.locator("[data-tree]")


def row(page: Page, path: str) -> Locator:
    return tree(page).locator(f"[data-path='{path}']")


def body(page: Page) -> Locator:
    return page.locator("[data-preview=body]")


def opened(page: Page, run: Run, name: str, **more: str) -> Locator:
    query = "".join(f"&{key}={value}" for key, value in more.items())
    page.goto(f"/runs/{run.id}/files/?path={quote(f'outputs/{name}')}{query}")
    expect(row(page, f"outputs/{name}")).to_have_attribute("aria-current", "true")
    return body(page)


def test_the_tree_folds_is_walked_by_keys_and_keeps_its_choice(signed_in_page: Page, made: Run):
    page = signed_in_page
    page.goto(f"/runs/{made.id}/files/")
    log = row(page, "azureml-logs/70_driver_log.txt")
    expect(log).to_have_attribute("aria-current", "true")
    expect(page.locator(".viewer:not(.preview)")).to_contain_text("made")
    expect(row(page, "outputs/many/")).to_have_attribute("aria-expanded", "false")
    expect(row(page, "outputs/many/").locator("small")).to_have_attribute("title", "1,100 files")
    row(page, "outputs/checkpoints/").click()
    expect(row(page, "outputs/checkpoints/1.pt")).to_be_visible()
    row(page, "outputs/checkpoints/").focus()
    page.keyboard.press("ArrowLeft")
    expect(row(page, "outputs/checkpoints/1.pt")).to_be_hidden()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(row(page, "outputs/checkpoints/best/")).to_be_focused()
    page.keyboard.press("End")
    expect(row(page, "outputs/weights.npy")).to_be_focused()
    page.keyboard.press("Enter")
    expect(body(page)).to_contain_text("float32")
    expect(page).to_have_url(re.compile(r"path=outputs%2Fweights\.npy"))
    picture(page, "tree")
    page.reload()
    expect(row(page, "outputs/weights.npy")).to_have_attribute("aria-current", "true")
    expect(body(page)).to_contain_text("3 × 4")


def grown(route: Route) -> None:
    """The folder as it would be if its files had just become larger."""
    answer = route.fetch()
    told = answer.json()
    for item in told["items"]:
        item["size_bytes"] += 1
    route.fulfill(response=answer, json=told)


def test_a_folder_of_many_comes_in_pages_and_files_are_found_by_name(
    signed_in_page: Page, made: Run
):
    page = signed_in_page
    page.goto(f"/runs/{made.id}/files/")
    row(page, "outputs/many/").click()
    inside = tree(page).locator("[data-path^='outputs/many/0']")
    expect(inside).to_have_count(500)
    more = tree(page).get_by_role("button", name="Show more files")
    more.focus()
    page.route(re.compile(r"/files\?prefix=(outputs%2F)?(&|$)"), grown)
    with page.expect_response(re.compile(r"/files\?prefix=outputs%2Fmany%2F")):
        made.tag("looked", "at")
    settled(page)
    expect(more).to_be_focused()  # it is the same: a click on it would not be lost either
    more.click()
    expect(inside).to_have_count(1000)
    page.get_by_label("Find a file").fill("01099")
    found = page.locator("[data-found] a")
    expect(found).to_have_text(["outputs/many/01099.txt"])
    found.click()
    expect(body(page)).to_contain_text("1099")
    page.get_by_label("Find a file").press("Escape")
    expect(row(page, "outputs/many/01099.txt")).to_have_attribute("aria-current", "true")
    expect(inside).to_have_count(1100)


def test_a_folder_says_that_it_is_read_until_its_files_are_there(signed_in_page: Page, made: Run):
    page = signed_in_page
    page.goto(f"/runs/{made.id}/files/")
    waiting: list[Route] = []
    page.route(re.compile(r"/files\?prefix=outputs%2Fmany%2F"), lambda route: waiting.append(route))
    many = row(page, "outputs/many/")
    said = tree(page).locator(".reading")
    many.click()
    expect(said).to_have_text("reading…")
    many.click()  # folded again meanwhile: one request, and it stays folded
    many.click()
    many.click()
    expect(many).to_have_attribute("aria-expanded", "false")
    until(page, lambda: waiting, "its files are asked for")
    page.wait_for_timeout(300)  # nothing more is asked: that can only be waited for
    assert len(waiting) == 1
    waiting.pop().continue_()
    expect(said).to_have_count(0)
    inside = tree(page).locator("[data-path^='outputs/many/0']")
    expect(inside.first).to_be_hidden()
    many.click()
    expect(inside.first).to_be_visible()


def test_a_folder_that_cannot_be_read_says_so_and_is_read_when_it_is_opened_again(
    signed_in_page: Page, made: Run, page_problems: list[str]
):
    page = signed_in_page
    page.goto(f"/runs/{made.id}/files/")
    cut = re.compile(r"/files\?prefix=outputs%2Fmany%2F")
    page.route(cut, lambda route: route.abort())
    many = row(page, "outputs/many/")
    many.click()
    expect(tree(page).locator(".reading")).to_contain_text("could not be read: The studio cannot")
    expect(many).to_have_attribute("aria-expanded", "false")
    page.unroute(cut)
    many.click()
    expect(tree(page).locator("[data-path^='outputs/many/0']").first).to_be_visible()
    expect(tree(page).locator(".reading")).to_have_count(0)
    page_problems.clear()  # the browser tells of what was cut


@pytest.mark.parametrize("path", ["outputs/checkpoints/best/", "outputs/checkpoints/best"])
def test_the_address_of_a_folder_opens_it_in_the_tree(signed_in_page: Page, made: Run, path):
    page = signed_in_page
    page.goto(f"/runs/{made.id}/files/?path={path}")
    folder = row(page, "outputs/checkpoints/best/")
    expect(folder).to_have_attribute("aria-expanded", "true")
    expect(folder).to_be_in_viewport()
    log = row(page, "azureml-logs/70_driver_log.txt")
    expect(log).to_have_attribute("aria-current", "true")
    expect(page.locator(".viewer:not(.preview)")).to_contain_text("made")
    expect(page.locator(".viewer.preview")).to_be_hidden()


def test_one_file_many_a_folder_or_all_are_downloaded(signed_in_page: Page, made: Run, tmp_path):
    page = signed_in_page
    page.goto(f"/runs/{made.id}/files/")
    row(page, "outputs/notes.txt").focus()
    page.keyboard.press("x")
    bar = page.locator("[data-chosen-bar]")
    expect(bar).to_contain_text("1 file")
    with page.expect_download() as coming:
        bar.get_by_role("button", name="Download").click()
    assert coming.value.suggested_filename == "notes.txt"
    page.get_by_label("Choose outputs/checkpoints/", exact=True).check()
    expect(bar).to_contain_text("3 files")
    picture(page, "chosen")
    with page.expect_download() as coming:
        bar.get_by_role("button", name="Download").click()
    coming.value.save_as(tmp_path / "some.zip")
    with zipfile.ZipFile(tmp_path / "some.zip") as archive:
        assert sorted(archive.namelist()) == [
            "outputs/checkpoints/1.pt", "outputs/checkpoints/best/model.pkl", "outputs/notes.txt",
        ]  # fmt: skip
    bar.get_by_role("button", name="Clear").click()
    expect(bar).to_be_hidden()
    with page.expect_download() as coming:
        page.get_by_role("link", name=re.compile("Download all")).click()
    coming.value.save_as(tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert len(archive.namelist()) > 1100 and archive.testzip() is None


def test_the_tree_grows_while_the_script_writes(
    signed_in_page: Page, live_studio: StudioProcess, tmp_path
):
    page = signed_in_page
    script = (
        "import os, pathlib, sys, time\nos.makedirs('outputs/deep', exist_ok=True)\n"
        "pathlib.Path('outputs/deep/first.txt').write_text('1')\nprint('began', flush=True)\n"
        "while not pathlib.Path(sys.argv[1]).exists(): time.sleep(0.1)\n"
        "pathlib.Path('outputs/deep/second.txt').write_text('two')\n"
        "while True: time.sleep(0.1)\n"  # until it is canceled
    )
    (tmp_path / "train.py").write_text(script)
    workspace = Workspace.from_config(os.fspath(live_studio.config_folder))
    gate = tmp_path / "gate"
    run = Experiment(workspace, "grows").submit(
        ScriptRunConfig(os.fspath(tmp_path), "train.py", [os.fspath(gate)])
    )
    page.goto(f"/runs/{run.id}/files/")
    expect(row(page, "outputs/deep/first.txt")).to_be_visible(timeout=FULL_MS)
    row(page, "outputs/deep/first.txt").click()
    expect(body(page)).to_contain_text("1")
    page.evaluate("document.querySelector('[data-tree]').dataset.same = 'yes'")
    gate.touch()
    expect(row(page, "outputs/deep/second.txt")).to_be_visible(timeout=FULL_MS)
    expect(page.locator(".head[data-state='Running']")).to_be_visible()
    expect(row(page, "outputs/deep/first.txt")).to_have_attribute("aria-current", "true")
    expect(tree(page)).to_have_attribute("data-same", "yes")
    run.cancel()
    workspace.client.close()


def test_text_comes_in_parts_with_links_to_its_lines_and_is_searched(
    signed_in_page: Page, made: Run
):
    page = signed_in_page
    shown = opened(page, made, "long.txt")
    expect(page.locator("[data-preview=status]")).to_contain_text("the first 256 KiB of 918 KiB")
    page.get_by_role("button", name=re.compile("Show more")).click()
    expect(page.locator("[data-preview=status]")).to_contain_text("the first 512 KiB")
    page.goto(f"/runs/{made.id}/files/?path=outputs/long.txt#L19000-19001")
    page.reload()
    expect(shown.locator(".line.at")).to_have_count(2, timeout=FULL_MS)
    expect(shown.locator(".line.at").first).to_be_in_viewport()
    expect(shown.locator(".line.at").first).to_contain_text("019000 this")
    opened(page, made, "notes.txt")
    shown.locator(".numbered").press("Control+f")
    expect(page.locator("[data-panel] [data-find=field]")).to_be_focused()
    page.keyboard.type("needle")
    tally = page.locator("[data-panel] .tally")
    expect(tally).to_have_text("20")
    page.keyboard.press("Enter")
    expect(tally).to_have_text("1 of 20")
    shown.locator("a.n").nth(2).click()
    expect(page).to_have_url(re.compile("#L3$"))
    expect(shown.locator(".line.at")).to_contain_text("line 3 of")


def test_json_tables_and_arrays(signed_in_page: Page, made: Run):
    page = signed_in_page
    shown = opened(page, made, "settings.json")
    for words in ("big: 12345678901234567890", "odd: NaN", "layers:", '"<b>not bold</b>"'):
        expect(shown).to_contain_text(words)
    deep = shown.get_by_text("c:", exact=False).first
    expect(deep).to_be_hidden()
    shown.locator("summary", has_text="b:").click()
    expect(shown.get_by_text("c:", exact=False).first).to_be_visible()
    page.get_by_role("button", name="Text", exact=True).click()
    expect(shown.locator(".line")).to_have_count(1)
    expect(page).to_have_url(re.compile("look=text"))
    page.reload()
    expect(shown.locator(".line")).to_have_count(1)
    opened(page, made, "broken.json")
    expect(page.locator("[data-preview=status]")).to_contain_text("no JSON at line 2")
    opened(page, made, "tables/scores.csv")
    rows = shown.locator("tbody tr")
    expect(rows).to_have_count(100)
    expect(shown).to_contain_text("row, 100")
    shown.get_by_role("button", name="Next rows").click()
    expect(rows.first).to_contain_text("101")
    expect(shown).to_contain_text("rows 101–200")
    shown.get_by_role("button", name="Previous rows").click()
    expect(rows.first).to_contain_text("row, 1")
    picture(page, "table")
    opened(page, made, "arrays.npz")
    expect(shown).to_contain_text("int64")
    expect(shown).to_contain_text("Python objects")


def test_pictures_sound_documents_and_bytes(signed_in_page: Page, made: Run):
    page = signed_in_page
    shown = opened(page, made, "picture.png")
    status = page.locator("[data-preview=status]")
    expect(status).to_contain_text("320 × 200 · 100 %")
    shown.get_by_label("Larger").click()
    expect(status).to_contain_text("200 %")
    expect(shown.locator("img")).to_have_js_property("clientWidth", 640)
    shown.get_by_label("Fit").click()
    expect(status).to_contain_text("100 %")
    opened(page, made, "tone.wav")
    expect(status).to_contain_text("1.0 s")
    opened(page, made, "paper.pdf")
    with page.expect_download() as coming:
        shown.get_by_role("link", name="Download").click()
    assert coming.value.suggested_filename == "paper.pdf"
    opened(page, made, "checkpoints/best/model.pkl")
    expect(shown).to_contain_text("a Python pickle")
    expect(shown).to_contain_text("000010  0d 0e 0f")
    opened(page, made, "empty.txt")
    expect(shown).to_contain_text("This file is empty")


def test_notebooks_and_markdown(signed_in_page: Page, made: Run):
    page = signed_in_page
    shown = opened(page, made, "notebook.ipynb")
    expect(shown.locator(".cell")).to_have_count(5)
    expect(shown.locator(".k-keyword").first).to_have_text("import")
    expect(shown.locator(".output.error .t-red")).to_have_text("ZeroDivisionError")
    image = shown.locator(".output img")
    image.scroll_into_view_if_needed()
    expect(image).to_have_js_property("naturalWidth", 320)
    frame = shown.locator("iframe")
    frame.scroll_into_view_if_needed()
    expect(frame.content_frame.locator("#cell")).to_have_text("of a frame")
    picture(page, "notebook")
    opened(page, made, "readme.md")
    expect(shown.locator("td")).to_have_text(["loss", "0.12"])
    link = shown.get_by_role("link", name="link", exact=True)
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    assert shown.locator("a").evaluate_all("all => all.every(a => /^https?:/.test(a.href))")
    assert page.evaluate("window.wasHere") is None
