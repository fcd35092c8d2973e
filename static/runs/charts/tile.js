// One metric's tile: its name, its last value, its curve; or only the value when there is no curve.

import { CONFIG } from "studio/charts";
import { Curve } from "runs/charts/curve";
import { axisOf, figure } from "runs/charts/figure";
import { withRoom } from "runs/charts/span";
import { count, element, value } from "studio/words";
import { byKey, detail, numbers } from "runs/charts/zoom";

export class Tile extends Curve {
  /** page: what all tiles share: { api, look, view, isLive, span(series), draw(tile) }. */
  constructor(series, page) {
    super(series);
    this.page = page;
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
    const at = series.first_nan_step ?? null;
    this.badge.hidden = at === null;
    if (at !== null) this.badge.textContent = `NaN at step ${count(at)}`;
    if (this.value.textContent !== last) this.value.textContent = last;
    const words = `${series.name}: ${last || series.last} at step ${series.last_step}`;
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

  /** Take a newer summary; the curve is asked for when it is in sight. */
  renew(summary) {
    super.renew(summary);
    this.describe();
  }

  draw() {
    const { series, page } = this;
    if (!this.isCurve) return this.#drawValue();
    if (!series.points) return;
    const points = this.zoom?.points ?? series.shown;
    const { colours } = page.look;
    const colour = colours[this.colour % colours.length];
    const { traces, layout } = figure(points, { ...page, ...this.#frame(), colour });
    if (!this.hasPlot) this.plot.replaceChildren();
    window.Plotly.react(this.plot, traces, layout, CONFIG);
    if (!this.hasPlot) this.#listenToPlot();
    this.hasPlot = true;
    this.drawn = points.steps.length;
  }

  /** The horizontal axis: its scale, and where it begins and ends now. */
  #frame() {
    const { view, isLive } = this.page;
    const span = this.page.span(this.series);
    const scale = axisOf(view, span);
    const ends = span.map((end) => scale.at(end, end));
    return { scale, range: this.zoom?.range ?? withRoom(ends, isLive) };
  }

  #drawValue() {
    const { series } = this;
    const words = series.isNumber ? value(series.last) : String(series.last);
    const all = series.count > 1 ? `, ${count(series.count)} values` : "";
    const big = element("p", { class: series.isNumber ? "number" : "words" }, words);
    this.plot.replaceChildren(big, element("small", {}, `at step ${count(series.last_step)}${all}`));
    this.drawn = series.count ? 1 : 0;
  }

  resize() {
    if (this.hasPlot) window.Plotly.Plots.resize(this.plot);
  }

  #listenToPlot() {
    this.plot.on("plotly_relayout", (change) => {
      const range = [change["xaxis.range[0]"], change["xaxis.range[1]"]];
      if (!range.includes(undefined)) this.zoomTo(numbers(range));
    });
    this.plot.on("plotly_doubleclick", () => this.zoomTo(null));
  }

  /** Show a part of the horizontal axis; null shows all again. */
  async zoomTo(range) {
    const zoom = range && { range, points: null };
    this.zoom = zoom;
    this.node.classList.toggle("zoomed", Boolean(zoom));
    this.page.draw(this);
    if (!zoom || !this.series.isThinned) return;
    const points = await detail(this.page.api, this.series, this.#frame());
    if (this.zoom !== zoom || !points) return;
    zoom.points = points;
    this.page.draw(this);
  }

  #key(event) {
    if (!this.hasPlot || event.ctrlKey || event.metaKey || event.altKey) return;
    const range = byKey(event.key, numbers(this.plot.layout.xaxis.range));
    if (!range && event.key !== "0") return;
    event.preventDefault();
    this.zoomTo(range);
  }
}
