// Charts of many runs: a tile for each metric. Used by the page of an experiment and by Compare.

import { onTheme, theme } from "studio/charts";
import { Drawing } from "runs/charts/drawing";
import { painter } from "runs/overlay/colours";
import { Feed } from "runs/overlay/feed";
import { tellLegend } from "runs/overlay/legend";
import { Tile } from "runs/overlay/tile";
import { element } from "studio/words";

const USUAL = { axis: "step", smoothing: 0, log: false, colour: "run", band: "", greatest: [], label: "" };

export class Overlay {
  /**
   * box: an element of class "tiles" that gets the tiles; its events: overlay-zoom, overlay-log,
   * overlay-remove { metric … }, overlay-over { id }, overlay-loaded { metric }, overlay-points { id, series }, overlay-painted.
   */
  constructor(box, { workspace }) {
    Object.assign(this, { box, workspace, tiles: new Map(), runs: [], known: [], view: USUAL, look: theme() });
    box.classList.add("overlay");
    this.legend = element("div", { class: "overlay-legend", hidden: true });
    box.before(this.legend);
    this.drawing = new Drawing({ drawn() {}, seen: (tile) => tile.store.load() });
    this.feed = new Feed({ heard: (id, series) => this.#hear(id, series), doubted: (ids) => this.#doubt(ids) });
    // A large script: where the page lets it come last, the lines are asked for meanwhile.
    document.querySelector("script[data-plotly]")?.addEventListener("load", () => this.#drawAll());
    onTheme(() => {
      this.look = theme();
      this.#paint();
      this.#drawAll();
    });
  }

  #drawAll() {
    for (const tile of this.tiles.values()) this.draw(tile);
  }

  /** Show these runs' metrics so; what is here already is not asked for again.  heard: runs of which the page wants to hear as well. */
  show({ runs, metrics, view, heard = [] }) {
    const wanted = { ...USUAL, ...view };
    if (wanted.band) Object.assign(wanted, { axis: "step", colour: "group" });
    const said = JSON.stringify([runs, metrics, wanted, heard]);
    if (said === this.said) return; // a page that asked itself again found all as it was
    const isOtherAxis = wanted.axis !== this.view.axis;
    // Runs beside the drawn ones have their colours too: none changes when others are drawn.
    const isDrawn = new Set(runs.map(({ id }) => id));
    Object.assign(this, { said, runs, view: wanted, known: [...runs, ...heard.filter(({ id }) => !isDrawn.has(id))] });
    this.#paint();
    for (const [name, tile] of this.tiles) if (!metrics.includes(name)) this.#remove(tile);
    metrics.forEach((name, at) => this.#place(name, at));
    for (const tile of this.tiles.values()) tile.renew({ isOtherAxis });
    this.feed.follow(this.known.filter((run) => run.isLive).map(({ id }) => id));
  }

  #place(name, at) {
    let tile = this.tiles.get(name);
    if (!tile) {
      tile = new Tile(name, this);
      this.tiles.set(name, tile);
    }
    if (this.box.children[at] !== tile.node) this.box.insertBefore(tile.node, this.box.children[at] ?? null);
    if (!this.drawing.tiles.has(tile.node)) this.drawing.watch(tile);
  }

  #remove(tile) {
    this.drawing.unwatch(tile);
    this.tiles.delete(tile.name);
    tile.remove();
  }

  #paint() {
    this.painted = painter(this.known, this.view, this.look);
    this.say("overlay-painted", {});
    tellLegend(this.legend, this.painted, { label: this.view.label, look: this.look, runs: this.runs });
  }

  /** One run's line on top of the others; null: none. */
  highlight(id) {
    for (const tile of this.tiles.values()) tile.over.highlight(id);
  }

  /** { metric: [from, to] } of tiles that show a part of their axis. */
  get zooms() {
    const zoomed = [...this.tiles.values()].filter(({ zoom }) => zoom);
    return Object.fromEntries(zoomed.map(({ name, zoom }) => [name, zoom.range]));
  }

  setZooms(zooms) {
    for (const [name, tile] of this.tiles) if (zooms[name]) tile.zoomTo(zooms[name], false);
  }

  draw(tile) {
    this.drawing.add(tile);
  }

  say(event, detail) {
    this.box.dispatchEvent(new CustomEvent(event, { detail }));
  }

  #hear(id, series) {
    for (const [name, delta] of Object.entries(series)) this.tiles.get(name)?.grow(id, delta);
    this.say("overlay-points", { id, series });
  }

  #doubt(ids) {
    for (const tile of this.tiles.values()) tile.store.doubt(ids);
  }
}
