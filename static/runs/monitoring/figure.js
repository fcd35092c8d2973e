// The lines of one chart, and their limit → traces and layout for Plotly.

import { layout, roundRange } from "studio/charts";
import { unitOf } from "runs/monitoring/charts";

const DASHES = ["solid", "dot", "dash", "dashdot"];
// A limit far above all values would press them to the ground; the key beside the title tells it.
const FAR = 10;

/**
 * curves: [{ label, points: { steps, times, values } }].  kind: of their values, as in charts.js.
 * limit: null or a value.  scale, range: the horizontal axis, as charts/figure takes them.
 */
export function figure(curves, { kind, limit, scale, range, look }) {
  const most = curves.reduce((high, { points }) => greatest(points.values, high), 0);
  const isNear = limit !== null && limit < most * FAR;
  const top = isNear ? Math.max(limit, most) : most;
  const unit = unitOf(kind, top);
  const traces = curves.map(({ label, points }, at) => {
    const x = points.times.map((time, index) => scale.at(points.steps[index], time));
    const when = at === 0 ? `<br>${scale.words}` : "";
    return {
      type: "scatter", mode: "lines", x, y: points.values.map((value) => value / unit.size),
      line: { color: look.colours[at % look.colours.length], width: 1.6, dash: DASHES[at % DASHES.length] },
      hovertemplate: `${label} <b>%{y:.4~g} ${unit.name}</b>${when}<extra></extra>`,
    };
  });
  if (isNear) traces.push(limitLine(limit / unit.size, range, look));
  const yaxis = heights(kind, top / unit.size, unit.name);
  const margin = { l: 70, r: 26, t: 10, b: 26 };
  return { traces, layout: layout(look, { xaxis: { ...scale.format, range }, yaxis, margin }) };
}

function heights(kind, top, name) {
  const [, high, dtick] = kind === "percent" ? [0, 100, 25] : roundRange(0, top || 1);
  const hair = high * 0.012;
  return { range: [-hair, high + hair], tick0: 0, dtick, ticksuffix: ` ${name}`, hoverformat: ".4~g" };
}

function limitLine(height, range, look) {
  const line = { color: look.failed, width: 1.4, dash: "dash" };
  return { type: "scatter", mode: "lines", x: range, y: [height, height], line, hoverinfo: "skip" };
}

const greatest = (values, high) => values.reduce((most, value) => Math.max(most, value), high);
