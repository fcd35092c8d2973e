// Curves: a tile for each metric, all runs in it, coloured by run or by what they differ in.

import { USUAL_SMOOTHING } from "runs/charts/smoothing";
import { mark } from "runs/compare/chooser";
import { metricOf } from "runs/compare/keys";
import { read, readAll, tie, valueOf, write } from "runs/compare/state";
import { Overlay } from "runs/overlay/overlay";
import { count } from "studio/words";

const TILES = 24;
const USUAL = { find: "", axis: "step", smoothing: String(USUAL_SMOOTHING), log: "0", by: "", band: "" };
const BETWEEN = "~";

export class Curves {
  constructor(root, facts, best) {
    Object.assign(this, { root, facts, best, most: TILES, found: null });
    const part = (name) => root.querySelector(`[data-${name}]`);
    [this.form, this.tiles, this.said, this.none] = ["tools", "tiles", "said", "none"].map(part);
    this.more = part("more");
    this.overlay = new Overlay(this.tiles, { workspace: facts.workspace });
    tie(this.form, USUAL, (name) => this.#changed(name));
    this.more.addEventListener("click", () => this.#showMore());
    this.#listenToTiles();
  }

  #listenToTiles() {
    const hear = (name, take) => this.tiles.addEventListener(name, ({ detail }) => take(detail));
    hear("overlay-zoom", () => write({ zoom: Object.entries(this.overlay.zooms).filter(([, range]) => range).map(([name, range]) => [name, ...range].join(BETWEEN)) }));
    hear("overlay-remove", ({ metric }) => this.#write({ without: [...readAll("without"), metric] }));
    hear("overlay-log", ({ metric, log }) => {
      const others = readAll("logs").filter((name) => name !== metric);
      this.#write({ logs: log ? [...others, metric] : others });
    });
  }

  #write(changes) {
    write(changes);
    this.show();
  }

  async #changed(name) {
    if (name === "find") this.found = null;
    await this.show();
  }

  async #showMore() {
    this.most += TILES;
    if (this.facts.metrics.length < this.most) await this.facts.more();
    await this.show();
  }

  /** The metrics that have a tile now, and how many there are to choose from. */
  async #metrics() {
    const find = read("find").trim();
    if (find && this.found?.find !== find) this.found = { find, items: await this.facts.search(find) };
    if (read("find").trim() !== find) return null; // more was typed meanwhile
    const without = new Set(readAll("without"));
    const items = (find ? this.found.items : this.facts.metrics).filter(({ name }) => !without.has(name));
    const first = metricOf(this.best.key)?.name;
    // What runs are judged by stands first.
    return [...items].sort((one, other) => (other.name === first) - (one.name === first));
  }

  async show() {
    this.form.elements.smoothing_value.value = Number(valueOf(this.form, "smoothing")).toFixed(2);
    const metrics = await this.#metrics();
    if (!metrics) return;
    const by = await this.#by();
    const log = valueOf(this.form, "log") === "1" || readAll("logs");
    this.overlay.show({
      runs: this.facts.runs.map((run, place) => this.#run(run, place, by)),
      metrics: metrics.slice(0, this.most).map(({ name }) => name),
      view: {
        axis: valueOf(this.form, "axis"),
        smoothing: Number(valueOf(this.form, "smoothing")),
        log,
        colour: by ? (by.isScale ? "value" : "group") : "run",
        label: by?.title ?? "",
        band: valueOf(this.form, "band"),
        greatest: metrics.filter(({ name }) => this.facts.goals.get(name) === "max").map(({ name }) => name),
      },
    });
    this.#zoomOnce();
    this.#say(metrics);
  }

  #run(run, place, by) {
    const value = by?.values[place] ?? null;
    const more = by ? { group: value === null ? "" : String(value), value: typeof value === "number" ? value : undefined } : {};
    return { id: run.run_id, number: run.mark, name: run.name, isLive: !run.is_final, started: run.started, ...more };
  }

  /** The column that colours come from; a scale where its numbers are many, and no band is asked. */
  async #by() {
    const key = read("by").trim();
    const field = this.form.elements.by;
    if (metricOf(key)) await this.facts.needKeys([key]);
    const column = key && key !== "run" ? this.facts.column(key) : null;
    mark(field, Boolean(key) && key !== "run" && !column);
    if (!column) return null;
    const different = new Set(column.values).size;
    const isScale = ["number", "seconds"].includes(column.form) && different > 6 && !valueOf(this.form, "band");
    return { ...column, isScale };
  }

  #zoomOnce() {
    if (this.hasZoomed) return;
    this.hasZoomed = true;
    const zooms = readAll("zoom").map((text) => text.split(BETWEEN)).filter((parts) => parts.length > 2);
    const ranges = zooms.map((parts) => [parts.slice(0, -2).join(BETWEEN), parts.slice(-2).map(Number)]);
    if (ranges.length) this.overlay.setZooms(Object.fromEntries(ranges));
  }

  #say(metrics) {
    const find = read("find").trim();
    const shown = Math.min(metrics.length, this.most);
    this.none.hidden = metrics.length > 0;
    this.none.querySelector("[data-of-name]").textContent = find ? ` whose name holds “${find}”` : "";
    this.tiles.hidden = metrics.length === 0;
    const more = find ? metrics.length > this.most : metrics.length > this.most || this.facts.next !== null;
    this.more.hidden = !more;
    const all = `${count(shown)} ${shown === 1 ? "metric" : "metrics"}`;
    this.said.textContent = more ? `the first ${all}` : all;
  }
}
