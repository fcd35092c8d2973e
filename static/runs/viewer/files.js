// The tab "Outputs + logs": the tree of files, kept up to date, and beside it a log or a preview.

import { get } from "studio/api";
import { listen, liveState } from "studio/live";
import { bytes as size } from "studio/sizes";
import { Panel } from "runs/previews/panel";
import { Chosen } from "runs/viewer/chosen";
import { startFind } from "runs/viewer/search-files";
import { Tree } from "runs/viewer/tree";
import { Viewer } from "studio/log/viewer";

const BUILD_LOG = "azureml-logs/20_image_build_log.txt";
// Of one process, or of the first of several.
const DRIVER_LOGS = ["azureml-logs/70_driver_log.txt", "azureml-logs/70_driver_log_0.txt"];
// Nobody is told how every log grows; the sizes of those that are not open are looked at again.
const SIZES_AGAIN_MS = 10_000;
// A script that writes a thousand files does not make the page ask a thousand times.
const REST_MS = 300;

const root = document.querySelector("[data-run-files]");
const { api, topic, first } = root.dataset;
const [all, empty, lines, shows] = ["[data-download-all]", "[data-empty]", ".viewer:not(.preview)", "[data-panel]"].map((part) => root.querySelector(part));
const address = new URLSearchParams(location.search);
let byPerson = address.get("path");
// A folder is opened in the tree; beside it stands what would stand there anyway.
const isFile = (path) => path && tree.item(path) && tree.item(path).kind !== "folder";
let shown = null;

const urlOf = (path) => `${api}files/${path.split("/").map(encodeURIComponent).join("/")}`;
let given = JSON.parse(document.getElementById("run-listing").textContent);

/** A folder's page; the top one came with the page itself. */
async function load(prefix, cursor) {
  const known = given;
  given = null;
  if (known && !prefix) return known;
  return get(`${api}files?${new URLSearchParams({ prefix, cursor })}`);
}

const tree = new Tree(root.querySelector("[data-tree]"), { load, chosen: choose, ticked: () => chosen.show() });
const chosen = new Chosen(root.querySelector("[data-chosen-bar]"), tree, { zip: `${api}zip`, fileUrl: urlOf });
const grew = (path, bytes) => tree.resize(path, bytes);
const viewer = new Viewer(lines, { grew, open: choose });
const panel = new Panel(shows, { preview: `${api}preview`, frame: `${api}preview/frame`, changedLook: (look) => remember({ path: shown, look }) });
startFind(root.querySelector("[data-find-file]"), { address: `${api}files`, tree, results: root.querySelector("[data-found]"), chosen: found });

function remember({ path, look = "" }) {
  history.replaceState(null, "", `?${new URLSearchParams({ path, ...(look && { look }) })}`);
}

function choose(path) {
  byPerson = path;
  remember({ path });
  open(path);
}

async function found(path) {
  await tree.reveal(path);
  choose(path);
}

function open(path, look = "") {
  if (!isFile(path)) return;
  const item = tree.item(path);
  if (tree.current !== path) tree.mark(path);
  if (shown === path) return void (item.kind === "file" && panel.renew({ ...item, url: urlOf(path) }));
  if (item.kind === "log") return void openLog(path);
  shown = path;
  lines.hidden = true;
  shows.hidden = false;
  panel.show({ ...item, url: urlOf(path) }, look);
}

function openLog(path) {
  shown = path;
  lines.hidden = false;
  shows.hidden = true;
  const log = `${api}log?${new URLSearchParams({ path })}`;
  viewer.show({ path, url: urlOf(path), log, topic: `${topic}:log:${path}` });
}

/**
 * Until a person chooses: what says why it failed, else what the script says, and before that how its
 * environment is built.
 */
function preferred() {
  const wanted = [byPerson, first, ...DRIVER_LOGS, BUILD_LOG].find(isFile);
  return wanted ?? tree.root.querySelector("a[data-path]")?.dataset.path;
}

function draw() {
  const items = tree.top();
  all.textContent = `Download all · ${size(items.reduce((sum, item) => sum + item.size_bytes, 0))}`;
  all.hidden = !items.length;
  empty.hidden = items.length > 0;
  root.classList.toggle("nothing", !items.length);
  chosen.show();
  const path = preferred();
  const isAsked = path && path === address.get("path");
  if (path) open(path, isAsked ? (address.get("look") ?? "") : "");
  else lines.hidden = shows.hidden = true;
}

let asking = null;
let again = false;

/** Ask for what is shown of the tree; what is told meanwhile makes one more request, not many. */
async function refresh() {
  again = true;
  asking ??= ask().finally(() => (asking = null));
  await asking;
}

async function ask() {
  while (again) {
    again = false;
    try {
      await tree.refresh();
      draw();
    } catch {
      return; // the studio is away: the socket's return asks again
    }
    await new Promise((resolve) => setTimeout(resolve, REST_MS));
  }
}

/** What the address names; a folder may stand there without its slash. */
async function reveal() {
  if (!byPerson) return;
  if (!(await tree.reveal(byPerson))) await tree.reveal(`${byPerson}/`);
}

if (root.dataset.log) openLog(root.dataset.log); // the tree may take its time
asking = tree.start().then(reveal).catch(() => {}).then(draw).finally(() => (asking = null));
await asking;
if (byPerson) tree.row(`${byPerson.replace(/\/$/, "")}/`)?.scrollIntoView({ block: "start" });
listen(topic, ({ event }) => ["files-changed", "run-changed"].includes(event) && refresh(), refresh);
setInterval(() => {
  const isWatched = !document.hidden && liveState() === "live";
  if (isWatched && tree.top().some((item) => item.is_growing)) refresh();
}, SIZES_AGAIN_MS);
