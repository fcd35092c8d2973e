// A tile with several lines: what one node does of one kind, on the page's common time axis.

import { CONFIG } from "studio/charts";
import { axisOf } from "runs/charts/figure";
import { withRoom } from "runs/charts/span";
import { byKey, numbers } from "runs/charts/zoom";
import { inWords } from "runs/monitoring/charts";
import { figure } from "runs/monitoring/figure";
import { element } from "studio/words";

export class Panel {
  /** page: what all panels share: { look, view, isLive, span(), zoomTo(range) }. facts(): of its node. */
  constructor(chart, page, facts) {
    Object.assign(this, { chart, page, facts, curves: [], limits: [] });
    this.title = element("b");
    this.keys = element("span", { class: "keys-of-lines" });
    this.plot = element("div", { class: "plot", role: "img", tabindex: "0" });
    this.node = element("article", { class: "tile" });
    this.node.dataset.chart = chart.key;
    this.node.append(element("header", {}, this.title, this.keys), this.plot);
    this.plot.addEventListener("keydown", (event) => this.#key(event));
  }

  /** Add a line; `label` is empty for a limit. */
  add(curve, label) {
    curve.panel = this;
    if (!label) return void this.limits.push(curve);
    this.curves.push(Object.assign(curve, { label }));
    this.curves.sort((one, other) => this.#rank(one) - this.#rank(other));
  }

  #rank({ label }) {
    const labels = Object.values(this.chart.lines ?? {});
    return labels.length ? labels.indexOf(label) : Number(label.slice(4));
  }

  /** The limit of all lines; null when there is none, or they have different ones. */
  get limit() {
    const values = new Set(this.limits.map(({ series }) => series.last));
    return values.size === 1 ? [...values][0] : null;
  }

  /** Say in the header what the lines are, and how high they stand now. */
  describe() {
    const { chart, curves, limit } = this;
    this.title.textContent = chart.title(this.facts());
    const keys = curves.map(({ label, series }, at) => {
      const now = element("b", {}, inWords(series.last, chart.unit));
      return element("small", { class: `line-${(at % 6) + 1}` }, `${label} `, now);
    });
    if (limit !== null) {
      keys.push(element("small", { class: "line-limit" }, "limit ", element("b", {}, inWords(limit, chart.unit))));
    }
    this.keys.replaceChildren(...keys);
    this.plot.setAttribute("aria-label", `${this.title.textContent}: ${this.keys.textContent}`);
  }

  draw() {
    const { page, chart, limit } = this;
    this.describe();
    const loaded = this.curves.filter(({ series }) => series.points?.steps.length);
    if (!loaded.length) return;
    const curves = loaded.map((curve) => {
      return { label: curve.label, points: curve.zoom?.points ?? curve.series.shown };
    });
    const frame = this.frame();
    const drawn = figure(curves, { kind: chart.unit, limit, look: page.look, ...frame });
    window.Plotly.react(this.plot, drawn.traces, drawn.layout, CONFIG);
    if (!this.hasPlot) this.#listenToPlot();
    this.hasPlot = true;
    loaded.forEach((curve, at) => (curve.drawn = curves[at].points.steps.length));
  }

  /** The horizontal axis: its scale, and where it begins and ends now. */
  frame() {
    const { view, isLive, zoom } = this.page;
    const span = this.page.span();
    const scale = axisOf(view, span);
    return { scale, range: zoom ?? withRoom(span.map((end) => scale.at(end, end)), isLive) };
  }

  resize() {
    if (this.hasPlot) window.Plotly.Plots.resize(this.plot);
  }

  #listenToPlot() {
    this.plot.on("plotly_relayout", (change) => {
      const range = [change["xaxis.range[0]"], change["xaxis.range[1]"]];
      if (!range.includes(undefined)) this.page.zoomTo(numbers(range));
    });
    this.plot.on("plotly_doubleclick", () => this.page.zoomTo(null));
  }

  #key(event) {
    if (!this.hasPlot || event.ctrlKey || event.metaKey || event.altKey) return;
    const range = byKey(event.key, numbers(this.plot.layout.xaxis.range));
    if (!range && event.key !== "0") return;
    event.preventDefault();
    this.page.zoomTo(range);
  }
}
