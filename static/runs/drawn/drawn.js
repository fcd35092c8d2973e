// The tab "Images & tables": what a run's script drew, in groups; one of them alone by its address.

import { onTheme, theme } from "studio/charts";
import { liveState } from "studio/live";
import { Drawing } from "runs/charts/drawing";
import { Chart } from "runs/drawn/chart";
import { follow } from "runs/drawn/feed";
import { Listed } from "runs/drawn/listed";
import { Picture } from "runs/drawn/picture";
import { groupOf } from "runs/drawn/tile";
import { count } from "studio/words";

// Browsers take some two hundred changes of the address in half a minute.
const WRITE_MS = 250;
const KINDS = { images: Picture, charts: Chart, tables: Listed, texts: Listed };

const root = document.querySelector("[data-run-drawn]");
const part = (name) => root.querySelector(`[data-${name}]`);
const { api, topic, address } = root.dataset;
const given = JSON.parse(document.getElementById("run-drawn").textContent);
const tiles = new Map(); // name → tile
const find = part("tools").elements.find;
let alone = null;
let problem = "";
let writing = 0;

// What the tiles share.
const page = {
  api,
  look: theme(),
  isLive: !given.is_final,
  addressOf: (name) => `${address}?${new URLSearchParams({ name })}`,
  open: (name) => visit(page.addressOf(name)),
  draw: (tile) => drawing.add(tile),
  told,
};
const drawing = new Drawing({ drawn: () => {}, seen: (tile) => tile.node.hidden || tile.seen() });

function add(summary) {
  const group = groupOf(summary);
  const tile = new KINDS[group](summary, page);
  tiles.set(summary.name, tile);
  root.querySelector(`[data-group="${group}"] .tiles`).append(tile.node);
  drawing.watch(tile);
}

/** Take all summaries: what is new is added, what grew grows. */
function take(summaries) {
  for (const summary of summaries) {
    const tile = tiles.get(summary.name);
    if (tile) tile.renew(summary);
    else add(summary);
  }
  problem = "";
  arrange();
}

/** Show what is searched for, or the one that the address names. */
function arrange() {
  const wanted = find.value.trim().toLowerCase();
  let shown = 0;
  for (const [name, tile] of tiles) {
    const isShown = alone === null ? name.toLowerCase().includes(wanted) : name === alone;
    tile.node.hidden = !isShown;
    tile.node.classList.toggle("only", alone !== null && isShown);
    shown += Number(isShown);
  }
  for (const group of Object.keys(KINDS)) {
    const section = root.querySelector(`[data-group="${group}"]`);
    section.hidden = !section.querySelector(".tile:not([hidden])");
  }
  root.classList.toggle("one", alone !== null);
  part("tools").hidden = !tiles.size;
  part("all").hidden = alone === null;
  part("all").textContent = `← All ${count(tiles.size)}`;
  find.hidden = alone !== null;
  part("empty").hidden = tiles.size > 0;
  part("none").hidden = shown > 0 || !tiles.size;
  part("none").textContent = alone === null ? "Nothing of this name." : `This run has logged nothing called “${alone}”, yet.`;
  const badge = document.querySelector('[data-count="drawn"]');
  if (badge) badge.textContent = count(tiles.size);
  tell();
}

/** The tile that stands alone shows something else: its address follows, as often as browsers allow. */
function told(tile) {
  if (tile.name !== alone) return;
  clearTimeout(writing);
  writing = setTimeout(() => {
    if (tile.name !== alone) return;
    history.replaceState(null, "", `${address}?${new URLSearchParams({ name: alone, ...tile.address })}`);
  }, WRITE_MS);
}

function tell() {
  const words = problem ? [problem] : [`${count(tiles.size)} ${tiles.size === 1 ? "name" : "names"}`];
  if (page.isLive) words.push(liveState());
  part("status").textContent = words.join(" · ");
}

/** Go to an address of this tab without leaving it. */
function visit(url) {
  history.pushState(null, "", url);
  read();
  root.scrollIntoView({ block: "nearest" });
}

/** Show what the address says: ?name=…&step=… */
function read() {
  const query = new URLSearchParams(location.search);
  alone = query.get("name");
  find.value = alone === null ? (query.get("find") ?? "") : "";
  const tile = tiles.get(alone);
  if (tile) {
    tile.chosen = query;
    if (tile.isStarted) told(tile);
  }
  if (tile?.goTo && /^-?\d+$/.test(query.get("step") ?? "")) {
    if (tile.isStarted) tile.goTo(query.get("step"));
    else tile.step = query.get("step");
  }
  arrange();
}

given.series.forEach(add);
read();
follow({ api, topic, tiles, take, failed: (words) => tell((problem = words)) });
find.addEventListener("input", () => {
  history.replaceState(null, "", find.value ? `${address}?${new URLSearchParams({ find: find.value })}` : address);
  arrange();
});
part("tools").addEventListener("submit", (event) => event.preventDefault());
part("all").addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  visit(address);
});
addEventListener("popstate", read);
onTheme(() => {
  page.look = theme();
  for (const tile of tiles.values()) drawing.add(tile);
});
document.body.addEventListener("live-state", tell);
document.body.addEventListener("run-ended", () => {
  page.isLive = false;
  for (const tile of tiles.values()) tile.filesChanged();
  tell();
});
