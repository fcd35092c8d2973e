"""The charts' scripts, in a browser, beside the same in Python."""

import itertools
import math

import numpy as np
import pytest
from playwright.sync_api import Page

from runs.metrics.thinning import Points, bin_for, thin, thin_with_ends

MOST = 1200


def random_values(rng, count: int):
    values = rng.standard_normal(count)
    for odd in (math.nan, math.inf, -math.inf):
        values[rng.integers(0, count, count // 50)] = odd
    return values


def as_json(values) -> list:
    names = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
    return [names.get(repr(v), v) for v in map(float, values)]


@pytest.mark.parametrize("seed", range(4))
def test_what_is_drawn_stays_when_a_tenth_more_comes(signed_in_page: Page, seed):
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1300, 9000))
    total = count + count // 10
    values, steps = random_values(rng, total), np.arange(total)
    whole = Points(steps, steps, steps * 1.0, values)
    asked = []
    for many in (count, total):
        length = bin_for(many, MOST)
        kept = thin_with_ends(whole.at(slice(0, many)), length)
        asked.append({"count": many, "bin": length, "thinned": length > 1, **columns(kept)})
    cuts = sorted({count, *map(int, rng.integers(count, total, 5)), total})
    deltas = [{"after": a, **columns(whole.at(slice(a, b)))} for a, b in itertools.pairwise(cuts)]
    before, after, anew = signed_in_page.evaluate(
        """async ([asked, deltas]) => {
            const { Series } = await import("runs/charts/series");
            const steps = (series) => Array.from(series.shown.steps);
            const series = new Series({ name: "loss", kind: "float" });
            series.load(asked[0]);
            const before = steps(series);
            if (!deltas.every((delta) => series.grow(delta))) throw new Error("refused");
            const after = steps(series);
            series.load(asked[1]);
            return [before, after, steps(series)];
        }""",
        [asked, deltas],
    )
    assert set(before) <= set(after)
    # Asked for again, nothing new stands where bins were full; the last point is its own.
    full = count // asked[1]["bin"] * asked[1]["bin"]
    assert {step for step in anew if step < full} <= set(before)
    if asked[0]["bin"] == asked[1]["bin"]:
        assert {step for step in before if step < full} <= set(anew)


def columns(points: Points) -> dict:
    return {
        "steps": points.steps.tolist(),
        "times": points.times.tolist(),
        "values": as_json(points.values),
    }


@pytest.mark.parametrize("length", [4, 16, 256])
def test_scripts_thin_as_the_studio_does(signed_in_page: Page, length):
    values = random_values(np.random.default_rng(length), 5000)
    steps = np.arange(5000)
    wanted = thin(Points(steps, steps, steps * 1.0, values), length).steps.tolist()
    told = signed_in_page.evaluate(
        """async ([values, bin]) => {
            const { thinTail } = await import("runs/charts/thinning");
            const read = values.map(Number);
            const points = { steps: read.map((_, at) => at), times: read, values: read };
            return thinTail(points, { from: 0, number: 0 }, bin).steps;
        }""",
        [as_json(values), length],
    )
    assert told == wanted


@pytest.mark.parametrize("weight", [0.0, 0.6, 0.99])
def test_smoothing_is_tensorboards(signed_in_page: Page, weight):
    values = random_values(np.random.default_rng(3), 500)
    last, seen, wanted = 0.0, 0, []
    for value in values:
        if math.isfinite(value):
            last = last * weight + (1 - weight) * value
            seen += 1
            wanted.append(last / (1 - weight**seen))
        else:
            wanted.append(value)
    told = signed_in_page.evaluate(
        """async ([values, weight]) => {
            const { smooth } = await import("runs/charts/smoothing");
            return smooth(values.map(Number), weight).map(String);
        }""",
        [as_json(values), weight],
    )
    assert np.allclose([float(v) for v in told], wanted, rtol=1e-12, equal_nan=True)


def test_points_of_several_processes_are_drawn_in_the_order_of_steps(signed_in_page: Page):
    told = signed_in_page.evaluate(
        """async () => {
            const { Series } = await import("runs/charts/series");
            const series = new Series({ name: "loss", kind: "float" });
            const [first, second] = [[1, 2, 3, 4], [5, 6, 7, 8]];
            const there = { steps: [0, 0, 1, 1], times: first, values: first };
            series.load({ count: 4, thinned: false, bin: 1, ...there });
            series.grow({ after: 4, steps: [3, 2, 2, 3], times: second, values: second });
            return [series.shown.steps, series.shown.values];
        }"""
    )
    assert told == [[0, 0, 1, 1, 2, 2, 3, 3], [1, 2, 3, 4, 6, 7, 5, 8]]


LENGTHENED = """async (isLog) => {
  const names = ["runs/charts/figure", "runs/charts/plot", "studio/charts"];
  const modules = await Promise.all(names.map((name) => import(name)));
  const [{ axisOf, figure }, { plotFigure }, { theme }] = modules;
  const plot = document.createElement("div");
  plot.style = "width: 600px; height: 200px";
  document.body.append(plot);
  const scale = axisOf({ axis: "step" }, [0, 1000]);
  const view = { smoothing: 0.6, isChosen: true, log: isLog };
  const of = (count) => {
    const steps = Array.from({ length: count }, (_, step) => step);
    const wave = (step) => 2 + Math.sin((step % 25) / 4);
    const values = steps.map((step) => (step === 50 || step === 230 ? NaN : wave(step)));
    const points = { steps, times: steps, values };
    const line = { name: "", points, colour: "#06c", dash: "solid" };
    const found = figure([line], { scale, range: [0, 1000], view, look: theme(), isLive: true });
    return { ...found, traces: found.traces.filter(({ yaxis }) => yaxis !== "y2") };
  };
  const boxes = () => [...plot.querySelectorAll(".scatterlayer .trace")].map((trace) => {
    const { left, top, right, bottom } = trace.getBoundingClientRect();
    return [left, top, right, bottom];
  });
  const { react } = window.Plotly;
  let byPlotly = 0;
  window.Plotly.react = (...given) => { byPlotly += 1; return react(...given); };
  const shape = plotFigure(plot, of(200), null);
  const before = boxes();
  plotFigure(plot, of(300), shape);
  const ours = boxes();
  window.Plotly.react = react;
  await window.Plotly.redraw(plot);
  const theirs = boxes();
  plot.remove();
  return { byPlotly, before, ours, theirs };
}"""


@pytest.mark.parametrize("is_log", [False, True], ids=["linear", "logarithmic"])
def test_a_line_that_got_longer_lies_where_plotly_would_draw_it(signed_in_page: Page, is_log):
    signed_in_page.add_script_tag(url="/static/vendor/plotly.min.js")
    found = signed_in_page.evaluate(LENGTHENED, is_log)
    assert found["byPlotly"] == 1
    # What was logged, what it is smoothed to, and the newest point.
    assert len(found["ours"]) == 3
    assert np.abs(np.subtract(found["ours"], found["theirs"])).max() < 0.6
    # Wider by a tenth of the axis.
    assert all(
        new[2] - old[2] > 40 for old, new in zip(found["before"], found["ours"], strict=True)
    )
