// Parallel coordinates: a line for each run over chosen columns; parts of axes select runs.

import { onTheme, theme } from "studio/charts";
import { Axes } from "runs/compare/axes";
import { Brushes } from "runs/compare/brushes";
import { mark } from "runs/compare/chooser";
import { metricKey } from "runs/compare/keys";
import { drawLines, nearest } from "runs/compare/lines";
import { paint, said } from "runs/compare/paint";
import { isNumeric, scaleOf } from "runs/compare/scale";
import { Selected } from "runs/compare/selected";
import { address } from "runs/compare/shown";
import { put, read, readAll, write } from "runs/compare/state";
import { count, element } from "studio/words";

const MOST_USUAL = 7;
const NEAR_PX = 12;

export class Parallel {
  constructor(root, facts, best) {
    Object.assign(this, { root, facts, best, over: -1, axes: [] });
    const part = (name) => root.querySelector(`[data-${name}]`);
    [this.form, this.box, this.said, this.none, this.clear, this.tip] = ["tools", "plot", "said", "none", "clear", "over"].map(part);
    this.canvas = this.box.querySelector("canvas");
    this.brushes = new Brushes();
    this.selected = new Selected(part("selected"), facts);
    this.frame = new Axes(part("axes"), this.brushes, { changed: () => this.#select(), keys: (keys) => this.#keep(keys) });
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.addEventListener("change", ({ target }) => this.#take(target));
    this.clear.addEventListener("click", () => {
      this.brushes.clear();
      this.#select();
    });
    this.box.addEventListener("pointermove", (event) => this.#hover(event));
    this.box.addEventListener("pointerleave", () => this.#point(-1));
    this.canvas.addEventListener("click", () => this.over >= 0 && location.assign(address(this.facts.runs[this.over])));
    onTheme(() => this.#draw());
    new ResizeObserver(() => this.#draw()).observe(this.box);
  }

  /** The axes' keys: chosen; else parameters that differ. The metric stands last. */
  get #keys() {
    const chosen = readAll("along");
    const varied = this.facts.columns.filter(({ kind, differs }) => differs && kind === "param").slice(0, MOST_USUAL);
    const usual = varied.length ? varied.map(({ key }) => key) : this.facts.metrics.slice(0, MOST_USUAL).map(({ name }) => metricKey(name));
    return [...new Set([...(chosen.length ? chosen : usual).filter((key) => key !== this.#metric), this.#metric])].filter(Boolean);
  }

  get #metric() {
    return read("metric") || this.best.key;
  }

  #keep(keys) {
    const along = keys.filter((key) => key !== this.#metric);
    write({ along });
    this.show();
  }

  #take({ name, value }) {
    const key = value.trim();
    if (name === "metric") {
      write({ metric: key });
      return this.show();
    }
    if (name !== "add" || !key) return null;
    put(this.form, "add", "");
    return this.#keep([...this.#keys.slice(0, -1), key]);
  }

  async show() {
    const keys = this.#keys;
    await this.facts.needKeys(keys);
    const field = this.form.elements.metric;
    if (document.activeElement !== field) put(this.form, "metric", this.#metric);
    const columns = keys.map((key) => this.facts.column(key)).filter(Boolean);
    mark(field, Boolean(this.#metric) && !columns.some(({ key }) => key === this.#metric));
    this.axes = columns.map((column) => ({ key: column.key, column, scale: scaleOf(column) }));
    this.none.hidden = this.axes.length > 1;
    this.box.parentElement.hidden = this.axes.length < 2;
    this.frame.show(this.axes);
    this.#select();
  }

  #select() {
    const { runs } = this.facts;
    this.chosen = runs.map((_, place) => this.brushes.has(place, this.axes));
    const places = runs.map((_, place) => place).filter((place) => this.chosen[place]);
    this.said.textContent = this.brushes.size ? `${count(places.length)} of ${count(runs.length)} runs selected` : `${count(runs.length)} runs`;
    this.clear.hidden = !this.brushes.size;
    const metric = this.axes.find(({ key }) => key === this.#metric)?.column ?? null;
    const columns = this.axes.map(({ column }) => column);
    this.selected.show(this.brushes.size ? places : [], { columns, metric, goal: this.best.goalOf(this.#metric) });
    this.frame.mark();
    this.#draw();
  }

  #draw() {
    if (!this.box.clientWidth || this.axes.length < 2) return;
    const look = theme();
    const metric = this.axes.find(({ key }) => key === this.#metric)?.column ?? null;
    const { colours } = paint(this.facts.runs, metric && isNumeric(metric) ? metric : null, look);
    this.shape = this.frame.place(this.box.clientWidth, this.box.clientHeight);
    const best = this.facts.runs.indexOf(this.best.run);
    drawLines(this.canvas, this.axes, { shape: this.shape, colours, chosen: this.chosen, over: this.over, best, look });
  }

  #hover(event) {
    if (!this.shape || event.buttons) return;
    const box = this.box.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    this.#point(nearest(this.axes, this.shape, { x, y, chosen: this.chosen, within: NEAR_PX }), x, y);
  }

  #point(place, x = 0, y = 0) {
    this.tip.hidden = place < 0;
    this.canvas.classList.toggle("on-line", place >= 0);
    if (place >= 0) {
      const run = this.facts.runs[place];
      const lines = this.axes.map(({ column }) => element("span", {}, said(column, place)));
      if (place !== this.over) this.tip.replaceChildren(element("b", {}, run.name), ...lines);
      const right = x > this.shape.width / 2;
      this.tip.style.left = right ? "" : `${x + 14}px`;
      this.tip.style.right = right ? `${this.shape.width - x + 14}px` : "";
      this.tip.style.top = `${Math.min(y, Math.max(0, this.shape.height - this.tip.offsetHeight - 8))}px`;
    }
    if (place === this.over) return;
    this.over = place;
    this.#draw();
  }
}
