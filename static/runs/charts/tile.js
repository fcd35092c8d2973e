// One tile: a metric, or the two sides of one, with its last value and its curve.

import { lineOf } from "studio/charts";
import { axisOf, figure } from "runs/charts/figure";
import { Hover } from "runs/charts/hover";
import { plotFigure } from "runs/charts/plot";
import { MOST } from "runs/charts/series";
import { single } from "runs/charts/single";
import { withRoom } from "runs/charts/span";
import { header } from "runs/charts/tile-header";
import { element } from "studio/words";
import { numbers, part } from "runs/charts/zoom";

export class Tile {
  /** page: what all tiles share: { api, look, view, isLive, span(series), draw(tile), act(…) }. */
  constructor(model, page) {
    Object.assign(this, { page, zoom: null, shape: null, drawn: 0 });
    this.node = element("article", { class: "tile" });
    this.take(model);
  }

  /** model: { key, title, roles, members }, as charts/grouping says. */
  take({ key, title, roles, members }) {
    const isOther = this.members?.length !== members.length;
    Object.assign(this, { key, title, roles, members });
    for (const member of members) member.tile = this;
    this.node.setAttribute("aria-label", title);
    if (isOther && this.plot) this.#build();
  }

  get isCurve() {
    return this.members.some(({ isCurve }) => isCurve);
  }

  /** The first curve of a section may be the large one, the second stands beside it. */
  place(position) {
    for (const node of [this.node, this.slot].filter(Boolean)) {
      node.classList.toggle("big", position === 0 && this.isCurve);
      node.classList.toggle("tall", position === 1 && this.isCurve);
      node.classList.toggle("value", !this.isCurve);
    }
  }

  /** What stands in the tile is made when it is first seen: of 2,000 most never are. */
  #build() {
    this.forgetPlot();
    this.plot = element("div", { class: "plot", role: "img", tabindex: "0" });
    this.header = header(this);
    this.plot.addEventListener("keydown", (event) => this.page.act(this, event.key, event));
    this.node.replaceChildren(this.header.node, this.plot);
    this.header.describe();
  }

  /** What can be said without drawing. */
  describe() {
    this.header?.describe();
  }

  draw() {
    if (!this.plot) this.#build();
    this.describe();
    if (!this.isCurve) return this.plot.replaceChildren(...single(this.members[0].series));
    const loaded = this.members.filter(({ series }) => series.points);
    this.node.setAttribute("aria-busy", String(!loaded.length || !window.Plotly));
    if (!loaded.length || !window.Plotly) return;
    const { scale, range } = Object.assign(this, this.frame());
    this.#askDetail(loaded);
    const lines = loaded.map((metric) => this.#line(metric));
    this.figure = figure(lines, { ...this.page, scale, range });
    if (!this.hasPlot) this.plot.replaceChildren();
    this.shape = plotFigure(this.plot, this.figure, this.shape);
    if (!this.hasPlot) this.#listenToPlot();
    this.hasPlot = true;
    this.drawn = lines.reduce((sum, { points }) => sum + points.steps.length, 0);
    this.header.note();
  }

  #line(metric) {
    const { look } = this.page;
    const { colour } = lineOf(look, metric.colour);
    const before = this.members.slice(0, this.members.indexOf(metric));
    const alike = before.filter((other) => lineOf(look, other.colour).colour === colour).length;
    const { dash } = lineOf(look, alike * look.colours.length);
    return { name: this.roles[this.members.indexOf(metric)] ?? "", points: metric.shown, colour, dash };
  }

  /** The horizontal axis: its scale, and where it begins and ends now. */
  frame() {
    const { view, isLive } = this.page;
    const spans = this.members.map(({ series }) => this.page.span(series));
    const span = [Math.min(...spans.map(([from]) => from)), Math.max(...spans.map(([, to]) => to))];
    const scale = axisOf(view, span);
    const { zoom } = this;
    const zoomed = zoom?.range.map((end) => (end * zoom.unit) / scale.unit);
    return { scale, range: zoomed ?? withRoom(span.map((end) => scale.at(end, end)), isLive) };
  }

  resize() {
    if (!this.hasPlot) return;
    this.shape = null;
    window.Plotly.Plots.resize(this.plot);
    this.page.draw(this);
  }

  #listenToPlot() {
    this.plot.on("plotly_relayout", ({ "xaxis.range[0]": from, "xaxis.range[1]": to }) => {
      if (from !== undefined && to !== undefined) this.page.zoomTo(this, numbers([from, to]));
    });
    this.plot.on("plotly_doubleclick", () => this.page.zoomTo(this, null));
    new Hover(this);
  }

  /** Show a part of the horizontal axis; null shows all again. unit: of its ends, as axisOf says. */
  zoomTo(range, unit = this.scale?.unit ?? 1) {
    const before = this.zoom?.range;
    this.zoom = range && { range, unit };
    const isInside = range && before && before[0] <= range[0] && before[1] >= range[1];
    for (const metric of this.members) {
      // What was seen before stands in until the part has come.
      metric.zoom = range && { range, points: isInside ? (metric.zoom?.points ?? null) : null };
    }
    this.node.classList.toggle("zoomed", Boolean(range));
    this.page.draw(this);
  }

  /** Where the whole curve is thinned, its part in sight comes closer, down to every point. */
  #askDetail(metrics) {
    for (const { series, zoom } of metrics) {
      if (!zoom || !series.isThinned || (zoom.isAsked && !(zoom.points?.steps.length > 3 * MOST))) continue;
      zoom.isAsked = true;
      part(this.page.api, series, this.frame()).then((found) => {
        if (!found || !series.points) return;
        Object.assign(zoom, { points: found.points, isWhole: !found.isThinned });
        this.page.draw(this);
      });
    }
  }

  forgetPlot() {
    if (this.hasPlot) window.Plotly.purge(this.plot);
    Object.assign(this, { hasPlot: false, shape: null, drawn: 0 });
  }

  /** Let go the picture and the points of a tile that was scrolled past long ago. */
  forget() {
    this.forgetPlot();
    for (const metric of this.members) metric.forget();
    this.page.draw(this);
  }
}
