// The tab "Monitoring": for each node of the run a tile of CPU, memory, GPUs, disk, network.

import { onTheme, theme } from "studio/charts";
import { liveState } from "studio/live";
import { Curve } from "runs/charts/curve";
import { Drawing } from "runs/charts/drawing";
import { Feed } from "runs/charts/feed";
import { Series } from "runs/charts/series";
import { detail } from "runs/charts/zoom";
import { placeOf } from "runs/monitoring/charts";
import { Panel } from "runs/monitoring/panel";
import { count, element } from "studio/words";

const root = document.querySelector("[data-run-monitoring]");
const part = (name) => root.querySelector(`[data-${name}]`);
const { api, topic } = root.dataset;
const given = JSON.parse(document.getElementById("run-monitoring").textContent);
const curves = new Map(); // a series' name → its Curve
const nodes = new Map(); // a node's number → { section, tiles, panels: rank → Panel, facts }
let problem = "";

// What the panels share.
const page = {
  look: theme(),
  isLive: !given.is_final,
  view: { axis: new URLSearchParams(location.search).get("axis") === "wall" ? "wall" : "relative" },
  zoom: null,
  span: () => [page.view.origin, Math.max(...[...curves.values()].map(({ series }) => series.last_time))],
  zoomTo,
};
const drawing = new Drawing({ drawn: tell, seen: (panel) => ask(panel.curves) });
const feed = new Feed({
  api,
  topic: `${topic}:monitoring`,
  tiles: curves,
  summaries: "metrics?monitoring=1",
  page: { add, changed, reshaped: drawAll, grew: drawAll, failed: (words) => (problem = words) },
});

const panels = () => [...nodes.values()].flatMap((node) => [...node.panels.values()]);
const ask = (some) => feed.load(some.filter(({ series }) => !series.points));

/** A curve as the feed knows tiles: it is seen when its panel is. */
class Line extends Curve {
  isCurve = true;

  get isSeen() {
    return Boolean(this.label && this.panel?.isSeen);
  }
}

function add(summary) {
  const place = placeOf(summary.name);
  const line = new Line(new Series(summary));
  curves.set(summary.name, line);
  if (!place) return;
  const node = nodes.get(place.node) ?? addNode(place.node);
  if (place.what.startsWith("machine_")) node.facts.isShared = true;
  if (place.what === "cores") node.facts.cores = line.series.last;
  if (!place.chart) return;
  const panel = node.panels.get(place.rank) ?? addPanel(node, place);
  panel.add(line, place.label);
  panel.describe();
  if (panel.isSeen) ask([line]);
}

function addNode(number) {
  const tiles = element("div", { class: "tiles" });
  const section = element("section", { "aria-label": `Node ${number}` });
  section.append(element("h2", {}, `Node ${number}`, element("small", {}, given.ranks[number] ?? "")), tiles);
  const node = { number, section, tiles, panels: new Map(), facts: { isShared: false, cores: 0 } };
  const after = [...nodes.values()].filter((other) => other.number > number);
  after.sort((one, other) => one.number - other.number);
  part("nodes").insertBefore(section, after[0]?.section ?? null);
  nodes.set(number, node);
  return node;
}

function addPanel(node, { chart, rank }) {
  const panel = new Panel(chart, page, () => node.facts);
  const after = [...node.panels.entries()].filter(([other]) => other > rank);
  after.sort(([one], [other]) => one - other);
  node.tiles.insertBefore(panel.node, after[0]?.[1].node ?? null);
  node.panels.set(rank, panel);
  drawing.watch(panel);
  return panel;
}

function changed(line) {
  if (line.panel) drawing.add(line.panel);
}

/** All panels share their axis: when one grows, all do. */
function drawAll() {
  const first = [...curves.values()].map(({ series }) => series.points?.times[0] ?? series.last_time);
  page.view.origin = given.started_at ?? Math.min(...first);
  root.classList.toggle("many", nodes.size > 1);
  part("tools").hidden = !nodes.size;
  part("empty").hidden = nodes.size > 0;
  panels().forEach((panel) => drawing.add(panel));
  tell();
}

/** Show a part of the time in all panels, in full detail; null shows all again. */
async function zoomTo(range) {
  page.zoom = range;
  root.classList.toggle("zoomed", Boolean(range));
  for (const line of curves.values()) line.zoom = null;
  drawAll();
  if (!range) return;
  const thinned = panels().flatMap((panel) => panel.curves).filter(({ series }) => series.isThinned);
  await Promise.all(thinned.map(async (line) => {
    const points = await detail(api, line.series, line.panel.frame());
    if (page.zoom === range && points) line.zoom = { points };
  }));
  drawAll();
}

function tell() {
  const most = Math.max(0, ...[...curves.values()].map(({ series }) => series.count));
  const words = [problem || `${count(most)} sample${most === 1 ? "" : "s"}, one a second`];
  if (page.isLive) words.push(liveState());
  if (page.zoom) words.push("zoomed, double click or 0 shows all");
  part("status").textContent = words.join(" · ");
}

part("tools").addEventListener("input", () => {
  page.view.axis = part("tools").elements.axis.value;
  history.replaceState(null, "", page.view.axis === "wall" ? "?axis=wall" : location.pathname);
  zoomTo(null);
});
part("tools").elements.axis.value = page.view.axis;
given.series.forEach(add);
drawAll();
onTheme(() => {
  page.look = theme();
  drawAll();
});
document.body.addEventListener("live-state", tell);
document.body.addEventListener("run-ended", () => {
  page.isLive = false;
  feed.catchUp();
});
