"""What one waits for in the browser: a page's first paint, and a hundred runs' curves, drawn."""

import statistics

from playwright.sync_api import Browser, Page

from benchmarks.charts import CURVE, OVERLAID, POINTS_OF_EACH, filled
from benchmarks.figures import Figure
from tests.fixtures.stack import chromium
from tests.fixtures.studio_process import StudioProcess

TIMES = 7
# What a page still asks for would be waited for by the next one.
REST_MS = 1000
# When curves were asked for, and when the frame came that showed all of them.
WATCH = """
(() => {
  const asked = window.fetch;
  window.fetch = (target, given) => {
    if (String(target).endsWith("/curves")) window.askedAt ??= performance.now();
    return asked(target, given);
  };
  const look = () => {
    const plot = [...document.querySelectorAll(".js-plotly-plot")]
      .find(({ data }) => data?.reduce((sum, { y }) => sum + (y?.length ?? 0), 0) >= POINTS);
    if (plot) setTimeout(() => (window.drawnAt = performance.now()));
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})();
""".replace("POINTS", str(OVERLAID * CURVE))
# The same lines by Plotly alone, to the frame that shows them.
ALONE = """async () => {
  const shown = [...document.querySelectorAll(".js-plotly-plot")].find(({ data }) => data);
  const data = shown.data.map(({ x, y }) => ({ type: "scatter", mode: "lines", x, y }));
  const plot = document.createElement("div");
  document.body.append(plot);
  const began = performance.now();
  await window.Plotly.newPlot(plot, data, { width: 800, height: 400 });
  await new Promise((shown) => requestAnimationFrame(() => setTimeout(shown)));
  const took = performance.now() - began;
  plot.remove();
  return took;
}"""
PAINTED = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime"


def measure(studio: StudioProcess) -> list[Figure]:
    """Each page opened several times in one browser, as by somebody who was there before."""
    filled(studio, "many", OVERLAID, POINTS_OF_EACH)
    with chromium() as browser:
        page = _signed_in(studio, browser)
        page.add_init_script(WATCH)
        place = f"{studio.url}/w/default/compare/?experiment=many"
        curves, whole, alone = [], [], []
        for _ in range(TIMES):
            page.goto(place)
            page.wait_for_function("() => window.drawnAt", timeout=60_000)
            asked, drawn = page.evaluate("[window.askedAt, window.drawnAt]")
            curves.append(drawn - asked)
            whole.append(drawn)
            alone.append(page.evaluate(ALONE))
        clicked = f"from the click {statistics.median(whole):.0f} ms"
        figure = Figure(
            f"{OVERLAID} × {POINTS_OF_EACH:,} points, asked for → drawn",
            statistics.median(curves), statistics.median(alone), "ms",
            "the same lines by Plotly alone", "≤ 1,000 ms",
            f"of {TIMES}, the first {curves[0]:.0f} ms; {clicked}",
        )  # fmt: skip
        return [figure, *(_painted(page, studio, path) for path in _pages())]


def _pages() -> list[str]:
    return ["/", "/w/default/experiments/many/", "/w/default/compare/?experiment=many"]


def _painted(page: Page, studio: StudioProcess, path: str) -> Figure:
    def first(url: str) -> float:
        took = []
        for _ in range(TIMES):
            page.goto(url)
            page.wait_for_function(PAINTED)
            took.append(page.evaluate(PAINTED))
            page.wait_for_timeout(REST_MS)
        return statistics.median(took)

    bare = first(f"{studio.url}/static/studio/mark.svg?bare")
    return Figure(
        f"first paint of {path}", first(studio.url + path), bare, "ms",
        "a static file of a few lines", "≤ 300 ms",
    )  # fmt: skip


def _signed_in(studio: StudioProcess, browser: Browser) -> Page:
    page = browser.new_page(base_url=studio.url, viewport={"width": 1440, "height": 900})
    page.goto(studio.sign_in_link())
    page.get_by_role("button", name="Sign in as admin").click()
    page.wait_for_url("**/settings/**")
    return page
