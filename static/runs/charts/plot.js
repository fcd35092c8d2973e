// A figure into its plot: by Plotly, or, where a line only got longer, by its path alone. For each
// point Plotly checks and lays out all of a chart anew, and a page shows many lines that grow.

import { CONFIG } from "studio/charts";

/** Draw `figure`, where the one drawn before had the shape `before`. Returns the shape of this one. */
export function plotFigure(plot, figure, before) {
  const shape = shapeOf(figure);
  const isLonger = shape !== null && shape === before && lengthen(plot, figure);
  if (!isLonger) window.Plotly.react(plot, figure.traces, figure.layout, CONFIG);
  return shape;
}

/** What a figure looks like but for its lines' points; null where those are dots as well. */
function shapeOf({ traces, layout, lines }) {
  if (lines.some(({ isFew }) => isFew)) return null;
  return JSON.stringify([layout, traces.map(({ x, y, ...rest }) => [rest, isMark(rest) ? x : y.some(isPlaced)])]);
}

/**
 * Draw the lines of a figure in `plot`, which Plotly has drawn in the same shape. Returns whether
 * that was possible. What Plotly takes for the chart's data is the new one then.
 */
function lengthen(plot, { traces, layout }) {
  const place = placing(plot._fullLayout, layout);
  return traces.every((trace, index) => {
    if (isMark(trace) || !trace.y.some(isPlaced)) return true;
    const node = plot.querySelector(`.scatterlayer .trace${plot._fullData[index].uid}`);
    const isDrawn = node && (trace.mode === "lines" ? drawLine(node, trace, place) : drawEnd(node, trace, place));
    if (isDrawn) Object.assign(plot.data[index], { x: trace.x, y: trace.y });
    return isDrawn;
  });
}

/** The marks at the edge stand on an axis of their own. */
const isMark = ({ yaxis }) => yaxis === "y2";
const isPlaced = (value) => value !== null;

/** From the ends of both axes: (x, y) → pixels, a tenth of one exactly. */
function placing({ xaxis, yaxis }, layout) {
  const [left, right] = layout.xaxis.range;
  const [low, high] = layout.yaxis.range;
  const height = layout.yaxis.type === "log" ? Math.log10 : (y) => y;
  const wide = (10 * xaxis._length) / (right - left);
  const high10 = (10 * yaxis._length) / (high - low);
  return (x, y) => [Math.round((x - left) * wide) / 10, Math.round((high - height(y)) * high10) / 10];
}

function drawLine(node, { x, y }, place) {
  const [whole, ...others] = node.querySelectorAll("path.js-line");
  if (!whole) return false;
  let path = "";
  let isDown = false;
  for (let at = 0; at < x.length; at += 1) {
    if (isPlaced(y[at])) path += `${isDown ? "L" : "M"}${place(x[at], y[at])}`;
    isDown = isPlaced(y[at]);
  }
  whole.setAttribute("d", path);
  // Plotly draws what lies between two gaps each by itself.
  for (const other of others) other.setAttribute("d", "");
  return true;
}

function drawEnd(node, { x, y }, place) {
  const point = node.querySelector("path.point");
  point?.setAttribute("transform", `translate(${place(x[0], y[0])})`);
  return Boolean(point);
}
