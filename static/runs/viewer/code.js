// The tab "Code": the snapshot's tree, and the source of one file beside it.

import { Tree } from "runs/viewer/tree";
import { Viewer } from "studio/log/viewer";

const root = document.querySelector("[data-run-code]");
const { api, script } = root.dataset;
const items = JSON.parse(document.getElementById("run-snapshot").textContent);
const tree = new Tree(root.querySelector("[data-tree]"), { chosen: choose, top: "." });
const viewer = new Viewer(root.querySelector(".viewer"));

const urlOf = (path) => `${api}snapshot/files/${path.split("/").map(encodeURIComponent).join("/")}`;

function choose(path) {
  history.replaceState(null, "", `?${new URLSearchParams({ path })}`);
  open(path);
}

function open(path) {
  const item = items.find((one) => one.path === path) ?? items[0];
  if (!item) return;
  tree.mark(item.path);
  viewer.show({ ...item, kind: "file", url: urlOf(item.path) });
}

tree.show(items);
open(new URLSearchParams(location.search).get("path") ?? script);
