// One metric's tile: its name, its last value, its curve; or only the value when there is no curve.

import { get } from "studio/api";
import { CONFIG } from "studio/charts";
import { across, figure } from "runs/figure";
import { count, element, value } from "runs/words";
import { MOST, Series, extend } from "runs/series";

export class Tile {
  /** page: what all tiles share: { api, look, view, isLive, draw(tile) }. */
  constructor(series, { page, index }) {
    Object.assign(this, { series, page, index, zoom: null, isSeen: false, hasPlot: false });
    this.badge = element("em", { hidden: true });
    this.value = element("span", { class: "last" });
    this.plot = element("div", { class: "plot", role: "img", tabindex: "0" });
    const name = element("b", { title: series.name }, series.name);
    this.node = element("article", { class: "tile" });
    this.node.append(element("header", {}, name, this.badge, this.value), this.plot);
    this.plot.addEventListener("keydown", (event) => this.#key(event));
    this.describe();
  }

  /** What can be said without drawing. */
  describe() {
    const { series } = this;
    const last = series.isNumber ? value(series.last) : "";
    const at = series.first_nan_step;
    this.badge.hidden = at === null || at === undefined;
    if (!this.badge.hidden) this.badge.textContent = `NaN at step ${count(at)}`;
    if (this.value.textContent !== last) this.value.textContent = last;
    const words = `${series.name}: ${series.isNumber ? last : series.last} at step ${series.last_step}`;
    this.plot.setAttribute("aria-label", words);
  }

  get isCurve() {
    return this.series.isNumber && this.series.count > 1;
  }

  /** The first curve on the page is the large one, the second stands beside it. */
  place(position) {
    this.node.classList.toggle("big", position === 0 && this.isCurve);
    this.node.classList.toggle("tall", position === 1 && this.isCurve);
    this.node.classList.toggle("value", !this.isCurve);
  }

  /** Take what the run just logged; false when something between is missing. */
  grow(delta) {
    const fresh = this.series.grow(delta);
    if (fresh && this.zoom?.points) extend(this.zoom.points, fresh);
    return fresh !== null;
  }

  /** Take a newer summary; the curve is asked for when it is in sight. */
  renew(summary) {
    this.series.summarise(summary);
    this.isStale = true;
    this.describe();
  }

  draw() {
    const { series, page } = this;
    if (!this.isCurve) return this.#drawValue();
    if (!series.points) return;
    const points = this.zoom?.points ?? series.points;
    const colour = page.look.colours[this.index % page.look.colours.length];
    const { view, look, isLive } = page;
    const range = this.zoom?.range;
    const { traces, layout } = figure(points, { view, look, colour, range, isLive });
    if (!this.hasPlot) this.plot.replaceChildren();
    window.Plotly.react(this.plot, traces, layout, CONFIG);
    if (!this.hasPlot) this.#listenToPlot();
    this.hasPlot = true;
    this.drawn = points.steps.length;
  }

  #drawValue() {
    const { series } = this;
    const words = series.isNumber ? value(series.last) : String(series.last);
    const at = `at step ${count(series.last_step)}${series.count > 1 ? `, ${count(series.count)} values` : ""}`;
    const big = element("p", { class: series.isNumber ? "number" : "words" }, words);
    this.plot.replaceChildren(big, element("small", {}, at));
    this.drawn = 1;
  }

  resize() {
    if (this.hasPlot) window.Plotly.Plots.resize(this.plot);
  }

  #listenToPlot() {
    this.plot.on("plotly_relayout", (change) => {
      const [from, to] = [change["xaxis.range[0]"], change["xaxis.range[1]"]];
      if (from !== undefined && to !== undefined) this.zoomTo([from, to]);
    });
    this.plot.on("plotly_doubleclick", () => this.zoomTo(null));
  }

  /** Show a part of the x axis, in full detail where the whole is thinned; null shows all again. */
  async zoomTo(range) {
    const zoom = range && { range, points: null };
    this.zoom = zoom;
    this.node.classList.toggle("zoomed", Boolean(zoom));
    this.page.draw(this);
    if (!zoom || !this.series.isThinned) return;
    const span = this.#steps(range.map((end) => (typeof end === "string" ? asTime(end) : end)));
    if (!span) return;
    const { name } = this.series;
    const query = new URLSearchParams({ name, from: span[0], to: span[1], most: MOST });
    const answer = await get(`${this.page.api}metrics/points?${query}`).catch(() => null);
    if (this.zoom !== zoom || !answer?.series[name]) return;
    const detail = new Series({ name, kind: this.series.kind });
    detail.load(answer.series[name]);
    zoom.points = detail.points;
    this.page.draw(this);
  }

  /** The first and last step in a range of the x axis. */
  #steps([from, to]) {
    const { x } = across(this.series.points, this.page.view);
    const { steps } = this.series.points;
    const first = x.findIndex((at) => at >= from);
    const last = x.findLastIndex((at) => at <= to);
    if (first < 0 || last < 0) return null;
    return [steps[Math.max(0, first - 1)], steps[Math.min(steps.length - 1, last + 1)]];
  }

  /** + and − zoom around the middle, the arrows move, 0 shows all. */
  #key(event) {
    const ask = { "+": [0.25, 0.25], "=": [0.25, 0.25], "-": [-0.5, -0.5] }[event.key];
    const move = { ArrowLeft: -0.25, ArrowRight: 0.25 }[event.key];
    if (!this.hasPlot || (!ask && !move && event.key !== "0")) return;
    event.preventDefault();
    if (event.key === "0") return this.zoomTo(null);
    const ends = this.plot.layout.xaxis.range;
    const [from, to] = ends.map((end) => (typeof end === "string" ? asTime(end) : end));
    const width = to - from;
    const [left, right] = ask ?? [move, -move];
    return this.zoomTo([from + left * width, to - right * width]);
  }
}

/** Plotly writes a place on a date axis as text without a zone, which it reads as UTC. */
const asTime = (text) => Date.parse(`${text.replace(" ", "T")}Z`);
