// An accuracy table as curves: ROC, precision and recall, gain, lift, calibration; of a class or averaged.

import { layout } from "studio/charts";
import { count, element } from "studio/words";
import { switcher } from "runs/drawn/tile";

const CURVES = {
  roc: { title: "ROC", x: "False positive rate", y: "True positive rate", part: "roc" },
  pr: { title: "PR", x: "Recall", y: "Precision", part: "precision_recall" },
  gain: { title: "Gain", x: "Share of the samples, likeliest first", y: "Share of the positives", part: "gain" },
  lift: { title: "Lift", x: "Share of the samples, likeliest first", y: "Times as many positives as by chance", part: "lift" },
  calibration: { title: "Calibration", x: "Score", y: "How often it was true", part: "calibration" },
};
const AVERAGES = { macro: "macro average", micro: "micro average" };

const share = (value) => value.toFixed(3);

/** What would be drawn by chance, or by scores that are exactly right. */
function reference(curve, drawing) {
  if (curve === "lift") return [1, 1];
  return curve === "pr" ? [drawing.positives, drawing.positives] : [0, 1];
}

function figure(drawing, { curve }, look) {
  const { x: across, y: up, part } = CURVES[curve];
  const { x, y } = drawing[part];
  const isFew = x.length <= 60;
  const line = { color: look.colours[0], width: 1.8, shape: "linear" };
  const most = curve === "lift" ? Math.max(1.1, ...y.filter((value) => value !== null)) * 1.05 : 1.02;
  const traces = [
    { type: "scatter", mode: "lines", x: [0, 1], y: reference(curve, drawing), line: { color: look.strong, width: 1, dash: "dash" }, hoverinfo: "skip" },
    {
      type: "scatter", mode: isFew ? "lines+markers" : "lines", x, y, line, marker: { color: look.colours[0], size: 4 },
      hovertemplate: `${across.split(",")[0]} %{x:.3f}<br>${up} <b>%{y:.3f}</b><extra></extra>`,
    },
  ];
  const title = (text) => ({ text, font: { size: 11, color: look.faint }, standoff: 6 });
  return {
    traces,
    layout: layout(look, {
      hovermode: "closest",
      hoverdistance: 30,
      margin: { l: 58, r: 16, t: 8, b: 44 },
      xaxis: { range: [-0.02, 1.02], title: title(across), fixedrange: true, tickformat: "~g" },
      yaxis: { range: [curve === "lift" ? 0 : -0.02, most], title: title(up), tickformat: "~g" },
    }),
  };
}

function words(drawing, { curve }) {
  const { labels, which, averaged } = drawing;
  const said = [AVERAGES[which] ?? `class ${labels[which]}`];
  if (which === "macro" && averaged < labels.length) said[0] += ` of ${averaged} of ${labels.length} classes: the others have no positives or no negatives`;
  if (curve === "roc") said.push(`AUC ${share(drawing.roc.area)}`);
  if (curve === "pr") said.push(`average precision ${share(drawing.precision_recall.area)}`);
  if (curve === "calibration" && which === "macro") said[0] = "all classes together";
  if (curve === "calibration") said.push(`${count(drawing.calibration.counts.reduce((sum, n) => sum + n, 0))} scores in tenths`);
  return said.join(" · ");
}

function controls(tile) {
  const { drawing, view } = tile;
  const select = element("select", { class: "field", "aria-label": `Class of ${tile.name}` });
  const classes = drawing.labels.map((label, at) => [String(at), label]);
  for (const [value, text] of [...Object.entries(AVERAGES), ...classes]) {
    select.append(element("option", { value, selected: value === drawing.which }, text));
  }
  select.addEventListener("change", () => tile.turn({ class: select.value }, true));
  const titles = Object.fromEntries(Object.entries(CURVES).map(([key, { title }]) => [key, title]));
  const curves = switcher("Curve", titles, { chosen: view.curve, changed: (curve) => tile.turn({ curve }) });
  return element("div", { class: "both" }, curves, select);
}

export const accuracy = { view: { curve: "roc", class: "" }, figure, words, controls };
