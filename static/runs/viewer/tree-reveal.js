// The way down to one file or folder of the tree, as far as it is there; and what a folder says while it is read.

import { element } from "studio/words";

const MOST_PAGES_TO_REVEAL = 20;
const under = new WeakMap(); // a folder's <li> → the promise of its files

export const above = (path) => path.slice(0, path.replace(/\/$/, "").lastIndexOf("/") + 1);

/** Open the folders above `path`, and `path` itself where it is one; returns whether it is found. */
export async function reveal(tree, path) {
  const folders = path.split("/").slice(0, -1).map((_, place, parts) => `${parts.slice(0, place + 1).join("/")}/`);
  for (const folder of folders) {
    if (!(await find(tree, folder))) return false;
    await tree.open(folder);
  }
  return find(tree, path);
}

/** Bring more of the folder until `path` is among what it shows. */
async function find(tree, path) {
  for (let pages = 0; !tree.rows.has(path) && pages < MOST_PAGES_TO_REVEAL; pages += 1) {
    if (!tree.folders.get(above(path))?.next) break;
    await tree.more(above(path));
  }
  return tree.rows.has(path);
}

/** Do what brings the files of the folder `made`, an <li> of the tree, and say so below it meanwhile. */
export function reading(made, bring) {
  if (!made) return bring();
  if (under.has(made)) return under.get(made);
  made.querySelector(":scope > .reading")?.remove();
  const words = element("p", { class: "reading", role: "status" }, "reading…");
  made.append(words);
  const brought = bring().then(
    () => words.remove(),
    (error) => {
      made.querySelector(":scope > [data-path]")?.setAttribute("aria-expanded", "false");
      words.textContent = `It could not be read: ${error.message}`;
    },
  );
  under.set(made, brought);
  return brought.finally(() => under.delete(made));
}
