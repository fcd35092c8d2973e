// What the keys do on a tile that has the focus; listed in the help of "?".

import { byKey, numbers } from "runs/charts/zoom";
import { element } from "studio/words";

const HELP = [
  [["Enter", "f"], "on a chart: full screen; Esc leaves it"],
  [["←", "→"], "on a chart: the next one; the next part while zoomed"],
  [["+", "−", "0"], "on a chart: zoom in, zoom out, all of it"],
  [["p", "d"], "on a chart: pin it; save it as a picture"],
];
const BESIDE = { ArrowLeft: -1, ArrowRight: 1 };

/** page: { full(tile), pin(tile), save(tile), step(tile, way), zoomTo(tile, range) }. */
export function act(page, tile, key, event) {
  if (event && (event.ctrlKey || event.metaKey || event.altKey)) return;
  const done = { f: page.full, Enter: page.full, p: page.pin, d: page.save }[key];
  if (done) done(tile);
  else if (BESIDE[key] && !tile.zoom) page.step(tile, BESIDE[key]);
  else if (!zoomBy(page, tile, key)) return;
  event?.preventDefault();
  event?.stopPropagation();
}

function zoomBy(page, tile, key) {
  if (!tile.hasPlot) return false;
  const range = byKey(key, numbers(tile.plot.layout.xaxis.range));
  if (!range && key !== "0") return false;
  page.zoomTo(tile, range);
  return true;
}

export function addHelp() {
  const list = document.querySelector("#keys dl");
  for (const [keys, words] of HELP) {
    list?.append(element("dt", {}, ...keys.flatMap((key) => [element("kbd", {}, key), " "])), element("dd", {}, words));
  }
}
