// Files by folder, a page of a folder at a time, kept up to date in place: focus and scrolling stay.

import { element } from "studio/words";
import { TreeKeys } from "runs/viewer/tree-keys";
import { reading, reveal } from "runs/viewer/tree-reveal";
import { makeMore, makeRow, update } from "runs/viewer/tree-row";

const MOST_OPEN_AT_FIRST = 8;

export class Tree {
  /**
   * load(prefix, cursor) → { items, next }, as docs/api.md says of a folder. chosen(path): a person picked
   * a file. selects: whether rows have a box; ticked(): some were ticked or not.
   */
  constructor(root, { load, chosen, selects = true, ticked = () => {} }) {
    Object.assign(this, { root, load, chosen, selects, ticked, folders: new Map(), rows: new Map(), current: null });
    root.classList.add("folders");
    root.addEventListener("click", (event) => this.#click(event));
    root.addEventListener("change", ({ target }) => target.matches("input[type='checkbox']") && ticked());
    new TreeKeys(this);
  }

  item = (path) => this.rows.get(path)?.item;
  row = (path) => this.rows.get(path)?.made.querySelector(":scope > [data-path]");
  top = () => this.folders.get("")?.items ?? [];

  /** Show the top, and open what stands there. */
  async start() {
    await this.#fetch("");
    const folders = this.top().filter(({ kind }) => kind === "folder").slice(0, MOST_OPEN_AT_FIRST);
    await Promise.all(folders.map(({ path }) => this.open(path)));
  }

  async open(path) {
    this.row(path)?.setAttribute("aria-expanded", "true");
    const known = this.folders.get(path);
    if (known) return void (known.list.hidden = false);
    await reading(this.rows.get(path)?.made, () => this.#fetch(path));
    // A folder with nothing but a folder in it says nothing yet.
    const [only, ...others] = this.folders.get(path)?.items ?? [];
    if (only?.kind === "folder" && !others.length) await this.open(only.path);
  }

  fold(path) {
    this.row(path).setAttribute("aria-expanded", "false");
    const known = this.folders.get(path);
    if (known) known.list.hidden = true;
  }

  /** Ask again for what is shown: a folder is looked into only when what it holds has changed. */
  async refresh(path = "") {
    const before = new Map(this.folders.get(path)?.items.map((item) => [item.path, item]));
    await this.#fetch(path, { atLeast: before.size });
    const isOther = (item) => ["size_bytes", "file_count", "is_growing"].some((key) => item[key] !== before.get(item.path)?.[key]);
    const open = (this.folders.get(path)?.items ?? []).filter((item) => item.kind === "folder");
    const wanted = open.filter((item) => item.is_growing || isOther(item));
    const isNew = (item) => !path && !before.has(item.path);
    await Promise.all(wanted.map((item) => (this.folders.has(item.path) ? this.refresh(item.path) : isNew(item) && this.open(item.path))));
  }

  /** Open the folders above a file or folder; returns whether it is found. */
  reveal = (path) => reveal(this, path);

  async more(path) {
    const folder = this.folders.get(path);
    const { items, next } = await this.load(path, folder.next);
    Object.assign(folder, { items: [...folder.items, ...items], next });
    this.#draw(path);
  }

  async #fetch(path, { atLeast = 0 } = {}) {
    let { items, next } = await this.load(path, "");
    while (next && items.length < atLeast) {
      const page = await this.load(path, next);
      [items, next] = [items.concat(page.items), page.next];
    }
    this.#show(path, items, next);
  }

  #show(path, items, next) {
    if (!this.folders.has(path)) {
      // Who folds it again while it is read is not shown it after all.
      const list = element("ul", { hidden: this.row(path)?.getAttribute("aria-expanded") === "false" });
      if (path && !this.rows.has(path)) return;
      (path ? this.rows.get(path).made : this.root).append(list);
      this.folders.set(path, { list });
    }
    Object.assign(this.folders.get(path), { items, next });
    this.#draw(path);
  }

  #draw(path) {
    const { list, items, next } = this.folders.get(path);
    const wanted = items.map((item) => this.#row(item, path));
    // The same one as before: it may be pressed, or have the focus, while the folder grows.
    if (next) wanted.push(list.querySelector(":scope > .rest") ?? makeMore(path, "Show more files"));
    const keep = new Set(wanted);
    for (const made of [...list.children]) if (!keep.has(made)) this.#remove(made);
    wanted.forEach((made, index) => list.children[index] !== made && list.insertBefore(made, list.children[index]));
    const first = this.root.querySelector("[data-path]");
    if (first && !this.root.querySelector("[data-path][tabindex='0']")) first.tabIndex = 0;
  }

  #row(item, folder) {
    const known = this.rows.get(item.path);
    const shortName = item.path.slice(folder.length).replace(/\/$/, "");
    const made = known?.made ?? makeRow(item, { shortName, selects: this.selects });
    if (known) update(made, item);
    this.rows.set(item.path, { item, made });
    return made;
  }

  #remove(made) {
    for (const { dataset } of made.querySelectorAll("[data-path]")) {
      this.rows.delete(dataset.path);
      this.folders.delete(dataset.path);
    }
    made.remove();
  }

  resize(path, bytes) {
    if (this.rows.has(path)) update(this.rows.get(path).made, Object.assign(this.item(path), { size_bytes: bytes }));
  }

  mark(path) {
    this.row(this.current)?.removeAttribute("aria-current");
    this.current = path;
    this.row(path)?.setAttribute("aria-current", "true");
    this.row(path)?.scrollIntoView({ block: "nearest" });
  }

  #click(event) {
    const row = event.target.closest("[data-path], [data-more]");
    const isPlain = !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0;
    if (!row || !isPlain) return;
    event.preventDefault();
    if (row.dataset.more !== undefined) this.more(row.dataset.more);
    else if (row.tagName === "A") this.chosen(row.dataset.path);
    else if (row.getAttribute("aria-expanded") === "true") this.fold(row.dataset.path);
    else this.open(row.dataset.path);
  }
}
