// A confusion matrix as a heat map, counts or shares of what is truly of each class; its classes' table.

import { layout } from "studio/charts";
import { count, element } from "studio/words";
import { cells, readable, sharesOf } from "runs/drawn/cells";
import { escaped } from "runs/drawn/lines";
import { switcher } from "runs/drawn/tile";

// So many cells can hold their number.
const NUMBERED = 14;
const LINE_PX = 15;
const LETTER_PX = 6.4;
const MOST_LETTERS = 16;

const percent = (share) => (share === null ? "–" : `${(share * 100).toFixed(1)} %`);
const cut = (label) => escaped(label.length > MOST_LETTERS ? `${label.slice(0, MOST_LETTERS - 1)}…` : label);

/** Which classes are named at an axis of `size` pixels, that shows `range`. */
function ticks(labels, size, each, range) {
  const [from, to] = [Math.max(0, Math.ceil(Math.min(...range))), Math.min(labels.length - 1, Math.floor(Math.max(...range)))];
  const every = Math.max(1, Math.ceil(((to - from + 1) * each) / Math.max(size, 1)));
  const tickvals = [];
  for (let at = from; at <= to; at += every) tickvals.push(at);
  return { tickvals, ticktext: tickvals.map((at) => cut(labels[at])) };
}

/** The numbers in the cells of a small matrix. */
function numbers(z, most, isShare, look) {
  const texts = { x: [], y: [], text: [], colours: [] };
  z.forEach((row, y) => row.forEach((value, x) => {
    texts.x.push(x);
    texts.y.push(y);
    texts.text.push(isShare ? (value * 100).toFixed(value < 0.0995 && value > 0 ? 1 : 0) : count(value));
    texts.colours.push(readable(value / most, look.surface, look.colours[0], [look.text, look.surface]));
  }));
  const { x, y, text, colours: color } = texts;
  return { type: "scatter", mode: "text", x, y, text, hoverinfo: "skip", textfont: { family: look.font, size: 11, color } };
}

function figure(drawing, view, look, { clientWidth, clientHeight }, zoom) {
  const { labels, matrix } = drawing;
  if (!matrix) return { traces: [], layout: layout(look, { xaxis: { visible: false }, yaxis: { visible: false } }) };
  const isShare = view.unit === "share";
  const values = isShare ? (drawing.shares ??= sharesOf(matrix)) : matrix;
  drawing.most ??= matrix.reduce((high, row) => row.reduce((most, value) => Math.max(most, value), high), 1);
  const most = isShare ? 1 : drawing.most;
  const { across, down } = zoom ?? wholeOf(drawing);
  const longest = Math.min(MOST_LETTERS, Math.max(...labels.map(({ length }) => length)));
  const left = 34 + longest * LETTER_PX;
  const side = Math.min(clientWidth - left - 20, clientHeight - 48);
  // Labels that do not fit side by side are turned.
  const isTurned = (longest * LETTER_PX + 6) * Math.min(labels.length, across[1] - across[0]) > side;
  const bottom = isTurned ? 34 + longest * LETTER_PX * 0.72 : 42;
  const gap = Math.abs(across[1] - across[0]) > 60 ? 0 : 1;
  const map = {
    type: "heatmap", ...cells(values, across, down), zmin: 0, zmax: most, hoverinfo: "none", showscale: false,
    xgap: gap, ygap: gap, colorscale: [[0, look.surface], [1, look.colours[0]]],
  };
  const title = (text) => ({ text, font: { size: 11, color: look.faint }, standoff: 6 });
  const axis = { fixedrange: labels.length <= NUMBERED, showgrid: false, constrain: "domain", ticks: "" };
  const room = isTurned ? 1.6 * LINE_PX : longest * LETTER_PX + 6;
  return {
    traces: labels.length <= NUMBERED ? [map, numbers(map.z, most, isShare, look)] : [map],
    layout: layout(look, {
      hovermode: "closest",
      margin: { l: left, r: 16, t: 6, b: bottom },
      xaxis: { ...axis, ...ticks(labels, side, room, across), range: across, tickangle: isTurned ? -45 : 0, title: title("Predicted") },
      yaxis: { ...axis, ...ticks(labels, side, LINE_PX, down), range: down, scaleanchor: "x", title: title("True") },
    }),
  };
}

/** Both axes' ranges, the first class above and to the left. */
const wholeOf = ({ labels }) => ({ across: [-0.5, labels.length - 0.5], down: [labels.length - 0.5, -0.5] });

function words({ labels, matrix, accuracy, macro, total }) {
  const found = [`accuracy ${percent(accuracy)}`, `macro F1 ${percent(macro.f1)}`, `${count(total)} samples`];
  if (!matrix) found.unshift(`${count(labels.length)} classes are too many to draw; their figures are below`);
  return found.join(" · ");
}

function hover({ labels, matrix }, point) {
  const { x: right, y: below, data } = point;
  if (data.dx > 1 || data.dy > 1) {
    const from = ([at, size]) => labels[Math.max(0, Math.round(at - (size - 1) / 2))];
    return `from true ${from([below, data.dy])}, predicted ${from([right, data.dx])} on: at most ${count(point.z)} in a cell; drag over a part to see it whole`;
  }
  const sum = matrix[below].reduce((total, value) => total + value, 0);
  const samples = matrix[below][right];
  return `true ${labels[below]}, predicted ${labels[right]}: ${count(samples)} (${percent(sum ? samples / sum : null)} of ${labels[below]})`;
}

function table({ labels, classes, macro }) {
  const heads = ["Class", "Precision", "Recall", "F1", "Samples"];
  const head = element("tr", {}, ...heads.map((text, at) => element("th", at ? { class: "n" } : {}, text)));
  const row = (label, values, samples) => {
    const cells = [...values.map(percent), samples].map((text) => element("td", { class: "n" }, text));
    return element("tr", {}, element("td", {}, label), ...cells);
  };
  const body = element("tbody", {});
  body.append(row("macro average", [macro.precision, macro.recall, macro.f1], ""));
  labels.forEach((label, at) => {
    const { precision, recall, f1, support } = classes;
    body.append(row(label, [precision[at], recall[at], f1[at]], count(support[at])));
  });
  return element("table", {}, element("thead", {}, head), body);
}

export const confusion = {
  view: { unit: "count" },
  figure,
  words,
  hover,
  table,
  isZoomed: true,
  controls(tile) {
    if (!tile.drawing.matrix) return null;
    const changed = (unit) => tile.turn({ unit });
    return switcher("Numbers", { count: "Counts", share: "% of true" }, { chosen: tile.view.unit, changed });
  },
};
