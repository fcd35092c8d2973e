// The tab "Metrics": a tile per metric, drawn when it is seen, growing while the run logs.

import { onTheme, theme } from "studio/charts";
import { liveState } from "studio/live";
import { Controls } from "runs/charts/controls";
import { download } from "runs/charts/csv";
import { Drawing } from "runs/charts/drawing";
import { Feed } from "runs/charts/feed";
import { inOrder, lay } from "runs/charts/order";
import { Series } from "runs/charts/series";
import { spanOf, withRoom } from "runs/charts/span";
import { Tile } from "runs/charts/tile";
import { count } from "studio/words";

const root = document.querySelector("[data-run-metrics]");
const part = (name) => root.querySelector(`[data-${name}]`);
const { api, topic, name: runId } = root.dataset;
const given = JSON.parse(document.getElementById("run-metrics").textContent);
const tiles = new Map();
const all = () => [...tiles.values()];
const curves = () => all().filter((tile) => tile.isCurve).map(({ series }) => series);
let problem = "";
let edge = "";
let coloured = 0;

// What the tiles share.
const page = {
  api,
  look: theme(),
  isLive: !given.is_final,
  span: (series) => spanOf(series, curves(), page.view),
  draw: (tile) => drawing.add(tile),
};
const drawing = new Drawing({
  drawn: tell,
  seen: (tile) => tile.series.points || feed.load([tile]),
});
const controls = new Controls(part("tools"), arrange);
const feed = new Feed({
  api,
  topic: `${topic}:metrics`,
  tiles,
  page: { add, changed, reshaped: arrange, grew: widen, failed: (words) => (problem = words) },
});

function add(summary) {
  const tile = new Tile(new Series(summary), page);
  tiles.set(summary.name, tile);
  part("tiles").append(tile.node);
  drawing.watch(tile);
}

/** Show what the controls ask for: which tiles, in which order, on which axis. */
function arrange() {
  const { find, ...view } = controls.state;
  const isOtherAxis = page.view && view.axis !== page.view.axis;
  page.view = { ...view, origin: given.started_at ?? firstTime() };
  let shown = 0;
  const sorted = inOrder(all());
  lay(part("tiles"), sorted);
  for (const tile of sorted) {
    tile.node.hidden = !tile.series.name.toLowerCase().includes(find.toLowerCase());
    if (!tile.node.hidden) tile.place(shown++);
    if (tile.isCurve) tile.colour ??= coloured++;
    if (isOtherAxis) tile.zoomTo(null);
    drawing.add(tile);
  }
  part("tools").hidden = !tiles.size;
  part("empty").hidden = tiles.size > 0;
  part("none").hidden = shown > 0 || !tiles.size;
  const badge = document.querySelector('[data-count="metrics"]');
  if (badge) badge.textContent = count(tiles.size);
  tell();
}

function changed(tile) {
  if (!Number.isFinite(page.view.origin)) page.view.origin = firstTime();
  tile.describe();
  drawing.add(tile);
}

/** Tiles share their axis: one that grew beyond it makes room in all of them. */
function widen() {
  const [longest] = curves().sort((one, other) => other.last_step - one.last_step);
  const now = longest ? String(withRoom(page.span(longest), page.isLive)) : "";
  if (now !== edge) all().forEach(page.draw);
  edge = now;
}

function firstTime() {
  return Math.min(...all().map(({ series }) => series.points?.times[0] ?? Infinity));
}

function tell() {
  const logged = all().reduce((sum, { series }) => sum + series.count, 0);
  const drawn = all().reduce((sum, tile) => sum + (tile.drawn ?? 0), 0);
  const words = [problem || `${count(logged)} points, ${count(drawn)} drawn`];
  if (page.isLive) words.push(liveState());
  part("status").textContent = words.join(" · ");
}

given.series.forEach(add);
arrange();
onTheme(() => {
  page.look = theme();
  all().forEach(page.draw);
});
document.body.addEventListener("live-state", tell);
document.body.addEventListener("run-ended", () => {
  page.isLive = false;
  feed.catchUp();
});
part("export-csv").addEventListener("click", () => download(api, runId));
