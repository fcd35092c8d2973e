// Residuals as a histogram; predictions as their means over the true values, with a band of errors.

import { layout } from "studio/charts";
import { count, value } from "studio/words";

const title = (text, look) => ({ text, font: { size: 11, color: look.faint }, standoff: 6 });
const centres = (edges) => edges.slice(1).map((edge, at) => (edge + edges[at]) / 2);
const widths = (edges) => edges.slice(1).map((edge, at) => edge - edges[at]);
const spans = (edges) => edges.slice(1).map((edge, at) => `${value(edges[at])} to ${value(edge)}`);

export const residuals = {
  view: {},
  controls: () => null,
  words({ total, mean, deviation }) {
    if (mean === null) return "no samples";
    return `${count(total)} samples · mean ≈ ${value(mean)} · standard deviation ≈ ${value(deviation)}`;
  },
  figure({ edges, counts }, view, look) {
    const bars = {
      type: "bar", x: centres(edges), y: counts, width: widths(edges), customdata: spans(edges),
      marker: { color: look.colours[0], line: { color: look.surface, width: counts.length > 200 ? 0 : 1 } },
      hovertemplate: "%{customdata}<br><b>%{y:,}</b> samples<extra></extra>",
    };
    return {
      traces: [bars],
      layout: layout(look, {
        hovermode: "closest",
        margin: { l: 58, r: 16, t: 8, b: 44 },
        bargap: 0,
        xaxis: { title: title("Residual: predicted − true", look), fixedrange: true },
        yaxis: { title: title("Samples", look), rangemode: "tozero" },
        shapes: [{ type: "line", x0: 0, x1: 0, yref: "paper", y0: 0, y1: 1, line: { color: look.strong, width: 1, dash: "dash" } }],
      }),
    };
  },
};

/** The mean line, the band around it, what would be exact, and how many samples each bin has. */
function predicted({ edges, true: at, predicted: means, errors, counts }, look) {
  const there = at.map((_, bin) => bin).filter((bin) => means[bin] !== null);
  const of = (values) => there.map((bin) => values[bin]);
  const x = of(at);
  const edge = (way) => there.map((bin) => means[bin] + way * errors[bin]);
  const colour = look.colours[0];
  const bound = { type: "scatter", mode: "lines", x, line: { width: 0, color: colour }, hoverinfo: "skip" };
  const ends = [edges[0], edges.at(-1)];
  return [
    { type: "bar", x: at, y: counts, width: widths(edges), yaxis: "y2", marker: { color: look.strong }, customdata: spans(edges), hovertemplate: "true %{customdata}<br><b>%{y:,}</b> samples<extra></extra>" },
    { type: "scatter", mode: "lines", x: ends, y: ends, line: { color: look.strong, width: 1, dash: "dash" }, hoverinfo: "skip" },
    { ...bound, y: edge(-1) },
    { ...bound, y: edge(1), fill: "tonexty" },
    {
      type: "scatter", mode: "lines+markers", x, y: of(means), line: { color: colour, width: 1.8 }, marker: { color: colour, size: 4 },
      customdata: of(errors), hovertemplate: "true %{x:.4~g}<br>predicted <b>%{y:.4~g}</b> ± %{customdata:.3~g}<extra></extra>",
    },
  ];
}

export const predictions = {
  view: {},
  controls: () => null,
  words: ({ total, counts }) => `${count(total)} samples in ${count(counts.length)} bins · band: ± the error of each bin · dashed: exactly right`,
  figure(drawing, view, look) {
    const { edges } = drawing;
    return {
      traces: predicted(drawing, look),
      layout: layout(look, {
        hovermode: "closest",
        margin: { l: 58, r: 16, t: 8, b: 44 },
        bargap: 0,
        xaxis: { title: title("True", look), range: [edges[0], edges.at(-1)], fixedrange: true, anchor: "y2" },
        yaxis: { title: title("Predicted", look), domain: [0.26, 1] },
        yaxis2: { title: title("Samples", look), domain: [0, 0.18], fixedrange: true, nticks: 3, gridcolor: look.line, zeroline: false, rangemode: "tozero", tickfont: { family: look.font, size: 11, color: look.faint } },
      }),
    };
  },
};
