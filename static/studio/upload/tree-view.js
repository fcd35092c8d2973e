// Files that were chosen, as a tree with sizes, and what becomes of each while they are sent.
import { bytes, counted } from "studio/sizes";
import { element } from "studio/words";

// A folder of a hundred thousand files is not a hundred thousand rows.
const MOST_ROWS = 200;
const SETTLED = { known: "here already", sent: "sent" };

const node = (name, path, above) => ({ name, path, above, size: 0, count: 0, settled: 0, folders: new Map(), files: [] });

function grow(files) {
  const top = node("", "", null);
  for (const each of files) {
    const parts = each.path.split("/");
    const chain = [top];
    for (const name of parts.slice(0, -1)) {
      const at = chain.at(-1);
      if (!at.folders.has(name)) at.folders.set(name, node(name, at.path ? `${at.path}/${name}` : name, at));
      chain.push(at.folders.get(name));
    }
    const isSettled = each.state in SETTLED;
    for (const folder of chain) (folder.size += each.size), (folder.count += 1), (folder.settled += isSettled);
    chain.at(-1).files.push({ each, name: parts.at(-1), above: chain.at(-1) });
  }
  return top;
}

const sizeOf = (one) => (one.each ?? one).size;
const byName = (a, b) => a.name.localeCompare(b.name);

export class TreeView {
  /** root: an element. actions(path, isFolder, size): [[words, label, act], …], the buttons of a row. */
  constructor(root, { actions = () => [], isLargestFirst = false } = {}) {
    Object.assign(this, { root, actions, isLargestFirst, rows: new Map(), dirty: new Set(), waiting: 0, open: new Set() });
  }

  /** Show `files`: [{ path, size, state?, done? }]. Folders that were open stay so. */
  show(files) {
    this.rows.clear();
    const top = grow(files);
    this.byFile = new Map();
    this.#index(top);
    this.root.hidden = !files.length;
    this.root.replaceChildren(...this.#children(top));
  }

  /** What became of one file: { state, done }. Shown with the next frame, with all that did. */
  tell(each, { state, done }) {
    const before = each.state in SETTLED;
    Object.assign(each, { state, done });
    const found = this.byFile?.get(each);
    if (!found) return;
    this.dirty.add(found);
    const step = (state in SETTLED) - before;
    for (let at = found.above; at; at = at.above) {
      at.settled += step;
      if (step) this.dirty.add(at);
    }
    this.waiting ||= requestAnimationFrame(() => this.#flush());
  }

  #index(folder) {
    for (const one of folder.files) this.byFile.set(one.each, one);
    for (const inner of folder.folders.values()) this.#index(inner);
  }

  #flush() {
    this.waiting = 0;
    for (const one of this.dirty) {
      const mark = this.rows.get(one);
      if (mark) mark.textContent = one.each ? fileWords(one.each) : folderWords(one);
    }
    this.dirty.clear();
  }

  #children(folder) {
    const all = [...[...folder.folders.values()].sort(byName), ...folder.files.sort(byName)];
    if (this.isLargestFirst) all.sort((a, b) => sizeOf(b) - sizeOf(a));
    const shown = all.slice(0, MOST_ROWS).map((one) => (one.each ? this.#file(one) : this.#folder(one)));
    const rest = all.length - shown.length;
    if (rest) shown.push(element("li", { class: "more" }, `and ${counted(rest, "more entry").replace("entrys", "entries")}`));
    return shown;
  }

  #line(one, path, size, words) {
    const mark = element("span", { class: "mark" }, words);
    this.rows.set(one, mark);
    const buttons = this.actions(path, !one.each, size).map(([text, label, act]) => {
      const button = element("button", { type: "button", class: "link", "aria-label": label, title: label }, text);
      button.addEventListener("click", (event) => (event.preventDefault(), act()));
      return button;
    });
    const name = one.each ? one.name : `${one.name}/`;
    return [element("span", { class: "what", title: path }, name), mark, ...buttons, element("b", {}, bytes(size))];
  }

  #file(one) {
    return element("li", {}, ...this.#line(one, one.each.path, one.each.size, fileWords(one.each)));
  }

  #folder(one) {
    const inside = element("ul");
    const fill = () => inside.childElementCount || inside.append(...this.#children(one));
    const details = element("details", {}, element("summary", {}, ...this.#line(one, one.path, one.size, folderWords(one))), inside);
    details.addEventListener("toggle", () => {
      if (details.open) (this.open.add(one.path), fill());
      else this.open.delete(one.path);
    });
    if (this.open.has(one.path)) (fill(), (details.open = true));
    return element("li", {}, details);
  }
}

function fileWords({ state, done = 0, size }) {
  if (state in SETTLED) return SETTLED[state];
  const part = size ? `${Math.floor((100 * done) / size)} %` : "";
  return state ? `${state} ${part}` : "";
}

function folderWords({ settled, count }) {
  if (!settled) return counted(count, "file");
  return settled === count ? `${counted(count, "file")}, here` : `${settled.toLocaleString("en-US")} of ${counted(count, "file")} here`;
}
