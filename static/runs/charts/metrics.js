// The tab "Metrics": a tile per metric, drawn when it is seen, growing while the run logs.

import { onTheme, theme } from "studio/charts";
import { liveState } from "studio/live";
import { toggled } from "runs/charts/address";
import { Board } from "runs/charts/board";
import { Controls } from "runs/charts/controls";
import { Drawing } from "runs/charts/drawing";
import { Feed } from "runs/charts/feed";
import { Full } from "runs/charts/full";
import { act, addHelp } from "runs/charts/keys";
import { Metric } from "runs/charts/metric";
import { save } from "runs/charts/picture";
import { whenPlotly } from "runs/charts/plotly";
import { firstTimeOf, spanOf, withRoom } from "runs/charts/span";
import { Table } from "runs/charts/table";
import { restore, zoomsOf } from "runs/charts/zooms";
import { count } from "studio/words";

const root = document.querySelector("[data-run-metrics]");
const part = (name) => root.querySelector(`[data-${name}]`);
const { api, topic, name: runId } = root.dataset;
const given = JSON.parse(document.getElementById("run-metrics").textContent);
const metrics = new Map();
const FORMS = ["scalar", "list"];
let curves = [];
let problem = "";
let edge = { axis: "", span: "" };
let coloured = 0;

// What the tiles share.
const page = {
  api,
  runId,
  look: theme(),
  isLive: !given.is_final,
  span: (series) => spanOf(series, curves, page.view),
  draw: (tile) => drawing.add(tile),
  act: (tile, key, event) => act(page, tile, key, event),
  isPinned: (tile) => tile.members.some(({ name }) => controls.state.pin.includes(name)),
  pin: (tile) => controls.set({ pin: toggled(controls.state.pin, pinOf(tile)) }),
  fold: (group) => controls.set({ closed: toggled(controls.state.closed, group) }),
  full: (tile) => controls.set({ full: full.tile ? "" : tile.key }),
  save: (tile) => tile.figure && save(tile, page),
  step,
  zoomTo,
};
const drawing = new Drawing({ drawn: tell, seen: (tile) => feed.show(tile.members) });
const board = new Board(part("tiles"), page, drawing);
const full = new Full(part("full"), () => controls.set({ full: "" }));
const controls = new Controls(part("tools"), arrange);
const table = new Table(part("table"), { api, controls, metrics });
const feed = new Feed({
  api,
  topic: `${topic}:metrics`,
  tiles: metrics,
  page: { add, changed, reshaped: arrange, grew, failed: (words) => (problem = words) },
  wants: ({ form }) => FORMS.includes(form),
  isLazy: true,
});

function add(summary) {
  metrics.set(summary.name, new Metric(summary));
}

const pinOf = (tile) => {
  const names = tile.members.map(({ name }) => name);
  return names.find((name) => controls.state.pin.includes(name)) ?? tile.key;
};

/** Show what the controls ask for: which tiles, in which order, on which axis. */
function arrange(changes = {}) {
  const all = [...metrics.values()];
  curves = all.filter(({ isCurve }) => isCurve).map(({ series }) => series);
  for (const metric of all) if (metric.isCurve) metric.colour ??= coloured++;
  const { axis, smoothing, isChosen, log, table: isTable } = controls.state;
  page.view = { axis, smoothing, isChosen, log, origin: given.started_at ?? firstTimeOf(curves) };
  if ("axis" in changes && changes.axis !== edge.axis) board.tiles.forEach((tile) => tile.zoom && tile.zoomTo(null));
  edge = { axis, span: "" };
  const shown = board.arrange(all, controls.state);
  part("tools").hidden = !metrics.size;
  part("empty").hidden = metrics.size > 0;
  part("none").hidden = shown > 0 || !metrics.size || isTable || controls.state.closed.length > 0;
  part("tiles").hidden = isTable;
  part("as-table").setAttribute("aria-pressed", String(isTable));
  table.show(isTable);
  full.show(board.of(controls.state.full) ?? null);
  const badge = document.querySelector('[data-count="metrics"]');
  if (badge) badge.textContent = count(metrics.size);
  tell();
}

function changed(metric) {
  if (!Number.isFinite(page.view.origin)) page.view.origin = firstTimeOf(curves);
  if (metric.tile) drawing.add(metric.tile);
}

/** Tiles share their axis: one that grew beyond it makes room in all of them. */
function grew() {
  table.grew();
  const longest = curves.reduce((one, other) => (!one || other.greatest_step > one.greatest_step ? other : one), null);
  const span = longest ? String(withRoom(page.span(longest), page.isLive)) : "";
  if (span !== edge.span) board.shown.forEach(page.draw);
  edge.span = span;
}

function zoomTo(tile, range) {
  const unit = tile.scale?.unit ?? 1;
  for (const one of controls.state.together ? board.tiles.values() : [tile]) one.zoomTo(range, unit);
  controls.state.zoom = zoomsOf([...board.tiles.values()], controls.state.together);
  controls.set({});
}

function step(tile, way) {
  const next = board.shown[board.shown.indexOf(tile) + way];
  if (!next) return;
  if (full.tile) return controls.set({ full: next.key });
  next.node.scrollIntoView({ block: "nearest" });
  next.draw();
  next.plot.focus({ preventScroll: true });
}

function tell() {
  let [logged, drawn] = [0, 0];
  for (const { series } of metrics.values()) logged += series.count;
  for (const tile of board.tiles.values()) drawn += tile.drawn;
  const words = [problem || `${count(logged)} points, ${count(drawn)} drawn`];
  if (page.isLive) words.push(liveState());
  part("status").textContent = words.join(" · ");
}

given.series.forEach(add);
arrange();
restore(controls.state.zoom, board);
addHelp();
const redraw = () => board.tiles.forEach(page.draw);
whenPlotly(redraw);
onTheme(() => {
  page.look = theme();
  redraw();
});
part("as-table").addEventListener("click", () => controls.set({ table: !controls.state.table }));
document.body.addEventListener("live-state", tell);
document.body.addEventListener("run-ended", () => {
  page.isLive = false;
  feed.catchUp();
  redraw();
});
