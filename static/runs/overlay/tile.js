// One metric of many runs: its head, its lines (or its groups' bands), zoomed or whole.

import { CONFIG } from "studio/charts";
import { placed } from "runs/charts/reach";
import { withRoom } from "runs/charts/span";
import { byKey, numbers } from "runs/charts/zoom";
import { scaleOf } from "runs/overlay/axis";
import { bandFigure } from "runs/overlay/band";
import { drawn, figure } from "runs/overlay/figure";
import { Head } from "runs/overlay/head";
import { Over } from "runs/overlay/over";
import { Store } from "runs/overlay/store";
import { count, element } from "studio/words";

export class Tile {
  /** page: what tiles share: { workspace, look, view, runs, painted, draw(tile), say(event, detail) }. */
  constructor(name, page) {
    Object.assign(this, { name, page, zoom: null, shown: [] });
    this.chart = element("div", { class: "chart" });
    this.words = element("p", { class: "wait", hidden: true });
    this.plot = element("div", { class: "plot", role: "img", tabindex: "0" }, this.chart, this.words);
    this.head = new Head(this);
    this.node = element("article", { class: "tile", "data-metric": name }, this.head.node, this.plot);
    this.over = new Over(this, (id) => page.say("overlay-over", { id }));
    this.store = new Store(this);
    this.plot.addEventListener("keydown", (event) => this.#key(event));
    this.plot.addEventListener("dblclick", () => this.zoomTo(null));
  }

  get isLog() {
    const { log } = this.page.view;
    return log === true || (Array.isArray(log) && log.includes(this.name));
  }

  get moreIsBetter() {
    return (this.page.view.greatest ?? []).includes(this.name);
  }

  /** The page's runs or view changed: ask for what is missing, draw what is here. */
  renew({ isOtherAxis }) {
    if (isOtherAxis) this.zoomTo(null);
    this.store.renew();
    this.head.renew();
    this.page.draw(this);
  }

  draw() {
    const { store, page } = this;
    this.#tell(store.problem || (store.isLoaded && window.Plotly ? "" : "Loading …"));
    if (!store.isLoaded || !window.Plotly) return;
    const view = { ...page.view, log: this.isLog };
    const bands = view.band ? this.#groups() : null;
    this.shown = bands ?? drawn(store.lines(this.zoom), view, page.painted.paint);
    this.head.renew();
    if (!this.shown.length && !store.problem) this.#tell(page.runs.length ? "None of these runs has logged it." : "No run to draw.");
    const [low, high] = ends(this.shown);
    const scale = scaleOf(view, low, high);
    const range = (this.zoom?.range ?? room([low, high], page.runs.some((run) => run.isLive))).map(scale.from);
    const given = { scale, range, view, look: page.look };
    const { traces, layout } = bands
      ? bandFigure(store.bands(this.zoom), { ...given, groups: page.painted.groups })
      : figure(this.shown, given);
    this.frame = { scale, range, heights: layout.yaxis.range, isLog: this.isLog };
    window.Plotly.react(this.chart, traces, layout, CONFIG);
    if (!this.hasPlot) this.chart.on("plotly_relayout", (change) => this.#zoomed(change));
    this.hasPlot = true;
    this.over.renew();
    this.#describe();
  }

  /** Groups as what lies over the chart reads them: their means are their lines. */
  #groups() {
    const { groups } = this.page.painted;
    return [...this.store.bands(this.zoom)].map(([name, { runs, steps, mean }]) => ({
      name: `${name || "without"} · mean of ${count(runs)}`,
      x: steps, y: placed(mean), exact: mean, steps, ...groups?.get(name),
    }));
  }

  #describe() {
    const { length } = this.shown;
    const more = length ? `, from ${ends(this.shown).map(this.frame.scale.words).join(" to ")}` : "";
    this.plot.setAttribute("aria-label", `${this.name}: ${count(length)} ${this.page.view.band ? "groups" : "runs"}${more}`);
  }

  #tell(words) {
    this.words.hidden = !words;
    if (this.words.textContent !== words) this.words.textContent = words;
  }

  resize() {
    if (this.hasPlot) this.page.draw(this);
  }

  /** Take points that a run just logged. */
  grow(id, delta) {
    this.store.grow(id, delta);
    this.page.draw(this);
  }

  #zoomed(change) {
    const range = [change["xaxis.range[0]"], change["xaxis.range[1]"]];
    if (!range.includes(undefined)) this.zoomTo(numbers(range).map(this.frame.scale.back));
  }

  /** Show a part of the horizontal axis (steps, or seconds); null shows all again. */
  zoomTo(range, isTold = true) {
    if (!range && !this.zoom) return;
    this.zoom = range && { range };
    this.node.classList.toggle("zoomed", Boolean(range));
    this.head.renew();
    if (isTold) this.page.say("overlay-zoom", { metric: this.name, range });
    this.page.draw(this);
    if (this.zoom) this.store.detail(this.zoom);
  }

  #key(event) {
    if (!this.frame || event.ctrlKey || event.metaKey || event.altKey || event.target !== this.plot) return;
    const range = byKey(event.key, this.frame.range);
    if (!range && event.key !== "0") return;
    event.preventDefault();
    this.zoomTo(range?.map(this.frame.scale.back) ?? null);
  }

  /** Scrolled far away: let the picture go, keep the points. */
  forget() {
    if (this.hasPlot) window.Plotly.purge(this.chart);
    this.hasPlot = false;
  }

  remove() {
    this.store.stop();
    this.forget();
    this.node.remove();
  }
}

/** The first and last place of all lines. */
function ends(shown) {
  const firsts = shown.map(({ x }) => x[0]).filter(Number.isFinite);
  const lasts = shown.map(({ x }) => x.at(-1)).filter(Number.isFinite);
  return firsts.length ? [Math.min(...firsts), Math.max(...lasts)] : [0, 1];
}

/** With zero at the left where it is near, and room for lines that still grow. */
function room([low, high], isLive) {
  const from = low > 0 && low < (high - low) * 0.05 ? 0 : low;
  return withRoom([from, high], isLive);
}
