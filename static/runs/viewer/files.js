// The tab "Outputs + logs": the tree of files, kept up to date, and the viewer beside it.

import { get } from "studio/api";
import { listen, liveState } from "studio/live";
import { bytes as size } from "studio/sizes";
import { Tree } from "runs/viewer/tree";
import { Viewer } from "studio/log/viewer";

const BUILD_LOG = "azureml-logs/20_image_build_log.txt";
// Of one process, or of the first of several.
const DRIVER_LOGS = ["azureml-logs/70_driver_log.txt", "azureml-logs/70_driver_log_0.txt"];
// Nobody is told how every log grows; the sizes of those that are not open are looked at again.
const SIZES_AGAIN_MS = 10_000;

const root = document.querySelector("[data-run-files]");
const { api, topic, first } = root.dataset;
const all = root.querySelector("[data-download-all]");
const empty = root.querySelector("[data-empty]");
let items = JSON.parse(document.getElementById("run-listing").textContent);
let byPerson = new URLSearchParams(location.search).get("path");
let shown = null;

const tree = new Tree(root.querySelector("[data-tree]"), { chosen: choose });
const grew = (path, bytes) => tree.resize(path, bytes);
const viewer = new Viewer(root.querySelector(".viewer"), { grew });

const urlOf = (path) => `${api}files/${path.split("/").map(encodeURIComponent).join("/")}`;
const find = (path) => items.find((item) => item.path === path);

function choose(path) {
  byPerson = path;
  history.replaceState(null, "", `?${new URLSearchParams({ path })}`);
  open(path);
}

function open(path) {
  const item = find(path);
  if (!item || shown === path) return;
  shown = path;
  tree.mark(path);
  const log = `${api}log?${new URLSearchParams({ path })}`;
  viewer.show({ ...item, url: urlOf(path), log, topic: `${topic}:log:${path}` });
}

/**
 * Until a person chooses: what says why it failed, else what the script says, and before that how its
 * environment is built.
 */
function preferred() {
  if (byPerson && find(byPerson)) return byPerson;
  return [first, ...DRIVER_LOGS, BUILD_LOG].find(find) ?? items[0]?.path;
}

function draw() {
  tree.show(items);
  const bytes = items.reduce((sum, item) => sum + item.size_bytes, 0);
  all.textContent = `Download all · ${size(bytes)}`;
  all.hidden = !items.length;
  empty.hidden = items.length > 0;
  root.querySelector(".viewer").hidden = !items.length;
  const path = preferred();
  if (path) open(path);
}

let asking = null;
let again = false;

/** Ask for the listing; what is told meanwhile makes one more request, not many. */
async function refresh() {
  again = true;
  asking ??= ask().finally(() => (asking = null));
  await asking;
}

async function ask() {
  while (again) {
    again = false;
    try {
      ({ items } = await get(`${api}files`));
      draw();
    } catch {
      return; // the studio is away: the socket's return asks again
    }
  }
}

draw();
listen(topic, ({ event }) => ["files-changed", "run-changed"].includes(event) && refresh(), refresh);
setInterval(() => {
  const isWatched = !document.hidden && liveState() === "live";
  if (isWatched && items.some((item) => item.is_growing && item.path !== shown)) refresh();
}, SIZES_AGAIN_MS);
