"""Logs in the viewer: any of many lines, links, find, tracebacks, progress bars, following.

With PICTURES=<folder> in the environment pictures are taken on the way.
"""

import json
import re

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser.patience import settled, until
from tests.browser.test_main_job import picture

# In the studio's own process: a run with these logs, as its drivers would have sent them.
MAKE = """
from runs import logs
from runs.models import Experiment
from runs.states import State
from studio import streams
from studio.models import User, Workspace
from tests.factories import make_run
experiment, _ = Experiment.objects.get_or_create(
    workspace=Workspace.objects.get(name="default"), name={name!r})
admin = User.objects.get(username="admin")
run = make_run(experiment=experiment, user=admin, state=State({state!r}))
for path, text in {texts}.items():
    logs.append(run, path, 0, text.encode())
print("ID", run.run_id)
"""
APPEND = """
from runs import logs
from runs.models import Run
run = Run.objects.get(run_id={run!r})
log = logs.log_for(run, logs.DRIVER)
for number in range({first}, {last}):
    size = log.stream.size_bytes if number == {first} else size
    size = logs.append(run, logs.DRIVER, size, f"said {{number}}\\n".encode())
"""
SLOW_MS = 60_000  # to look through all of a long log, on a machine that does much else
DRIVER = "azureml-logs/70_driver_log.txt"
TRACEBACK = """Traceback (most recent call last):
  File "/work/train.py", line 88, in <module>
    main()
  File "/work/train.py", line 70, in main
    train(model, loader)
  File "/work/net.py", line 31, in forward
    return self.head(x)
RuntimeError: shapes cannot be multiplied (64x9216 and 4096x10)
"""
BAR = "".join(f"\r{n:3d}%|{'█' * (n // 4):<25}| {n * 8}/800" for n in range(0, 101, 4))
COLOURS = (
    "\x1b[33mWARNING\x1b[0m \x1b[1mbold\x1b[0m \x1b[38;5;208morange\x1b[0m"
    " \x1b[38;2;90;120;255mblue\x1b[0m \x1b[41mon red\x1b[0m"
)


def text_of_epochs() -> str:
    rows = [f"epoch {n} loss {1 / n:.4f}" for n in range(1, 301)]
    rows[99] = COLOURS
    return "\n".join([*rows, BAR, "Before"]) + "\n" + TRACEBACK + "After\n"


def make(studio, name: str, state: str = "Completed", **texts: str) -> str:
    """A run with these logs; its id."""
    paths = {f"azureml-logs/{name}.txt": text for name, text in texts.items()}
    code = MAKE.format(name=name, state=state, texts=paths)
    [run] = re.findall(r"^ID (\S+)$", studio.manage("shell", "-c", code), re.MULTILINE)
    return run


def open_log(page: Page, run: str, path: str = DRIVER, lines: str = "") -> None:
    page.goto("about:blank")
    page.goto(f"/runs/{run}/files/?path={path}{lines}")


def row(page: Page, number: int):
    return page.locator(f".row[data-line='{number - 1}']")


def size_of(page: Page, number: int, side: str, inside: str = "") -> float:
    """Width or height of a row that is drawn, or of what is inside; rows are replaced any time."""
    look = f"""() => document.querySelector(".row[data-line='{number - 1}'] {inside}")
        ?.getBoundingClientRect().{side}"""
    return page.wait_for_function(look).json_value()


@pytest.fixture(scope="module")
def long_run(live_studio) -> str:
    """More lines than a browser's element can be high; every 100,000th is said to be rare."""
    code = "from benchmarks import log_filling; print('ID', log_filling.fill(600_000))"
    [run] = re.findall(r"^ID (\S+)$", live_studio.manage("shell", "-c", code), re.MULTILINE)
    return run


def test_any_of_many_lines_is_there_at_once_and_few_are_in_the_page(long_run, signed_in_page):
    page = signed_in_page
    open_log(page, long_run)
    expect(row(page, 600_000)).to_contain_text("600000 epoch")
    expect(page.locator(".viewer:not(.preview) [data-viewer=status]")).to_contain_text(
        "600,000 lines"
    )
    open_log(page, long_run, lines="#L599999")
    expect(row(page, 599_999)).to_contain_text("599999 epoch")
    open_log(page, long_run, lines="#L300000-300003")
    expect(row(page, 300_002)).to_contain_text("300002 epoch")
    expect(row(page, 300_002)).to_have_class(re.compile(r"\bat\b"))
    expect(row(page, 300_004)).not_to_have_class(re.compile(r"\bat\b"))
    assert page.locator(".row").count() < 120

    # The wheel goes by lines, though a pixel of the scroll bar stands for more than one.
    box = page.locator(".lines").bounding_box()
    page.mouse.move(box["x"] + 300, box["y"] + 200)
    height = size_of(page, 300_000, "height")
    page.mouse.wheel(0, height * 10)
    expect(row(page, 300_002)).to_be_visible()
    page.mouse.wheel(0, height * 100)
    expect(row(page, 300_110)).to_contain_text("300110 epoch")
    page.locator(".lines").press("Home")
    expect(row(page, 1)).to_contain_text("1 epoch")
    page.locator(".lines").press("End")
    expect(row(page, 600_000)).to_be_in_viewport()
    page.locator(".lines").evaluate("(lines) => { lines.scrollTop = lines.scrollHeight / 2 }")
    page.wait_for_function(
        "() => Math.abs(document.querySelector('.row')?.dataset.line - 300000) < 10000"
    )
    expect(page.locator(".row").first).to_contain_text("epoch")


def given_up(request: Request, asked: list[str]) -> None:
    """A network of the machine came or went: the page asks again, not twice."""
    if "ERR_NETWORK_CHANGED" in str(request.failure) and request.url in asked:
        asked.remove(request.url)


def test_a_page_asks_for_its_log_at_once_and_for_no_line_twice(long_run, signed_in_page):
    page = signed_in_page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("requestfailed", lambda request: given_up(request, asked))
    open_log(page, long_run, lines="#L299900")
    expect(row(page, 299_900)).to_contain_text("299900 epoch")
    lines = [url for url in asked if "/log/lines" in url]
    assert sum("from=299500&" in url for url in lines) == 1
    assert 1 <= sum("from=-500&" in url for url in lines) <= 2, "again where the page began to hear"
    trees = until(page, lambda: [url for url in asked if "/files?prefix=" in url])
    assert asked.index(lines[0]) < asked.index(trees[0]), "the log does not wait for the tree"
    # An address that names no log, or none that is there, asks for none that is not.
    open_log(page, long_run, "azureml-logs/never.txt")
    expect(row(page, 600_000)).to_contain_text("600000 epoch")


def test_what_is_looked_for_is_found_in_both_directions_and_counted(long_run, signed_in_page):
    page = signed_in_page
    open_log(page, long_run)
    expect(row(page, 600_000)).to_contain_text("600000 epoch")
    page.locator(".lines").press("/")
    field = page.get_by_role("textbox", name="Find in this file")
    tally = page.locator(".viewer:not(.preview) [data-find=tally]")
    expect(field).to_be_focused()
    field.fill("THE RARE WORD")
    expect(tally).to_have_text("4 found", timeout=SLOW_MS)
    field.press("Enter")
    expect(row(page, 570_000).locator("mark.now")).to_have_text("the rare word")
    expect(tally).to_have_text("4 of 4", timeout=SLOW_MS)
    field.press("Shift+Enter")
    expect(row(page, 420_000).locator("mark.now")).to_be_in_viewport()
    expect(tally).to_have_text("3 of 4")
    for number in (570_000, 120_000):
        page.get_by_role("button", name="Next").click()
        expect(row(page, number).locator("mark.now")).to_be_in_viewport()
    picture(page, "log-find")
    page.get_by_role("button", name="Match case").click()
    expect(tally).to_have_text("nothing found", timeout=SLOW_MS)
    field.fill(r"step +7 .*rar[e]|epoch +119 step +4999")
    page.get_by_role("button", name="Regular expression").click()
    expect(tally).to_have_text("1 found", timeout=SLOW_MS)
    field.fill("(")
    expect(tally).to_have_text("no valid pattern")
    field.fill("(?=a)")
    expect(tally).to_have_text("no valid pattern")
    field.press("Escape")
    expect(tally).to_be_empty()
    page.get_by_role("button", name="First error").click()
    expect(page.locator(".viewer:not(.preview) [data-viewer=status]")).to_contain_text(
        "no error in this log", timeout=SLOW_MS
    )


def test_tracebacks_progress_bars_and_colours(live_studio, signed_in_page):
    page = signed_in_page
    run = make(live_studio, "reading", **{"70_driver_log": text_of_epochs()})
    open_log(page, run)
    expect(row(page, 301)).to_contain_text(f"100%|{'█' * 25}| 800/800")
    expect(row(page, 301)).not_to_contain_text("96%")
    fold = page.get_by_role("button", name="6 lines")
    expect(fold).to_be_visible()
    expect(row(page, 305)).to_have_count(0)
    expect(row(page, 310)).to_contain_text("RuntimeError: shapes")
    picture(page, "log-traceback")
    settled(page)  # what the socket makes it ask for draws the rows once more
    fold.focus()
    fold.press("Enter")
    expect(row(page, 309)).to_contain_text("return self.head(x)")
    page.get_by_role("button", name="Fold").click()
    expect(row(page, 309)).to_have_count(0)

    open_log(page, run, lines="#L307")
    expect(row(page, 307)).to_contain_text("train(model, loader)")
    page.get_by_role("textbox", name="Find in this file").fill("epoch 7 ")
    page.keyboard.press("Enter")
    expect(row(page, 7).locator("mark.now")).to_be_visible()
    page.get_by_role("button", name="First error").click()
    expect(row(page, 303)).to_contain_text("Traceback")

    open_log(page, run, lines="#L100")
    for name, words in {
        "t-yellow": "WARNING", "t-bold": "bold", "t-blue": "blue", "t-on-red": "on red",
    }.items():  # fmt: skip
        expect(row(page, 100).locator(f".{name}", has_text=words)).to_be_visible()
    page.set_viewport_size({"width": 900, "height": 700})
    picture(page, "log-colours-900")


def test_lines_are_copied_without_their_numbers(live_studio, signed_in_page):
    page = signed_in_page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    run = make(live_studio, "copying", **{"70_driver_log": text_of_epochs()})
    open_log(page, run, lines="#L20-22")
    expect(row(page, 21)).to_contain_text("epoch 21")
    wanted = "epoch 20 loss 0.0500\nepoch 21 loss 0.0476\nepoch 22 loss 0.0455\n"
    page.locator(".lines").press("Control+c")
    read = "() => navigator.clipboard.readText()"
    until(page, lambda: page.evaluate(read) == wanted, "the three lines are copied")
    settled(page)
    row(page, 25).locator("a.n").click()
    row(page, 27).locator("a.n").click(modifiers=["Shift"])
    expect(row(page, 26)).to_have_class(re.compile(r"\bat\b"))
    expect(page).to_have_url(re.compile("#L25-27$"))


def test_a_very_long_line_is_wrapped_and_its_rest_comes_when_asked_for(live_studio, signed_in_page):
    page = signed_in_page
    text = "short\n" + "x" * 100_000 + "END\nlast\n"
    run = make(live_studio, "wrapping", **{"70_driver_log": text})
    open_log(page, run, lines="#L2")
    expect(row(page, 2)).to_contain_text("xxxx")
    page.get_by_role("button", name="Wrap").click()
    expect(page.get_by_role("button", name="Wrap")).to_have_attribute("aria-pressed", "true")
    page.locator(".lines").press("End")
    more = page.get_by_role("button", name="33.7 KiB more")
    expect(more).to_be_in_viewport()
    expect(row(page, 3)).to_contain_text("last")
    picture(page, "log-wrapped")
    settled(page)
    more.click()
    expect(row(page, 2)).to_contain_text("xEND")
    expect(more).to_have_count(0)
    page.get_by_role("button", name="Wrap").click()


def test_the_end_is_followed_until_one_scrolls_up(live_studio, signed_in_page):
    page = signed_in_page
    first = "".join(f"said {n}\n" for n in range(200))
    run = make(live_studio, "following", "Running", **{"70_driver_log": first})
    open_log(page, run)
    follow = page.locator(".viewer:not(.preview) [data-viewer=follow]")
    expect(follow).to_have_text("↓ Following the end")
    live_studio.manage("shell", "-c", APPEND.format(run=run, first=200, last=230))
    expect(row(page, 230)).to_be_in_viewport()
    box = page.locator(".lines").bounding_box()
    page.mouse.move(box["x"] + 300, box["y"] + 200)
    page.mouse.wheel(0, -900)
    expect(follow).to_have_text("↓ To the end")
    live_studio.manage("shell", "-c", APPEND.format(run=run, first=230, last=270))
    expect(follow).to_have_text("40 new lines ↓")
    page.locator(".lines").press("End")
    expect(row(page, 270)).to_be_in_viewport()
    expect(page.locator(".viewer:not(.preview) [data-viewer=status]")).to_contain_text("270 lines")


def test_each_line_says_when_it_came(live_studio, signed_in_page):
    page = signed_in_page
    first = "".join(f"said {n}\n" for n in range(200))
    run = make(live_studio, "timed", "Running", **{"70_driver_log": first})
    open_log(page, run)
    number = row(page, 200).locator("a.n")
    expect(number).to_have_attribute("title", re.compile(r"\d\d:\d\d"))
    expect(number).to_be_in_viewport()
    narrow = size_of(page, 200, "width", "a.n")
    button = page.get_by_role("button", name="Times")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    until(page, lambda: size_of(page, 200, "width", "a.n") > narrow + 50, "there is room for times")
    wide = size_of(page, 200, "width", "a.n")
    expect(number).to_have_attribute("data-at", re.compile(r"^\d\d:\d\d:\d\d$"))
    picture(page, "log-times")
    live_studio.manage("shell", "-c", APPEND.format(run=run, first=200, last=230))
    live = row(page, 230).locator("a.n")
    expect(live).to_have_attribute("data-at", re.compile(r"^\d\d:\d\d:\d\d$"))
    assert live.get_attribute("data-at") >= number.get_attribute("data-at")  # unless at midnight
    page.reload()
    expect(page.get_by_role("button", name="Times")).to_have_attribute("aria-pressed", "true")
    expect(live).to_be_in_viewport()
    until(page, lambda: size_of(page, 230, "width", "a.n") == wide, "there is the same room")
    page.get_by_role("button", name="Times").click()


def test_from_one_rank_to_another(live_studio, signed_in_page):
    page = signed_in_page
    texts = {f"70_driver_log_{rank}": f"rank {rank} began\n" for rank in (0, 1, 10)}
    run = make(live_studio, "ranks", **texts)
    open_log(page, run, "azureml-logs/70_driver_log_1.txt")
    expect(page.locator(".rows")).to_contain_text("rank 1 began")
    choice = page.get_by_label("Log of rank")
    expect(choice.locator("option")).to_have_text(["Rank 0", "Rank 1", "Rank 10"])
    choice.select_option("Rank 10")
    expect(page.locator(".rows")).to_contain_text("rank 10 began")
    expect(choice).to_have_value("azureml-logs/70_driver_log_10.txt")


def test_a_log_that_says_the_same_again_leaves_its_lines_alone(live_studio, signed_in_page: Page):
    page = signed_in_page
    run = make(live_studio, "says-it-again", state="Running", **{"70_driver_log": "one\ntwo\n"})
    sockets = []
    page.route_web_socket(
        re.compile("/live/"), lambda one: sockets.append((one, one.connect_to_server()))
    )
    open_log(page, run, path=DRIVER)
    expect(row(page, 2)).to_contain_text("two")
    settled(page)
    row(page, 2).evaluate("node => { node.isSame = true }")
    again = json.dumps({"topic": f"run:{run}:log:{DRIVER}", "event": "listening"})
    with page.expect_response(re.compile("/log/lines")) as answer:
        sockets[-1][0].send(again)
    answer.value.finished()
    page.evaluate("() => new Promise((done) => setTimeout(done, 300))")  # time to draw it anew
    assert row(page, 2).evaluate("node => node.isSame")
