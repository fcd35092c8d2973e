"""A log of ten million lines: opened, gone to a line, searched; what its tab takes of memory."""

import os
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
from playwright.sync_api import Page

from benchmarks.figures import Figure, middle
from benchmarks.long_log import RARE, chunks
from benchmarks.runs import DRIVER_LOG
from tests.fixtures.stack import chromium
from tests.fixtures.studio_process import StudioProcess

LINES = int(os.environ.get("BENCH_LOG_LINES", "10000000"))
TRIES = 5
THROUGH_MS = 240_000  # to look through all of it, on a machine that does much else
# From the moment that the page has its scripts: how long until a text is on the screen.
SHOWN = """
(wanted) => new Promise((done) => {
  const look = () => document.querySelector(".rows")?.textContent.includes(wanted)
    ? done(performance.now()) : requestAnimationFrame(look);
  look();
})
"""
TALLY = """
() => /^[1-9][0-9]* (of [0-9]+|found)$/.test(
  document.querySelector("[data-find=tally]").textContent)
"""
FILL = "from benchmarks import log_filling; print('ID', log_filling.fill_from({place!r}))"


def measure(studio: StudioProcess) -> list[Figure]:
    """Each in a page of Chromium, beside `tail`, `sed` and `grep` on the same bytes in a file."""
    place = studio.folder / "long.log"
    with place.open("wb") as file:
        file.writelines(chunks(LINES))
    found = studio.manage("shell", "-c", FILL.format(place=os.fspath(place)))
    [run] = re.findall(r"^ID (\S+)$", found, re.MULTILINE)
    size = f"{LINES:,} lines, {place.stat().st_size / 1e6:,.0f} MB"
    with chromium() as browser:
        page = browser.new_page(base_url=studio.url, viewport={"width": 1440, "height": 900})
        page.goto(studio.sign_in_link())
        page.get_by_role("button", name="Sign in as admin").click()
        page.wait_for_url("**/settings/**")
        web = psutil.Process(studio.record.children["web"].pid)
        figures = [*_answers(page, run, place, size), *_seen(page, run, place, web)]
    place.unlink()
    return figures


def bare(*words: str) -> float:
    """Milliseconds of a command, the file in the machine's cache."""
    # grep stops at its first match where its output goes to /dev/null.
    return _ms(lambda: subprocess.run(words, stdout=subprocess.PIPE, check=False), 3)


def _ms(work: Callable[[], object], tries: int = TRIES) -> float:
    took = []
    for _ in range(tries):
        began = time.perf_counter()
        work()
        took.append((time.perf_counter() - began) * 1000)
    return middle(took)


def _answers(page: Page, run: str, place: Path, size: str) -> list[Figure]:
    """What the studio alone needs, over HTTP."""
    log = f"/api/v1/runs/{run}/log"

    def ask(call: str) -> float:
        def once() -> None:
            answer = page.request.get(f"{log}/{call}&path={DRIVER_LOG}")
            assert answer.ok, answer.text()

        return _ms(once)

    end, middle_line = ask("lines?from=-500"), ask(f"lines?from={LINES // 2}")
    return [
        Figure("log: its end over HTTP", end, bare("tail", "-n", "500", str(place)), "ms", "tail",
               "≤ 100 ms", size),
        Figure("log: a line in the middle over HTTP", middle_line,
               bare("sed", "-n", f"{LINES // 2},+500p;{LINES // 2 + 500}q", str(place)), "ms",
               "sed to that line", "≤ 100 ms"),
    ]  # fmt: skip


def _seen(page: Page, run: str, place: Path, web: psutil.Process) -> list[Figure]:
    """What a reader waits for, to the line on the screen; and the memory of the tab after it."""
    files = f"/runs/{run}/files/?path={DRIVER_LOG}"
    _opened(page, files, LINES)  # a reader's browser has the scripts of yesterday
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    used_s = _cpu_s(web)
    opened = [_opened(page, files, LINES) for _ in range(TRIES)]
    calls = sum("/api/" in url for url in asked) / TRIES
    cost = (
        f"{calls:.0f} calls of the API, all requests of a page together take "
        f"{(_cpu_s(web) - used_s) / TRIES * 1000:.0f} ms of the web process's CPU"
    )
    linked = [_opened(page, f"{files}#L{number}", number) for number in _numbers()]
    page.goto(files)
    page.evaluate(SHOWN, f"{LINES} epoch")
    page.get_by_role("textbox", name="Find in this file").fill(RARE)
    began = time.perf_counter()
    page.keyboard.press("Enter")
    last = max(range(LINES // 5, LINES + 1, LINES // 4))
    page.evaluate(SHOWN, f"{last} epoch")
    first_hit = (time.perf_counter() - began) * 1000
    page.wait_for_function(TALLY, timeout=THROUGH_MS)
    through = (time.perf_counter() - began) * 1000
    heap, resident = _memory(page)
    grep = bare("grep", "-c", RARE, str(place))
    return [
        Figure("log: opened at its end, page to pixel", middle(opened), bare("tail", str(place)),
               "ms", "tail", "≤ 1,000 ms with the page itself", cost),
        Figure("log: a link to a line, page to pixel", middle(linked),
               bare("sed", "-n", f"{LINES // 2}p;{LINES // 2}q", str(place)), "ms", "sed",
               "≤ 1,000 ms with the page itself"),
        Figure("log: rare word, to its last place", first_hit,
               bare("sh", "-c", f"tac {place} | grep -m1 '{RARE}'"), "ms", "tac and grep -m1"),
        Figure("log: rare word, all counted", through, grep, "ms", "grep -c", "a few s"),
        Figure("log: the tab's JavaScript heap", heap, place.stat().st_size / 2**20, "MiB",
               "the log itself", "", f"the tab's process has {resident:.0f} MiB resident"),
    ]  # fmt: skip


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _numbers() -> list[int]:
    return [1 + LINES * share // TRIES for share in range(TRIES)]


def _opened(page: Page, address: str, number: int) -> float:
    """Milliseconds from the navigation until a line's text is in a row."""
    page.goto("about:blank")
    page.goto(address, wait_until="commit")
    return float(page.evaluate(SHOWN, f"{number} epoch"))


def _memory(page: Page) -> tuple[float, float]:
    """MiB of the page's JavaScript heap, and of the largest process that draws pages."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    metrics = session.send("Performance.enable") or session.send("Performance.getMetrics")
    heap = {one["name"]: one["value"] for one in metrics["metrics"]}["JSHeapUsedSize"]
    drawing = [
        one.info["memory_info"].rss
        for one in psutil.process_iter(["cmdline", "memory_info"])
        if "--type=renderer" in (one.info["cmdline"] or [])
    ]
    return heap / 2**20, max(drawing) / 2**20
