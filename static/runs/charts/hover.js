// The box beside the mouse: the exact values of all lines of a tile there, the best first.

import { element, value } from "studio/words";

const LESS_IS_BETTER = /loss|err|mse|mae|perplexity|ppl|nll|divergence|entropy|\bwer\b|\bcer\b|time|latency/i;

/** The index of the place in `x` that is nearest to `at`; -1 for none. */
export function nearest(x, at) {
  let found = -1;
  for (let index = 0; index < x.length; index += 1) {
    if (found < 0 || Math.abs(x[index] - at) < Math.abs(x[found] - at)) found = index;
  }
  return found;
}

/** What each line has at `at`: [{ line, index, value }], the best first, what is no number last. */
export function valuesAt(lines, at, title) {
  const sign = LESS_IS_BETTER.test(title) ? 1 : -1;
  const found = lines.map((line) => {
    const index = nearest(line.x, at);
    return { line, index, value: line.points.values[index] };
  });
  const worth = ({ value: given }) => (Number.isFinite(given) ? sign * given : Infinity);
  return found.filter(({ index }) => index >= 0).sort((one, other) => worth(one) - worth(other) || 0);
}

export class Hover {
  /** tile: { plot, title, figure: as charts/figure returned it, scale }. */
  constructor(tile) {
    Object.assign(this, { tile, box: element("div", { class: "hover", hidden: true }) });
    tile.plot.append(this.box);
    tile.plot.on("plotly_hover", ({ xvals }) => this.#show(Number(xvals[0])));
    for (const event of ["plotly_unhover", "plotly_relayout"]) tile.plot.on(event, () => (this.box.hidden = true));
  }

  #show(at) {
    const { plot, title, figure, scale } = this.tile;
    const found = valuesAt(figure.lines, at, title);
    if (!found.length) return;
    const { line, index } = [...found].sort((one, other) => distance(one, at) - distance(other, at))[0];
    const head = scale.say(line.points.steps[index], line.points.times[index]);
    this.box.replaceChildren(element("small", {}, head), ...found.map((one) => row(one, found.length)));
    this.box.hidden = false;
    const { xaxis, yaxis } = plot._fullLayout;
    const left = xaxis._offset + xaxis.c2p(line.x[index]);
    const isRight = left > plot.clientWidth / 2;
    this.box.classList.toggle("left", isRight);
    this.box.style.setProperty("--at", `${Math.round(isRight ? plot.clientWidth - left : left)}px`);
    this.box.style.setProperty("--top", `${yaxis._offset}px`);
  }
}

const distance = ({ line, index }, at) => Math.abs(line.x[index] - at);

function row({ line, index, value: exact }, many) {
  const swatch = element("i", { class: `swatch ${line.dash}` });
  swatch.style.setProperty("--colour", line.colour);
  const words = [element("b", {}, Number.isFinite(exact) ? String(exact) : value(exact))];
  if (line.isSmoothed && Number.isFinite(exact)) words.push(` smoothed ${value(line.smoothed[index])}`);
  return element("div", {}, swatch, many > 1 ? `${line.name} ` : "", ...words);
}
