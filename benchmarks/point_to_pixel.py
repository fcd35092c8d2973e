"""From `run.log()` to the drawn frame, while twenty runs log and fifty pages look at them."""

import asyncio
import json
import threading
import time
from typing import Any

import psutil
from playwright.sync_api import Browser, Page
from trainyard import AmlCompute, ComputeTarget, Run, Workspace
from websockets.asyncio.client import connect

from benchmarks.figures import Figure, middle, percentile
from benchmarks.live_line import through_a_pipe
from benchmarks.runs import said_by, submit, workspace_of
from tests.fixtures.page_sockets import signed_in
from tests.fixtures.stack import chromium
from tests.fixtures.studio_process import StudioProcess

RUNS, NODE_SIZE = 20, "0.1cpu-0.1gib"
# Pages of one run each, pages that look at all runs at once, and those that really draw.
OF_ONE, OF_ALL, DRAWN = 30, 18, 2
LOGS_FOR_S, LOOKED_AT_S, STARTS_WITHIN_S = 90, 30, 120
# Each chart that was drawn says which of its values are new; a value is the time it was logged at.
WATCH = """
() => {
  window.late = [];
  const newest = new Map();
  const look = (plot) => {
    const drawn = Date.now() / 1000;
    const known = newest.get(plot);
    let last = known ?? 0;
    for (const value of plot.data.flatMap(({ y }) => Array.from(y ?? []))) {
      if (!(value > drawn - 600 && value <= drawn)) continue;
      if (known && value > known) window.late.push([drawn - value, value]);
      last = Math.max(last, value);
    }
    newest.set(plot, last);
  };
  setInterval(() => {
    for (const plot of document.querySelectorAll(".js-plotly-plot")) {
      if (newest.has(plot)) continue;
      look(plot);
      // A line's path, or the dot at its end, is what one sees of a new point.
      let isWaiting = false;
      new MutationObserver(() => {
        if (!isWaiting) requestAnimationFrame(() => { isWaiting = false; look(plot); });
        isWaiting = true;
      }).observe(plot, { subtree: true, childList: true, attributeFilter: ["d", "transform"] });
    }
  }, 250);
}
"""


def measure(studio: StudioProcess) -> list[Figure]:
    """What each new point needed to be seen, in two pages of Chromium."""
    with workspace_of(studio) as workspace, chromium() as browser:
        runs = _started(workspace)
        pages = Sockets(studio, [run.id for run in runs])
        drawn = _pages(studio, browser, runs)
        late, cpu = _looked_at(studio, drawn)
        frames = pages.stop()
        said = [said_by(run)[-1].split() for run in runs]
    calls = [[float(word) for word in words] for words in said]
    bare = through_a_pipe()
    more = (
        f"p95 {percentile(late, 0.95) * 1000:.0f} ms of {len(late):,} points (target ≤ 500 ms);"
        f" run.log() {middle([one[1] for one in calls]):.1f} µs, p99 of a run at most"
        f" {max(one[2] for one in calls):.0f} µs; web process {cpu:.0f} % of a core;"
        f" {frames:,.0f} frames a second to {OF_ONE + OF_ALL} other pages, there after"
        f" {middle(pages.late) * 1000:.0f} ms, p95 {percentile(pages.late, 0.95) * 1000:.0f} ms"
    )
    return [
        Figure(
            f"point → pixel, {RUNS} runs, {OF_ONE + OF_ALL + DRAWN} pages, median",
            middle(late) * 1000, middle(bare) * 1000, "ms", "a pipe's reader", "≤ 150 ms", more,
        )
    ]  # fmt: skip


def _started(workspace: Workspace) -> list[Run]:
    """Twenty runs that log, each on a node of its own."""
    shape = AmlCompute.provisioning_configuration(NODE_SIZE, max_nodes=RUNS)
    ComputeTarget.create(workspace, "twenty", shape).wait_for_completion()
    runs = [submit(workspace, "ticks.py", LOGS_FOR_S, compute_target="twenty") for _ in range(RUNS)]
    ends = time.monotonic() + STARTS_WITHIN_S
    while any(not run._client.get(f"runs/{run.id}/metrics")["series"] for run in runs):
        if time.monotonic() > ends:
            raise RuntimeError(f"not all of {RUNS} runs logged within {STARTS_WITHIN_S} s")
        time.sleep(1)
    return runs


def _pages(studio: StudioProcess, browser: Browser, runs: list[Run]) -> list[Page]:
    pages = []
    for run in runs[:DRAWN]:
        page = browser.new_page(base_url=studio.url, viewport={"width": 1440, "height": 900})
        page.set_default_timeout(120_000)
        page.goto(studio.sign_in_link())
        page.get_by_role("button", name="Sign in as admin").click()
        page.wait_for_url("**/settings/**")
        page.goto(f"/runs/{run.id}/metrics/")
        page.locator(".js-plotly-plot .main-svg").first.wait_for(timeout=60_000)
        page.evaluate(WATCH)
        pages.append(page)
    return pages


def _looked_at(studio: StudioProcess, pages: list[Page]) -> tuple[list[float], float]:
    """Seconds that each point needed; percent of a core that the web process took meanwhile."""
    web = psutil.Process(studio.record.children["web"].pid)
    pages[0].wait_for_timeout(2000)
    for page in pages:
        page.evaluate("window.late.length = 0")
    before, began = sum(web.cpu_times()[:2]), time.monotonic()
    pages[0].wait_for_timeout(LOOKED_AT_S * 1000)
    cpu = (sum(web.cpu_times()[:2]) - before) / (time.monotonic() - began) * 100
    late = [seconds for page in pages for seconds, _ in page.evaluate("window.late")]
    if not late:
        raise RuntimeError("no point was drawn")
    return late, cpu


class Sockets:
    """The sockets of pages that listen to runs, read in a thread and not drawn."""

    def __init__(self, studio: StudioProcess, runs: list[str]):
        topics = [[f"run:{run}", f"run:{run}:metrics"] for run in runs]
        everything = [topic for some in topics for topic in some]
        self.wanted = [topics[page % len(runs)] for page in range(OF_ONE)] + [everything] * OF_ALL
        self.address = studio.url.replace("http:", "ws:") + "/live/"
        self.headers = {"Cookie": signed_in(studio), "Origin": studio.url}
        self.frames, self.began = 0, time.monotonic()
        # One of them says when its points came.
        self.first: Any = None
        self.late: list[float] = []
        self.loop = asyncio.new_event_loop()
        self.ended = asyncio.Event()
        self.thread = threading.Thread(target=self.loop.run_until_complete, args=[self._all()])
        self.thread.start()

    def stop(self) -> float:
        """Close them; return how many frames came in a second."""
        self.loop.call_soon_threadsafe(self.ended.set)
        self.thread.join()
        self.loop.close()
        return self.frames / (time.monotonic() - self.began)

    async def _all(self) -> None:
        await asyncio.gather(*(self._page(topics) for topics in self.wanted))

    async def _page(self, topics: list[str]) -> None:
        async with connect(self.address, additional_headers=self.headers) as page:
            self.first = self.first or page
            await page.send(json.dumps({"listen": topics}))
            reading = asyncio.create_task(self._read(page))
            await self.ended.wait()
            reading.cancel()

    async def _read(self, page: Any) -> None:
        async for frame in page:
            self.frames += 1
            if page is self.first:
                self._time(json.loads(frame), time.time())

    def _time(self, frame: Any, now: float) -> None:
        for event in frame if isinstance(frame, list) else [frame]:
            for one in event.get("series", {}).values():
                self.late += [now - value for value in one["values"]]
