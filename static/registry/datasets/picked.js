// The files of a dataset on their way to be one: what was dropped or chosen, and those of the version
// that it begins from.
import { counted } from "studio/sizes";
import { listed, stepInto, walk } from "studio/upload/walk";
import { readZip } from "studio/upload/zip";

const byId = (id) => document.getElementById(id);

/** A zip among them is its files. */
async function opened(files) {
  const all = [];
  for (const each of files) {
    if (each.path.includes("/") || !each.path.toLowerCase().endsWith(".zip")) all.push(each);
    else all.push(...(await readZip(each.file)));
  }
  if (!all.length) throw new Error("There is no file in it.");
  return all;
}

/**
 * What is picked, a pick after the other. A later file replaces one of the same path. One folder alone
 * is its content; several keep their names. base: files that were there before.
 */
export class Picked {
  constructor(base = []) {
    this.base = base;
    this.picks = [];
    this.left = new Set(); // paths that were taken away again
  }

  get files() {
    const alone = !this.base.length && this.picks.length === 1;
    const picks = alone ? [stepInto(this.picks[0]).files] : this.picks;
    const all = new Map(this.base.map((each) => [each.path, each]));
    for (const pick of picks) for (const each of pick) all.set(each.path, each);
    for (const path of this.left) all.delete(path);
    // Each keeps what is known of it, whatever its path is now.
    return [...all.values()];
  }

  /** The name of the folder or zip, where there is one. */
  get name() {
    if (this.picks.length !== 1) return "";
    return stepInto(this.picks[0]).name;
  }

  async add(files) {
    const pick = await opened(files);
    this.picks.push(pick);
    const before = this.left;
    this.left = new Set();
    const there = new Set(pick.map(({ path }) => path));
    this.left = new Set([...before].filter((path) => !there.has(path)));
  }

  remove(path) {
    for (const each of this.files) if (each.path === path || each.path.startsWith(`${path}/`)) this.left.add(each.path);
  }
}

/** Watch the drop field and its buttons. take(reading): a promise of files; it says when it is done. */
export function watchDrop(take) {
  const drop = byId("drop");
  const counting = (count) => (byId("drop-words").textContent = `Reading the folder: ${counted(count, "file")} so far`);
  drop.addEventListener("dragover", (event) => (event.preventDefault(), drop.classList.add("over")));
  drop.addEventListener("dragleave", ({ relatedTarget }) => drop.contains(relatedTarget) || drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    take(walk(event.dataTransfer.items, counting));
  });
  // A drop beside the field would make the browser leave the page, and what was typed with it.
  for (const name of ["dragover", "drop"]) addEventListener(name, (event) => event.preventDefault());
  for (const [button, input] of [["choose-folder", "folder"], ["choose-files", "files"]]) {
    byId(button).addEventListener("click", () => byId(input).click());
    byId(button).disabled = false;
    byId(input).addEventListener("change", ({ target }) => {
      const chosen = listed(target.files);
      target.value = ""; // so that choosing the same again is heard
      if (chosen.length) take(Promise.resolve(chosen));
    });
  }
}
