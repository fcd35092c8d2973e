// A list of files by folder, kept up to date in place, so that focus and scrolling stay.

import { bytes as size } from "studio/sizes";
import { element } from "studio/words";

export class Tree {
  /** root: the element that holds it. chosen(path): called when a person picks a file. */
  constructor(root, { chosen, top = "" }) {
    Object.assign(this, { root, top, links: new Map(), current: null });
    root.addEventListener("click", (event) => {
      const link = event.target.closest("a[data-path]");
      const isPlain = !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0;
      if (!link || !isPlain) return;
      event.preventDefault();
      chosen(link.dataset.path);
    });
    root.addEventListener("keydown", (event) => this.#walk(event));
  }

  /** Show `items`: [{ path, size_bytes, is_growing }], sorted by path. */
  show(items) {
    const wanted = [];
    let folder = null;
    const isAtTop = ({ path }) => !path.includes("/");
    for (const item of [...items.filter(isAtTop), ...items.filter((item) => !isAtTop(item))]) {
      const cut = item.path.indexOf("/");
      const own = cut < 0 ? this.top : item.path.slice(0, cut);
      if (own !== folder) wanted.push(this.#folder(own));
      folder = own;
      wanted.push(this.#link(item, cut < 0 ? item.path : item.path.slice(cut + 1)));
    }
    const keep = new Set(wanted);
    for (const node of [...this.root.children]) if (!keep.has(node)) node.remove();
    wanted.forEach((node, index) => {
      if (this.root.children[index] !== node) this.root.insertBefore(node, this.root.children[index]);
    });
  }

  #folder(name) {
    const key = `${name}/`;
    if (!this.links.has(key)) this.links.set(key, element("p", {}, name || "files"));
    return this.links.get(key);
  }

  #link({ path, size_bytes: bytes, is_growing: isGrowing }, name) {
    if (!this.links.has(path)) {
      const href = `?${new URLSearchParams({ path })}`;
      const label = element("span", {}, name.replaceAll("/", " / "));
      const dot = element("i", { title: "growing" });
      const link = element("a", { href, "data-path": path, title: path }, label, dot);
      link.append(element("small"));
      this.links.set(path, link);
    }
    const link = this.links.get(path);
    link.querySelector("i").hidden = !isGrowing;
    this.resize(path, bytes);
    return link;
  }

  resize(path, bytes) {
    const small = this.links.get(path)?.querySelector("small");
    const words = size(bytes);
    if (small && small.textContent !== words) small.textContent = words;
  }

  mark(path) {
    this.links.get(this.current)?.removeAttribute("aria-current");
    this.current = path;
    this.links.get(path)?.setAttribute("aria-current", "true");
  }

  #walk(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const links = [...this.root.querySelectorAll("a[data-path]")];
    const at = links.indexOf(document.activeElement);
    if (!step || at < 0) return;
    event.preventDefault();
    links[Math.min(links.length - 1, Math.max(0, at + step))].focus();
  }
}
