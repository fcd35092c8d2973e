// The load of a cluster's nodes on its page: asked for once for all of them, then told by the socket.

import { get } from "studio/api";
import { listen } from "studio/live";
import { Rows } from "runs/load/rows";

const PAINT_MS = 1000;
const ASK_AGAIN_MS = 1000;
const SHOWN_S = 120;
const SERIES = /^trainyard\/node-(\d+)\/(\w+)$/;

const root = document.querySelector("[data-cluster-load]");
const rows = new Rows(root);
const topics = new Map(); // a run's id → what stops listening to it
let nodes = new Map(); // "<run id>/<node's number>" → the node as the studio tells it
let ahead = 0; // the studio's clock, beside ours, in seconds
let isBehind = true;
let asking = false;

const now = () => Date.now() / 1000 + ahead;

/** Ask for all nodes; what is told meanwhile makes one more request, not many. */
async function ask() {
  if (asking || document.hidden) return void (isBehind = true);
  asking = true;
  isBehind = false;
  const answer = await get(root.dataset.clusterLoad).catch(() => null);
  if (answer) take(answer);
  setTimeout(() => {
    asking = false;
    if (isBehind) ask();
  }, ASK_AGAIN_MS);
}

function take(answer) {
  ahead = answer.now - Date.now() / 1000;
  nodes = new Map(answer.nodes.map((node) => [`${node.run_id}/${node.number}`, node]));
  const runs = new Set(answer.nodes.map((node) => node.run_id));
  for (const [run, stop] of topics) if (!runs.has(run)) stop(topics.delete(run));
  for (const run of runs)
    if (!topics.has(run)) topics.set(run, listen(`run:${run}:monitoring`, (event) => hear(run, event), ask));
  paint();
}

/** Apply what a run's nodes did; ask where it does not continue what is here. */
function hear(run, { event, series }) {
  if (event !== "points") return;
  // A page that nobody sees does nothing, and asks once when it is looked at again.
  if (document.hidden) return void (isBehind = true);
  const isWhole = Object.entries(series).every(([name, delta]) => {
    const [, number, what] = SERIES.exec(name) ?? [];
    const node = nodes.get(`${run}/${number}`);
    return !node || grow(node, what, delta);
  });
  if (!isWhole) ask();
}

/** Add points to a series; false when something before them is missing. */
function grow(node, what, { after, times, values }) {
  const series = (node.series[what] ??= { count: 0, times: [], values: [] });
  const skip = series.count - after;
  if (skip < 0 || !times.length) return false;
  const fresh = times.slice(skip);
  if (!fresh.length) return true;
  series.count += fresh.length;
  series.times?.push(...fresh);
  series.values?.push(...values.slice(skip));
  series.last = values.at(-1);
  series.last_time = times.at(-1);
  return true;
}

function forget({ times, values }) {
  const old = times?.findIndex((time) => time > now() - SHOWN_S) ?? 0;
  if (old > 0) [times, values].forEach((column) => column.splice(0, old));
}

function paint() {
  for (const node of nodes.values()) Object.values(node.series).forEach(forget);
  rows.show([...nodes.values()], { now: now(), span: SHOWN_S });
}

for (const name of ["run-changed", "cluster-changed", "live-open"]) document.body.addEventListener(name, ask);
document.addEventListener("visibilitychange", () => !document.hidden && isBehind && ask());
setInterval(() => !document.hidden && nodes.size && paint(), PAINT_MS);
ask();
