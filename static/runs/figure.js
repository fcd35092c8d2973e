// One metric's points → traces and layout for Plotly.

import { layout, roundRange } from "studio/charts";
import { smooth } from "runs/smoothing";

const FEW = 60;
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
// A line that grows fills its tile to one of these parts of a power of ten, then gets more room.
const ROOM = [1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];

/** Where the points lie on the chosen axis, and how that axis is written. */
export function across({ steps, times }, { axis, origin }) {
  if (axis === "step") return { x: steps, format: { tickformat: "~s" }, words: "step %{x:,}" };
  if (axis === "wall") {
    // Plotly shows a date's UTC hours: shifted, they are the reader's own.
    const shift = new Date().getTimezoneOffset() * 60_000;
    const x = times.map((time) => time * 1000 - shift);
    return { x, format: { type: "date" }, words: "%{x|%H:%M:%S}" };
  }
  const span = (times.at(-1) ?? origin) - origin;
  const [, seconds, unit] = UNITS.find(([most]) => span < most);
  const x = times.map((time) => (time - origin) / seconds);
  return { x, format: { ticksuffix: ` ${unit}` }, words: `%{x:.4~g}` };
}

/**
 * points: { steps, times, values }.  view: { axis, origin, smoothing, log }.  range: the zoomed part
 * of the x axis, or null.  isLive: whether more is to come.
 */
export function figure(points, { view, look, colour, range, isLive }) {
  const { x, format, words } = across(points, view);
  const finite = points.values.map((value) => (Number.isFinite(value) ? value : null));
  const few = points.steps.length <= FEW;
  // A handful of points is read one by one: smoothed, the newest would seem to be somewhere else.
  const smoothed = few ? points.values : smooth(points.values, view.smoothing);
  const shown = smoothed.map((value) => (Number.isFinite(value) ? value : null));
  const isSmoothed = smoothed !== points.values;
  const line = { color: colour, width: 1.8 };
  const hover = isSmoothed ? "%{customdata:.5~g}  <i>smoothed %{y:.5~g}</i>" : "%{y:.6~g}";
  const base = { type: "scatter", x, hoverinfo: "skip", connectgaps: false };
  const traces = [
    { ...base, y: isSmoothed ? finite : [], mode: "lines", line: { ...line, width: 1 }, opacity: 0.28 },
    {
      ...base, y: shown, mode: few ? "lines+markers" : "lines", line, marker: { color: colour, size: 4 },
      customdata: finite, hoverinfo: "all", hovertemplate: `<b>${hover}</b><br>${words}<extra></extra>`,
    },
    endOf(x, shown, isLive, colour),
    ...MARKS.map((mark) => oddOnes(x, points, mark, look)),
  ];
  const yaxis = view.log ? { type: "log", dtick: "D1" } : { range: heights(finite) };
  if (view.log) Object.assign(yaxis, logarithmic(finite));
  const xaxis = { ...format, range: range ?? widths(x, view.axis, isLive) };
  const yaxis2 = { overlaying: "y", range: [0, 1], visible: false, fixedrange: true };
  return { traces, layout: layout(look, { xaxis, yaxis, yaxis2 }) };
}

function endOf(x, shown, isLive, colour) {
  const at = isLive ? shown.findLastIndex((value) => value !== null) : -1;
  const [ends, y] = at < 0 ? [[], []] : [[x[at]], [shown[at]]];
  return { type: "scatter", x: ends, y, mode: "markers", marker: { color: colour, size: 7 }, hoverinfo: "skip" };
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

/** Least and greatest of what is finite. (Math.min of a spread overflows the stack on long arrays.) */
function bounds(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value === null) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

function heights(finite) {
  const [low, high] = bounds(finite);
  if (low > high) return [0, 1];
  const [from, to] = roundRange(low, high);
  // Plotly leaves out a grid line that lies exactly on the edge.
  const hair = (to - from) * 0.008;
  return [from - hair, to + hair];
}

function logarithmic(finite) {
  const [low, high] = bounds(finite.map((value) => (value > 0 ? value : null)));
  if (low > high) return { range: [-1, 1] };
  const [from, to] = [Math.log10(low), Math.log10(high)];
  const room = Math.max(0.02, (to - from) * 0.05);
  // Less than a power of ten apart, whole powers would leave the axis without a number.
  return { range: [from - room, to + room], dtick: to - from > 1.5 ? 1 : undefined };
}

function widths(x, axis, isLive) {
  let [low, high] = bounds(x);
  if (low > high) return undefined;
  if (axis !== "wall" && low > 0 && low < (high - low) * 0.05) low = 0;
  if (low === high) return [low - 1, high + 1];
  if (!isLive) return [low, high + (high - low) * 0.01];
  const power = 10 ** Math.floor(Math.log10(high - low));
  return [low, low + ROOM.find((part) => part * power >= high - low) * power];
}
