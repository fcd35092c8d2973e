// The tab "Code": the snapshot's tree, search, changes since another run; a file or a difference beside it.

import { get } from "studio/api";
import { Panel } from "runs/previews/panel";
import { Chosen } from "runs/viewer/chosen";
import { Changes } from "runs/viewer/code-changes";
import { startSearch } from "runs/viewer/code-search";
import { Tree } from "runs/viewer/tree";

const root = document.querySelector("[data-run-code]");
const { api, script } = root.dataset;
const parts = [...root.querySelectorAll("[data-part]")];
const shows = root.querySelector("[data-panel]");
const asked = new URLSearchParams(location.search);
const state = Object.fromEntries(["path", "look", "against", "text", "regex", "case"].map((key) => [key, asked.get(key) ?? ""]));
let given = JSON.parse(document.getElementById("run-snapshot").textContent);

const urlOf = (path) => `${api}snapshot/files/${path.split("/").map(encodeURIComponent).join("/")}`;

async function load(prefix, cursor) {
  const known = given;
  given = null;
  if (known && !prefix) return known;
  return get(`${api}snapshot?${new URLSearchParams({ prefix, cursor })}`);
}

const tree = new Tree(root.querySelector("[data-tree]"), { load, chosen: choose, ticked: () => chosen.show() });
const chosen = new Chosen(root.querySelector("[data-chosen-bar]"), tree, { zip: `${api}snapshot/zip`, fileUrl: urlOf });
const panel = new Panel(shows, { preview: `${api}snapshot/preview`, frame: `${api}snapshot/frame`, changedLook: (look) => remember({ look }) });
const changes = new Changes(root, { remember, opened: () => (shows.hidden = true) });
const search = startSearch(root, { address: `${api}snapshot/search`, remember, found });

/** Keep what is shown in the address; `hash` is the line, the same one as long as nothing is said. */
function remember(changed, hash = location.hash) {
  Object.assign(state, changed);
  const kept = Object.entries(state).filter(([, value]) => value);
  history.replaceState(null, "", `?${new URLSearchParams(kept)}${hash}`);
}

function choose(path) {
  remember({ path, look: "", against: "" }, "");
  open(path);
}

/** A line that was found: its file opens there. */
async function found(path, line) {
  remember({ path, look: "", against: "" }, `#L${line}`);
  if (panel.item?.path === path && !shows.hidden) return panel.follow();
  await tree.reveal(path);
  open(path);
}

function open(path, look = "") {
  const item = tree.item(path);
  if (!item || item.kind === "folder") return;
  changes.close();
  shows.hidden = false;
  tree.mark(path);
  panel.show({ ...item, url: urlOf(path) }, look);
}

function part(name, { isFocused = false } = {}) {
  for (const tab of parts) {
    const isOn = tab.dataset.part === name;
    tab.setAttribute("aria-selected", String(isOn));
    tab.tabIndex = isOn ? 0 : -1;
    document.getElementById(tab.getAttribute("aria-controls")).hidden = !isOn;
    if (isOn && isFocused) tab.focus();
  }
  if (isFocused && name === "search") search.focus();
}

for (const [place, tab] of parts.entries()) {
  tab.addEventListener("click", () => part(tab.dataset.part, { isFocused: true }));
  tab.addEventListener("keydown", ({ key }) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
    if (step) parts[(place + step + parts.length) % parts.length].click();
  });
}

// At once: who is quick has chosen another part before the tree has come.
part(state.against ? "changes" : state.text ? "search" : "files");
const isNamed = state.against !== "";
if (state.text) search.start({ ...state });
await tree.start();
const path = state.path || script;
const isThere = await tree.reveal(path);
// A folder is open in the tree now; beside it stands the script.
const isFolder = isThere && tree.item(path).kind === "folder";
if (isFolder) await tree.reveal(script);
if (isNamed) changes.start(state.against, state.path, state.look);
else if (!panel.item && !state.against) {
  const file = isFolder ? script : path;
  const wanted = tree.item(file) ? file : tree.root.querySelector("a[data-path]")?.dataset.path;
  if (wanted) open(wanted, state.look);
}
