// The points of a tile's metrics → traces and layout for Plotly.

import { layout } from "studio/charts";
import { axisOf, heightsOf } from "runs/charts/axis";
import { placed, unplaced } from "runs/charts/reach";
import { smooth } from "runs/charts/smoothing";

export { axisOf };

// So few points are read one by one: smoothed unasked, the newest would seem to be somewhere else.
const FEW = 60;
const MARKS = [
  { is: Number.isNaN, symbol: "x-thin", place: 0.96 },
  { is: (value) => value === Infinity, symbol: "triangle-up", place: 0.96 },
  { is: (value) => value === -Infinity, symbol: "triangle-down", place: 0.04 },
];

/**
 * lines: [{ name, points: { steps, times, values }, colour, dash }].  scale: from axisOf.
 * range: the ends of the horizontal axis.  view: { smoothing, isChosen, log }.  isLive: whether more
 * is to come. Returns { traces, layout, lines, hidden }: lines with the places of their points and
 * what they are smoothed to; hidden: how many values have no place on a logarithmic axis; unplaced:
 * what has no place on any, in words.
 */
export function figure(lines, { scale, range, view, look, isLive }) {
  const drawnLines = lines.map((line) => placedOf(line, scale, view));
  const traces = drawnLines.flatMap((line) => [
    ...curveOf(line, view.log),
    endOf(line, { isLive, range, isLog: view.log }),
    ...MARKS.map((mark) => oddOnes(line, mark, { look, range })),
  ]);
  const inSight = (key) => drawnLines.flatMap((line) => line[key].filter((_, at) => isIn(range, line.x[at])));
  const seen = inSight("values").filter(Number.isFinite);
  const exact = inSight("exact");
  const spikes = { showspikes: true, spikemode: "across", spikesnap: "cursor", spikethickness: 1 };
  const xaxis = { ...scale.format, ...scale.ticks?.(range), ...spikes, spikedash: "solid", spikecolor: look.strong, range };
  const yaxis2 = { overlaying: "y", range: [0, 1], visible: false, fixedrange: true };
  return {
    traces,
    layout: layout(look, { xaxis, yaxis: heightsOf(seen, view.log), yaxis2, hovermode: "x" }),
    lines: drawnLines,
    hidden: view.log ? exact.filter((value) => value <= 0 && value > -Infinity).length : 0,
    unplaced: unplaced(exact),
  };
}

function placedOf(line, scale, { smoothing, isChosen }) {
  const { steps, times, values: exact } = line.points;
  const values = placed(exact);
  const x = steps.map((step, at) => scale.at(step, times[at]));
  const isFew = steps.length <= FEW;
  const smoothed = isFew && !isChosen ? values : smooth(values, smoothing);
  return { ...line, x, values, exact, smoothed, isFew, isSmoothed: smoothed !== values };
}

/** The line, and what was logged faint behind it where it is smoothed. */
function curveOf({ x, values, smoothed, isSmoothed, isFew, colour, dash }, isLog) {
  const base = { type: "scatter", x, connectgaps: false };
  const line = { color: colour, width: 1.8, dash };
  const behind = { ...base, hoverinfo: "skip", mode: "lines", line: { color: colour, width: 1 }, opacity: 0.28 };
  const front = { ...base, hoverinfo: "none", mode: isFew ? "lines+markers" : "lines", line };
  return [
    { ...behind, y: isSmoothed ? drawn(values, isLog) : [] },
    { ...front, y: drawn(smoothed, isLog), marker: { color: colour, size: 4 } },
  ];
}

/** What has no place on the axis is a gap. */
const drawn = (values, isLog) =>
  values.map((value) => (Number.isFinite(value) && !(isLog && value <= 0) ? value : null));

const isIn = ([from, to], x) => x >= from && x <= to;

/** The newest point, where there is more to come. */
function endOf({ x, smoothed, colour }, { isLive, range, isLog }) {
  const y = drawn(smoothed, isLog);
  const at = isLive ? y.findLastIndex((value) => value !== null) : -1;
  const [ends, heights] = at < 0 || !isIn(range, x[at]) ? [[], []] : [[x[at]], [y[at]]];
  const base = { type: "scatter", mode: "markers", cliponaxis: false, hoverinfo: "skip" };
  return { ...base, x: ends, y: heights, marker: { color: colour, size: 7 } };
}

/** A mark at the edge for each value that is no finite number, exactly where it was logged. */
function oddOnes({ x, values }, { is, symbol, place }, { look, range }) {
  const at = x.filter((one, index) => is(values[index]) && isIn(range, one));
  const marker = { symbol, size: 8, color: look.failed, line: { color: look.failed, width: 2 } };
  const base = { type: "scatter", mode: "markers", yaxis: "y2", cliponaxis: false, hoverinfo: "skip" };
  return { ...base, x: at, y: at.map(() => place), marker };
}
