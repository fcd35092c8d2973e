// One row of the tree of files: a folder that folds, or a file that opens.

import { counted, bytes as size } from "studio/sizes";
import { element } from "studio/words";

/** A row as an <li>: it holds a box to choose it, and a link (file) or button (folder). */
export function makeRow(item, { shortName, selects }) {
  const isFolder = item.kind === "folder";
  const label = element("span", {}, shortName);
  const dot = element("i", { title: "growing" });
  const parts = [label, dot, element("small")];
  const attributes = { "data-path": item.path, title: item.path, tabindex: "-1" };
  const row = isFolder
    ? element("button", { type: "button", "aria-expanded": "false", ...attributes }, ...parts)
    : element("a", { href: `?${new URLSearchParams({ path: item.path })}`, ...attributes }, ...parts);
  const box = element("input", { type: "checkbox", tabindex: "-1", "aria-label": `Choose ${item.path}` });
  const made = element("li", { class: isFolder ? "folder" : "file" }, ...(selects ? [box] : []), row);
  update(made, item);
  return made;
}

/** Say what changed of a row: its size, whether it grows. */
export function update(made, item) {
  const row = made.querySelector(":scope > [data-path]");
  row.querySelector("i").hidden = !item.is_growing;
  const small = row.querySelector("small");
  const words = size(item.size_bytes);
  if (small.textContent !== words) small.textContent = words;
  if (item.kind === "folder") small.title = counted(item.file_count, "file");
}

/** What else stands in a folder: a button that brings it. */
export function makeMore(path, words) {
  return element("li", { class: "rest" }, element("button", { type: "button", "data-more": path, tabindex: "-1" }, words));
}
