// The tab "Metrics": a tile per metric, drawn when it is seen, growing while the run logs.

import { get } from "studio/api";
import { onTheme, theme } from "studio/charts";
import { listen, liveState } from "studio/live";
import { Controls } from "runs/controls";
import { download } from "runs/csv";
import { Drawing } from "runs/drawing";
import { inOrder, lay } from "runs/order";
import { Points } from "runs/points";
import { Series } from "runs/series";
import { Tile } from "runs/tile";
import { count } from "runs/words";

// A line that outgrew its thinned view is thinned again at most this often.
const THIN_AGAIN_MS = 3000;

const root = document.querySelector("[data-run-metrics]");
const part = (name) => root.querySelector(`[data-${name}]`);
const { api, topic, name: runId } = root.dataset;
const given = JSON.parse(document.getElementById("run-metrics").textContent);
const tiles = new Map();
const page = { api, look: theme(), isLive: !given.is_final, view: null, draw: (tile) => drawing.add(tile) };
const drawing = new Drawing({ drawn: tell, seen: (tile) => tile.series.points || load([tile]) });
const points = new Points(api, { took: take, failed: fail });
const controls = new Controls(part("tools"), () => arrange());

function add(summary) {
  const tile = new Tile(new Series(summary), { page, index: tiles.size });
  tiles.set(summary.name, tile);
  part("tiles").append(tile.node);
  drawing.watch(tile);
}

/** Show what the controls ask for: which tiles, on which axis. */
function arrange() {
  const { find, ...view } = controls.state;
  const isOtherAxis = page.view && view.axis !== page.view.axis;
  page.view = { ...view, origin: given.started_at ?? firstTime() };
  let shown = 0;
  const sorted = inOrder([...tiles.values()]);
  lay(part("tiles"), sorted);
  for (const tile of sorted) {
    tile.node.hidden = !tile.series.name.toLowerCase().includes(find.toLowerCase());
    if (!tile.node.hidden) tile.place(shown++);
    if (isOtherAxis) tile.zoomTo(null);
    drawing.add(tile);
  }
  part("empty").hidden = tiles.size > 0;
  part("none").hidden = shown > 0 || !tiles.size;
  const badge = document.querySelector('[data-count="metrics"]');
  if (badge) badge.textContent = count(tiles.size);
  part("tools").hidden = !tiles.size;
  tell();
}

const firstTime = () =>
  Math.min(...[...tiles.values()].map(({ series }) => series.points?.times[0] ?? Infinity));

let problem = "";

function take(name, points) {
  const tile = tiles.get(name);
  const isOld = points.count < tile.series.count;
  tile.series.load(points);
  Object.assign(tile, { isStale: false, thinnedAt: Date.now() });
  problem = "";
  if (isOld) load([tile]);
  if (!Number.isFinite(page.view.origin)) page.view.origin = firstTime();
  tile.describe();
  drawing.add(tile);
}

function fail(error) {
  problem = error.message; // the socket's return asks again
  tell();
}

const load = (some) => points.ask(some.map(({ series }) => series.name));

/** Apply what the run just logged; ask for what does not continue what is here. */
function hear({ event, series }) {
  if (event !== "points") return;
  if (document.hidden) return void (isBehind = true);
  const unknown = Object.keys(series).filter((name) => !tiles.has(name));
  if (unknown.length) return void catchUp();
  const gaps = [];
  let isOther = false;
  for (const [name, delta] of Object.entries(series)) {
    const tile = tiles.get(name);
    const wasCurve = tile.isCurve;
    const isGap = !tile.grow(delta);
    if (tile.isCurve !== wasCurve) isOther = true;
    const isOverdue = tile.series.isTooDense && Date.now() - tile.thinnedAt > THIN_AGAIN_MS;
    if (isGap || isOverdue) gaps.push(tile);
    tile.describe();
    drawing.add(tile);
  }
  if (isOther) arrange();
  if (gaps.length) load(gaps.filter((tile) => tile.series.points || tile.isSeen));
}

let isBehind = false;
let asking = null;

/** Ask for all summaries and anew for every curve on the page; one such request at a time. */
async function catchUp() {
  isBehind = true;
  asking ??= ask().finally(() => (asking = null));
  await asking;
}

async function ask() {
  while (isBehind && !document.hidden) {
    isBehind = false;
    const answer = await get(`${api}metrics`).catch(() => null);
    if (!answer) return;
    for (const summary of answer.series) {
      const tile = tiles.get(summary.name);
      if (!tile) add(summary);
      else if (tile.series.count !== summary.count) tile.renew(summary);
    }
    load([...tiles.values()].filter((tile) => tile.isStale && (tile.series.points || tile.isSeen)));
    arrange();
  }
}

function tell() {
  const all = [...tiles.values()];
  const logged = all.reduce((sum, { series }) => sum + series.count, 0);
  const drawn = all.reduce((sum, tile) => sum + (tile.drawn ?? 0), 0);
  const words = [problem || `${count(logged)} points, ${count(drawn)} drawn`];
  if (page.isLive) words.push(liveState());
  part("status").textContent = words.join(" · ");
}

given.series.forEach(add);
arrange();
onTheme(() => {
  page.look = theme();
  for (const tile of tiles.values()) drawing.add(tile);
});
listen(`${topic}:metrics`, hear, catchUp);
document.body.addEventListener("live-state", tell);
document.body.addEventListener("run-ended", () => {
  page.isLive = false;
  catchUp();
});
document.addEventListener("visibilitychange", () => document.hidden || (isBehind && catchUp()));
part("export-csv").addEventListener("click", () => download(api, runId));
