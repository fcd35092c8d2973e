// Lines of many runs → traces and layout for Plotly.
//
// Lines of one colour and dash are one trace with gaps between them: a hundred thousand points are
// drawn in a fifth of a second as SVG. (WebGL was measured: ten times slower without a graphics
// card, sixteen canvases a page at most, and warnings in the console.)

import { layout, roundRange } from "studio/charts";
import { placed } from "runs/charts/reach";
import { smooth } from "runs/charts/smoothing";
import { places } from "runs/overlay/axis";

export const MARGIN = { l: 46, r: 16, t: 8, b: 26 };
// Dashes tell apart as many lines; of more, their gaps beside each other would be read as steps.
const FEW_DASHED = 24;
// Raw lines behind smoothed ones tell apart this many; more are a carpet.
const FEW_LINES = 12;
// Of marks nearer to each other than a sixtieth of the axis one is drawn.
const MARKS_BESIDE = 60;
// So few points are read one by one: smoothed, the newest would seem to be somewhere else.
const FEW_POINTS = 60;
const MARKS = [
  { is: Number.isNaN, symbol: "x-thin", place: 0.96 },
  { is: (value) => value === Infinity, symbol: "triangle-up", place: 0.96 },
  { is: (value) => value === -Infinity, symbol: "triangle-down", place: 0.04 },
];

/**
 * What is drawn of each line: { line, name, x: places, y: smoothed, raw, exact, steps, colour, dash };
 * in order; raw: without what has no place.
 * lines: with points.  view: { axis, smoothing }.  paint(run) → { colour, dash }.
 */
export function drawn(lines, view, paint) {
  const wanted = `${view.axis} ${view.smoothing}`;
  return lines.filter(({ steps }) => steps.length).map((line) => {
    // A smoothed line is kept until it grows: most of many lines have ended.
    if (line.cache?.wanted !== wanted) {
      const { values: exact, ...columns } = line.shown;
      const raw = placed(exact);
      const y = raw.length > FEW_POINTS ? smooth(raw, view.smoothing) : raw;
      line.cache = { wanted, exact, raw, y, x: places(columns, line.run, view), steps: columns.steps };
    }
    return { line, name: line.run.name, ...line.cache, ...paint(line.run) };
  });
}

/** some: from `drawn`.  scale: from scaleOf.  range: Plotly's numbers at the ends of the axis. */
export function figure(some, { scale, range, view, look }) {
  const isSmoothed = some.some(({ y, raw }) => y !== raw);
  const width = some.length > 40 ? 1 : some.length > 12 ? 1.3 : 1.7;
  const behind = isSmoothed && some.length <= FEW_LINES ? merged(some, scale, { key: "raw", width: 1, opacity: 0.26 }) : [];
  const traces = [...behind, ...merged(some, scale, { key: "y", width, opacity: some.length > 40 ? 0.7 : 1 })];
  traces.push(ends(some, scale), ...odd(some, scale, { look, range }));
  const heights = view.log ? logarithmic(seen(some, scale, range)) : linear(seen(some, scale, range));
  return { traces, layout: frame(look, { scale, range, heights }) };
}

/** The layout that the lines of runs share with the bands of groups. */
export function frame(look, { scale, range, heights }) {
  const yaxis2 = { overlaying: "y", range: [0, 1], visible: false, fixedrange: true };
  const xaxis = { ...scale.format, ...scale.ticks?.(range), range };
  return layout(look, { margin: MARGIN, hovermode: false, xaxis, yaxis: heights, yaxis2 });
}

/** One trace for all lines of a colour and a dash. */
function merged(some, scale, { key, width, opacity }) {
  const traces = new Map();
  const isSolid = key === "raw" || some.length > FEW_DASHED;
  for (const { x, [key]: y, colour, dash: own } of some) {
    const dash = isSolid ? "solid" : own;
    const name = `${colour} ${dash}`;
    if (!traces.has(name)) {
      const line = { color: colour, dash, width };
      traces.set(name, { type: "scatter", mode: "lines", x: [], y: [], line, opacity, hoverinfo: "skip", connectgaps: false });
    }
    const trace = traces.get(name);
    for (let at = 0; at < x.length; at += 1) {
      trace.x.push(scale.from(x[at]));
      trace.y.push(Number.isFinite(y[at]) ? y[at] : null);
    }
    trace.x.push(null);
    trace.y.push(null);
  }
  return [...traces.values()];
}

/** A dot where a run still goes on, or has too few points for a line. */
function ends(some, scale) {
  const trace = { type: "scatter", mode: "markers", x: [], y: [], marker: { color: [], size: some.length > 40 ? 4 : 7 }, hoverinfo: "skip" };
  for (const { line, x, y, colour } of some) {
    if (!line.run.isLive && x.length > 1) continue;
    const at = y.findLastIndex(Number.isFinite);
    if (at < 0) continue;
    trace.x.push(scale.from(x[at]));
    trace.y.push(y[at]);
    trace.marker.color.push(colour);
  }
  return trace;
}

function odd(some, scale, { look, range: [from, to] }) {
  const broken = some.filter(({ line, raw, exact }) => line.odd != null || raw !== exact);
  const beside = (to - from) / MARKS_BESIDE;
  return MARKS.map(({ is, symbol, place }) => {
    const at = new Map();
    for (const { x, raw } of broken) {
      raw.forEach((value, index) => {
        const where = is(value) ? scale.from(x[index]) : NaN;
        const slot = Math.floor((where - from) / beside);
        if (!Number.isNaN(where) && !(at.get(slot) <= where)) at.set(slot, where);
      });
    }
    const marker = { symbol, size: 7, color: look.failed, line: { color: look.failed, width: 1.6 } };
    const places = [...at.values()];
    return { type: "scatter", mode: "markers", yaxis: "y2", cliponaxis: true, hoverinfo: "skip", marker, x: places, y: places.map(() => place) };
  });
}

/** [least, greatest, least above zero] of what is in the range. */
function seen(some, scale, [from, to]) {
  let [least, greatest, positive] = [Infinity, -Infinity, Infinity];
  for (const { x, raw } of some) {
    for (let at = 0; at < x.length; at += 1) {
      const value = raw[at];
      const place = scale.from(x[at]);
      if (!Number.isFinite(value) || place < from || place > to) continue;
      if (value < least) least = value;
      if (value > greatest) greatest = value;
      if (value > 0 && value < positive) positive = value;
    }
  }
  return [least, greatest, positive];
}

export function linear([least, greatest]) {
  if (least > greatest) return { range: [0, 1] };
  const [from, to, step] = roundRange(least, greatest);
  // Plotly leaves out a grid line that lies exactly on the edge.
  const hair = (to - from) * 0.008;
  return { range: [from - hair, to + hair], tick0: 0, dtick: step };
}

export function logarithmic([, greatest, positive]) {
  if (!(greatest > 0)) return { type: "log", range: [-1, 1] };
  const [from, to] = [positive, greatest].map(Math.log10);
  const room = Math.max(0.02, (to - from) * 0.05);
  // Less than a power of ten apart, whole powers would leave the axis without a number.
  return { type: "log", range: [from - room, to + room], dtick: to - from > 1.5 ? 1 : undefined };
}
