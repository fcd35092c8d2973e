"""An open preview follows its file; files and folders become models from the tree; odd pictures."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, Route, expect
from trainyard import Experiment, Run, ScriptRunConfig, Workspace

from tests.browser.patience import until
from tests.fixtures.studio_process import StudioProcess

FULL_MS = 60_000
SCRIPT = r"""
import pathlib, struct, sys, time, zlib
out, gate = pathlib.Path('outputs'), pathlib.Path(sys.argv[1])
(out / 'deep/er').mkdir(parents=True)

def png(width, height, shade):
    rows = b''.join(b'\0' + bytes([shade]) * 3 * width for _ in range(height))
    made = b'\x89PNG\r\n\x1a\n'
    head = struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0)
    for kind, data in ((b'IHDR', head), (b'IDAT', zlib.compress(rows)), (b'IEND', b'')):
        made += struct.pack('>I', len(data)) + kind + data
        made += struct.pack('>I', zlib.crc32(kind + data))
    return made

def write(word, shade):
    for name, data in {
        'notes.txt': ''.join(f'{word} line {n}\n' for n in range(1, 50001)).encode(),
        'scores.csv': b'id,word\n' + ''.join(f'{n},{word}\n' for n in range(1, 501)).encode(),
        'chart.png': png(40 + shade, 30, shade),
    }.items():
        (out / (name + '.new')).write_bytes(data)
        (out / (name + '.new')).rename(out / name)

write('first', 10)
(out / 'deep/er/weights.bin').write_bytes(b'w' * 100)
size = struct.pack('>II', 50000, 50000) + b'\x08\x02\0\0\0'
(out / 'bomb.png').write_bytes(b'\x89PNG\r\n\x1a\n\0\0\0\rIHDR' + size)
(out / 'escaped.html').write_text(
    "<p id=seen>A page</p><style>p{background:\\75 rl(http://127.0.0.1:9/x)}</style>"
    "<style>@\\69mport 'http://127.0.0.1:9/y';</style>"
    "<svg><style>&#64;import 'http://127.0.0.1:9/z';</style></svg>")
print('ready', flush=True)
for number in range(1, 4):
    while not (gate / str(number)).exists(): time.sleep(0.1)
    write('written %d' % number, 20 * number)
while not (gate / 'end').exists(): time.sleep(0.1)
"""


@pytest.fixture(scope="module")
def gate(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("gate")


@pytest.fixture(scope="module")
def run(live_studio: StudioProcess, tmp_path_factory, gate: Path) -> Iterator[Run]:
    """A run that goes on, and writes its files anew for each number that appears in `gate`."""
    folder = tmp_path_factory.mktemp("changing")
    (folder / "train.py").write_text(SCRIPT)
    workspace = Workspace.from_config(os.fspath(live_studio.config_folder))
    made = Experiment(workspace, "changing").submit(
        ScriptRunConfig(os.fspath(folder), "train.py", [os.fspath(gate)])
    )
    yield made
    for word in ("1", "2", "3", "end"):  # whichever of its tests ran, and came how far
        (gate / word).touch()
    made.wait_for_completion(raise_on_error=False)
    workspace.client.close()


def opened(page: Page, run: Run, path: str) -> Locator:
    """The preview of a file, once the studio has it."""
    page.goto(f"/runs/{run.id}/files/?path={quote(path)}")
    row = page.locator(f"[data-tree] [data-path='{path}']")
    expect(row).to_have_attribute("aria-current", "true", timeout=FULL_MS)
    return page.locator("[data-preview=body]")


def choose(page: Page, path: str) -> None:
    """By keys: boxes show themselves to whoever comes near."""
    page.locator(f"[data-tree] [data-path='{path}']").focus()
    page.keyboard.press("x")


def picture(page: Page, name: str) -> None:
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=Path(folder) / f"changing-{name}.png")


def test_an_open_text_follows_its_file_and_the_reader_stays(
    signed_in_page: Page, run: Run, gate: Path
):
    page = signed_in_page
    body = opened(page, run, "outputs/notes.txt")
    page.get_by_role("button", name=re.compile("Show more")).click()
    expect(page.locator("[data-preview=status]")).to_contain_text(
        re.compile("the first 51[0-9] KiB")
    )
    body.locator(".shown").evaluate("one => one.scrollTo(0, 2000)")
    held: list[Route] = []
    rest = re.compile(r"/preview\?.*offset=")
    page.route(rest, lambda route: route.continue_() if held else held.append(route))
    (gate / "1").touch()
    until(page, lambda: held, "the rest of the new text is asked for")
    body.locator(".shown").evaluate("one => one.scrollTo(0, 4000)")  # the reader goes on meanwhile
    held[0].continue_()
    expect(body).to_contain_text("written 1 line 1", timeout=FULL_MS)
    expect(page.locator("[data-preview=status]")).to_contain_text(
        re.compile("the first 51[0-9] KiB")
    )
    expect(body.locator(".shown")).to_have_js_property("scrollTop", 4000)


def test_an_open_table_stays_on_its_page_and_a_picture_is_drawn_anew(
    signed_in_page: Page, run: Run, gate: Path
):
    page = signed_in_page
    body = opened(page, run, "outputs/scores.csv")
    body.get_by_role("button", name="Next rows").click()
    expect(body).to_contain_text("rows 101–200")
    (gate / "1").touch()
    (gate / "2").touch()
    expect(body.locator("tbody tr").first).to_contain_text("written 2", timeout=FULL_MS)
    expect(body).to_contain_text("rows 101–200")
    expect(body.get_by_role("button", name="Previous rows")).to_be_enabled()
    opened(page, run, "outputs/chart.png")
    expect(page.locator("[data-preview=status]")).to_contain_text("80 × 30")
    (gate / "3").touch()
    expect(page.locator("[data-preview=status]")).to_contain_text("100 × 30", timeout=FULL_MS)


def test_what_would_hurt_the_browser_is_named_and_styles_reach_nothing(
    signed_in_page: Page, run: Run
):
    """Any word on the console fails: a style that loads something would leave one."""
    page = signed_in_page
    body = opened(page, run, "outputs/bomb.png")
    expect(body).to_contain_text("A picture of 50,000 × 50,000 pixels")
    expect(body.locator("img")).to_have_count(0)
    picture(page, "bomb")
    opened(page, run, "outputs/escaped.html")
    inside = body.locator("iframe").content_frame
    expect(inside.locator("#seen")).to_have_text("A page")
    page.wait_for_timeout(500)


def test_a_file_or_folder_of_the_tree_becomes_a_model(signed_in_page: Page, run: Run):
    page = signed_in_page
    opened(page, run, "outputs/notes.txt")
    page.locator("[data-panel]").get_by_role("button", name="Register…").click()
    dialog = page.locator("#register-model")
    expect(dialog.locator("[name=path]")).to_have_value("outputs/notes.txt")
    picture(page, "register")
    dialog.get_by_role("button", name="Close").click()
    bar = page.locator("[data-chosen-bar]")
    choose(page, "outputs/deep/")
    bar.get_by_role("button", name="Register…").click()
    expect(dialog.locator("[name=path]")).to_have_value("outputs/deep")
    dialog.locator("[name=name]").fill("from-the-tree")
    dialog.get_by_role("button", name="Register", exact=True).click()
    expect(dialog).to_contain_text("from-the-tree:1 is registered.")
    dialog.get_by_role("button", name="Stay here").click()
    choose(page, "outputs/notes.txt")
    expect(bar.get_by_role("button", name="Register…")).to_be_hidden()
    bar.get_by_role("button", name="Clear").click()
    choose(page, "azureml-logs/")
    expect(bar.get_by_role("button", name="Register…")).to_be_hidden()
    page.get_by_role("button", name="Register model").click()
    expect(dialog.locator("[name=path]")).not_to_have_value("outputs/notes.txt")
