// Mean and band of each group → traces and layout for Plotly.

import { theme } from "studio/charts";
import { placed } from "runs/charts/reach";
import { frame, linear, logarithmic } from "runs/overlay/figure";

const number = (given) => (given === null ? NaN : Number(given));

/** The answer for one group, its values as numbers. */
export function bandOf({ runs, steps, mean, low, high }) {
  return { runs, steps, mean: mean.map(number), low: low.map(number), high: high.map(number) };
}

const faint = (colour) => {
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  return `rgba(${red}, ${green}, ${blue}, 0.16)`;
};

/** bands: Map group → from bandOf.  groups: Map group → { colour, dash }. */
export function bandFigure(bands, { groups, scale, range, view, look = theme() }) {
  const traces = [];
  let [least, greatest, positive] = [Infinity, -Infinity, Infinity];
  for (const [name, { steps, mean, low, high }] of bands) {
    const { colour, dash } = groups.get(name) ?? { colour: look.colours[0], dash: "solid" };
    const base = { type: "scatter", mode: "lines", x: steps, hoverinfo: "skip", connectgaps: false };
    const edge = { ...base, line: { width: 0, color: colour } };
    traces.push({ ...edge, y: finite(low) }, { ...edge, y: finite(high), fill: "tonexty", fillcolor: faint(colour) });
    traces.push({ ...base, y: finite(mean), line: { color: colour, dash, width: 2 } });
    for (let at = 0; at < steps.length; at += 1) {
      if (steps[at] < range[0] || steps[at] > range[1]) continue;
      for (const value of placed([low[at], high[at], mean[at]]).filter(Number.isFinite)) {
        least = Math.min(least, value);
        greatest = Math.max(greatest, value);
        if (value > 0) positive = Math.min(positive, value);
      }
    }
  }
  const heights = (view.log ? logarithmic : linear)([least, greatest, positive]);
  return { traces, layout: frame(look, { scale, range, heights }) };
}

const finite = (values) => placed(values).map((value) => (Number.isFinite(value) ? value : null));
