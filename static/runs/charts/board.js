// The tiles in their sections: pinned first, then those without a prefix, then one section a prefix.

import { element } from "studio/words";
import { groupOf, tilesOf } from "runs/charts/grouping";
import { inOrder, lay } from "runs/charts/order";
import { Tile } from "runs/charts/tile";

const PINNED = "★";

export class Board {
  /** box: where the sections go. page: what tiles share. drawing: who draws them. */
  constructor(box, page, drawing) {
    Object.assign(this, { box, page, drawing, tiles: new Map(), sections: new Map(), shown: [] });
    box.addEventListener("click", ({ target }) => {
      const head = target.closest("button[data-group]");
      if (head) page.fold(head.dataset.group);
    });
  }

  /** The tile that a metric of this name is in. */
  of(name) {
    return [...this.tiles.values()].find(({ members }) => members.some((metric) => metric.name === name));
  }

  /** Show `metrics` as `state` says: which tiles, in which order and section. Returns how many. */
  arrange(metrics, state) {
    this.#make(tilesOf(metrics, !state.apart));
    const groups = new Map([[PINNED, []]]);
    for (const tile of inOrder([...this.tiles.values()])) {
      const group = this.page.isPinned(tile) ? PINNED : state.flat ? "" : groupOf(tile.members[0].name);
      if (!groups.has(group)) groups.set(group, []);
      groups.get(group).push(tile);
    }
    const words = state.find.toLowerCase().split(/\s+/).filter(Boolean);
    const isNamed = groups.size > 2 || groups.get(PINNED).length > 0;
    Object.assign(this, { shown: [], hasLarge: false });
    const nodes = [];
    for (const [group, tiles] of groups) {
      if (!tiles.length) continue;
      const isOpen = words.length > 0 || !state.closed.includes(group);
      nodes.push(this.#show(group, tiles, { words, isOpen, isNamed }));
    }
    lay(this.box, nodes);
    for (const key of this.sections.keys()) if (!groups.get(key)?.length) this.sections.delete(key);
    return this.shown.length;
  }

  #make(models) {
    const keys = new Set(models.map(({ key }) => key));
    for (const [key, tile] of this.tiles) {
      if (keys.has(key)) continue;
      this.drawing.unwatch(tile);
      tile.forgetPlot();
      for (const node of [tile.node, tile.slot]) node?.remove();
      this.tiles.delete(key);
    }
    // In the order of the metrics, which a tile keeps that is made anew.
    const before = this.tiles;
    this.tiles = new Map();
    for (const model of models) {
      const tile = before.get(model.key) ?? new Tile(model, this.page);
      tile.take(model);
      this.tiles.set(model.key, tile);
      if (!before.has(model.key)) this.drawing.watch(tile);
    }
  }

  /** One section; a tile outside of the page is neither laid out nor seen. */
  #show(group, tiles, { words, isOpen, isNamed }) {
    const section = this.sections.get(group) ?? this.#section(group);
    const isFirst = isOpen && !this.hasLarge && (tiles.length > 1 || this.tiles.size === 1);
    let found = 0;
    for (const tile of tiles) {
      tile.node.hidden = !isMatch(tile, words);
      if (tile.slot) tile.slot.hidden = tile.node.hidden;
      if (tile.node.hidden) continue;
      found += 1;
      if (!isOpen) continue;
      tile.place(isFirst ? found - 1 : Infinity);
      this.shown.push(tile);
      this.drawing.add(tile);
    }
    this.hasLarge ||= isFirst && found > 0;
    lay(section.tiles, isOpen ? tiles.map(({ node, slot }) => slot ?? node) : []);
    section.head.parentNode.hidden = !isNamed;
    section.head.setAttribute("aria-expanded", String(isOpen));
    section.count.textContent = String(found);
    section.node.hidden = !found;
    return section.node;
  }

  #section(group) {
    const title = group === PINNED ? "Pinned" : group || "Without a prefix";
    const count = element("small");
    const head = element("button", { type: "button", class: "group", "data-group": group }, title, count);
    const tiles = element("div", { class: "tiles" });
    const node = element("section", { "aria-label": title }, element("h2", {}, head), tiles);
    const section = { node, head, count, tiles };
    this.sections.set(group, section);
    return section;
  }
}

const isMatch = ({ title, members }, words) =>
  words.every((word) => [title, ...members.map(({ name }) => name)].some((name) => name.toLowerCase().includes(word)));
