// One metric's points → traces and layout for Plotly.

import { layout, roundRange } from "studio/charts";
import { smooth } from "runs/charts/smoothing";

// So few points are read one by one: smoothed, the newest would seem to be somewhere else.
const FEW = 60;
const DAY_S = 86400;
const MARKS = [
  { is: Number.isNaN, symbol: "x-thin", place: 0.96, words: "NaN" },
  { is: (value) => value === Infinity, symbol: "triangle-up", place: 0.96, words: "+Inf" },
  { is: (value) => value === -Infinity, symbol: "triangle-down", place: 0.04, words: "−Inf" },
];
const UNITS = [
  [120, 1, "s"],
  [120 * 60, 60, "min"],
  [Infinity, 3600, "h"],
];

/**
 * How the chosen axis is written: at(step, time) → the place of a point; format: of its numbers;
 * words: of a point under the mouse.  span: where the axis begins and ends, in steps or seconds.
 */
export function axisOf({ axis, origin }, [from, to]) {
  if (axis === "step") {
    return { at: (step) => step, format: { tickformat: "~s" }, words: "step %{x:,}" };
  }
  if (axis === "wall") {
    // Plotly shows a date's UTC hours: shifted, they are the reader's own.
    const shift = new Date().getTimezoneOffset() * 60_000;
    const tickformat = to - from < DAY_S ? "%H:%M:%S" : "%b %e %H:%M";
    const format = { type: "date", tickformat, nticks: 5 };
    return { at: (step, time) => time * 1000 - shift, format, words: "%{x|%b %e %H:%M:%S}" };
  }
  const [, seconds, unit] = UNITS.find(([most]) => to - origin < most);
  const format = { ticksuffix: ` ${unit}` };
  return { at: (step, time) => (time - origin) / seconds, format, words: "after %{x:.4~g}" };
}

/**
 * points: { steps, times, values }.  scale: from axisOf.  range: the ends of the horizontal axis.
 * view: { smoothing, log }.  isLive: whether more is to come.
 */
export function figure(points, { scale, range, view, look, colour, isLive }) {
  const { steps, times, values } = points;
  const x = steps.map((step, index) => scale.at(step, times[index]));
  const few = steps.length <= FEW;
  const smoothed = few ? values : smooth(values, view.smoothing);
  const [y, shown] = [values, smoothed].map(finite);
  const isSmoothed = smoothed !== values;
  const line = { color: colour, width: 1.8 };
  const hover = isSmoothed ? "<b>%{customdata:.5~g}</b>  smoothed %{y:.5~g}" : "<b>%{y:.6~g}</b>";
  const base = { type: "scatter", x, hoverinfo: "skip", connectgaps: false };
  const traces = [
    { ...base, y: isSmoothed ? y : [], mode: "lines", line: { ...line, width: 1 }, opacity: 0.28 },
    {
      ...base, y: shown, mode: few ? "lines+markers" : "lines", line, marker: { color: colour, size: 4 },
      customdata: y, hoverinfo: "all", hovertemplate: `${hover}<br>${scale.words}<extra></extra>`,
    },
    endOf(x, shown, isLive, colour),
    ...MARKS.map((mark) => oddOnes(x, points, mark, look)),
  ];
  const seen = y.filter((value, index) => value !== null && x[index] >= range[0] && x[index] <= range[1]);
  const yaxis = view.log ? logarithmic(seen) : heights(seen);
  const yaxis2 = { overlaying: "y", range: [0, 1], visible: false, fixedrange: true };
  return { traces, layout: layout(look, { xaxis: { ...scale.format, range }, yaxis, yaxis2 }) };
}

const finite = (values) => values.map((value) => (Number.isFinite(value) ? value : null));

function endOf(x, shown, isLive, colour) {
  const at = isLive ? shown.findLastIndex((value) => value !== null) : -1;
  const [ends, y] = at < 0 ? [[], []] : [[x[at]], [shown[at]]];
  const marker = { color: colour, size: 7 };
  return { type: "scatter", x: ends, y, mode: "markers", marker, hoverinfo: "skip" };
}

function oddOnes(x, { steps, values }, { is, symbol, place, words }, look) {
  const at = values.map((value, index) => (is(value) ? index : -1)).filter((index) => index >= 0);
  return {
    type: "scatter", mode: "markers", yaxis: "y2", cliponaxis: false,
    x: at.map((index) => x[index]), y: at.map(() => place), customdata: at.map((index) => steps[index]),
    marker: { symbol, size: 8, color: look.failed, line: { color: look.failed, width: 2 } },
    hovertemplate: `<b>${words}</b> at step %{customdata:,}<extra></extra>`,
  };
}

/** Least and greatest. (Math.min of a spread overflows the stack on long arrays.) */
const bounds = (values) =>
  values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);

function heights(seen) {
  if (!seen.length) return { range: [0, 1] };
  const [from, to, step] = roundRange(...bounds(seen));
  // Plotly leaves out a grid line that lies exactly on the edge.
  const hair = (to - from) * 0.008;
  return { range: [from - hair, to + hair], tick0: 0, dtick: step };
}

function logarithmic(seen) {
  const positive = seen.filter((value) => value > 0);
  if (!positive.length) return { type: "log", range: [-1, 1] };
  const [from, to] = bounds(positive).map(Math.log10);
  const room = Math.max(0.02, (to - from) * 0.05);
  // Less than a power of ten apart, whole powers would leave the axis without a number.
  return { type: "log", range: [from - room, to + room], dtick: to - from > 1.5 ? 1 : undefined };
}
