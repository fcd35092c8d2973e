// Scatter: each run a point, placed by any two columns, coloured by a third.

import { CONFIG, layout, onTheme, theme } from "studio/charts";
import { mark } from "runs/compare/chooser";
import { metricKey, metricOf } from "runs/compare/keys";
import { paint, said, tell } from "runs/compare/paint";
import { address } from "runs/compare/shown";
import { isNumeric } from "runs/compare/scale";
import { read, tie, valueOf, put } from "runs/compare/state";
import { count } from "studio/words";

// Plotly reads some tags in its texts; a name means what it says.
const safe = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
const USUAL = { x: "", xlog: "0", y: "", ylog: "0", c: "" };

export class Scatter {
  constructor(root, facts, best) {
    Object.assign(this, { root, facts, best, at: -1 });
    const part = (name) => root.querySelector(`[data-${name}]`);
    [this.form, this.plot, this.legend, this.point, this.said, this.none, this.why] = ["tools", "plot", "legend", "point", "said", "none", "why"].map(part);
    tie(this.form, USUAL, () => this.show());
    this.plot.addEventListener("keydown", (event) => this.#key(event));
    onTheme(() => this.places && this.#draw());
  }

  /** The keys of the axes and the colour: chosen, or what answers most: a parameter, the metric. */
  get #keys() {
    const numbers = this.facts.columns.filter((column) => column.differs && isNumeric(column));
    const parameter = numbers.find(({ kind }) => kind === "param") ?? numbers.find(({ key }) => key === "duration");
    const other = this.facts.metrics.map(({ name }) => metricKey(name)).find((key) => key !== this.best.key);
    const x = read("x") || parameter?.key || other || "duration";
    return [x, read("y") || this.best.key || "duration", read("c")];
  }

  async show() {
    const keys = this.#keys;
    await this.facts.needKeys(keys);
    const columns = keys.map((key) => (key ? this.facts.column(key) : null));
    for (const [at, name] of ["x", "y", "c"].entries()) {
      const field = this.form.elements[name];
      if (document.activeElement !== field) put(this.form, name, keys[at]);
      mark(field, Boolean(keys[at]) && !columns[at]);
    }
    this.columns = columns;
    const [x, y] = columns;
    const why = !x || !y ? `No run has ${keys.find((key, at) => at < 2 && !columns[at])}.` : "";
    this.places = why ? [] : this.facts.runs.map((_, place) => place).filter((place) => this.#is(x, place, "xlog") && this.#is(y, place, "ylog"));
    this.#empty(why || (this.places.length ? "" : "No run has both a value across and one up; choose others above."));
    if (this.places.length) this.#draw();
  }

  #empty(why) {
    this.none.hidden = !why;
    this.plot.parentElement.hidden = Boolean(why);
    this.why.textContent = why;
    const left = this.facts.runs.length - this.places.length;
    this.said.textContent = why ? "" : `${count(this.places.length)} runs${left ? `, ${count(left)} without a place` : ""}`;
  }

  /** Whether a run has a place on an axis: on one of logarithms only what is above zero. */
  #is(column, place, log) {
    const value = column.values[place];
    if (value === null || value === "") return false;
    if (!isNumeric(column)) return true;
    return typeof value === "number" && (valueOf(this.form, log) !== "1" || value > 0);
  }

  #axis(column, log) {
    const title = { text: safe(column.title), standoff: 6 };
    if (column.form === "time") return { type: "date", title };
    if (!isNumeric(column)) return { type: "category", title, nticks: 0 };
    return { type: valueOf(this.form, log) === "1" ? "log" : "linear", title, ticksuffix: column.form === "seconds" ? " s" : "" };
  }

  #draw() {
    const look = theme();
    const [x, y, c] = this.columns;
    const { colours, legend } = paint(this.facts.runs, c, look);
    tell(this.legend, c, legend);
    const at = (column) => this.places.map((place) => column.values[place]);
    const best = this.facts.runs.indexOf(this.best.run);
    const line = { color: this.places.map((place) => (place === best ? look.text : look.surface)), width: this.places.map((place) => (place === best ? 2.5 : 1)) };
    const trace = {
      type: "scatter", mode: "markers", x: at(x), y: at(y), text: this.places.map((place) => this.#words(place)), hovertemplate: "%{text}<extra></extra>",
      marker: { size: this.places.map((place) => (place === best ? 13 : 9)), color: this.places.map((place) => colours[place]), opacity: 0.9, line },
    };
    const axes = { xaxis: { ...this.#axis(x, "xlog"), showgrid: true, gridcolor: look.line }, yaxis: { ...this.#axis(y, "ylog"), fixedrange: false } };
    const margin = { l: 64, r: 24, t: 16, b: 52 };
    window.Plotly.react(this.plot, [trace], layout(look, { ...axes, margin, hovermode: "closest" }), CONFIG);
    if (this.isHeard) return;
    this.isHeard = true;
    this.plot.on("plotly_click", ({ points, event }) => this.#open(points[0].pointNumber, event.ctrlKey || event.metaKey));
    this.plot.on("plotly_doubleclick", () => this.#draw());
    new ResizeObserver(() => this.plot.clientWidth && window.Plotly.Plots.resize(this.plot)).observe(this.plot);
  }

  #words(place) {
    const run = this.facts.runs[place];
    return [`<b>${safe(run.name)}</b>`, ...this.columns.filter(Boolean).map((column) => safe(said(column, place)))].join("<br>");
  }

  #open(point, isElsewhere) {
    const run = this.facts.runs[this.places[point]];
    if (!run) return;
    if (isElsewhere) window.open(address(run), "_blank", "noopener");
    else location.assign(address(run));
  }

  #key(event) {
    const way = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (event.key === "Enter") return this.#open(this.at, event.ctrlKey || event.metaKey);
    if (!way || !this.places?.length || event.altKey) return;
    event.preventDefault();
    const value = (point) => this.columns[0].values[this.places[point]];
    const order = this.places.map((_, point) => point).sort((one, other) => (value(one) > value(other)) - (value(one) < value(other)));
    const next = this.at < 0 ? 0 : Math.min(order.length - 1, Math.max(0, order.indexOf(this.at) + way));
    this.at = order[next];
    window.Plotly.Fx.hover(this.plot, [{ curveNumber: 0, pointNumber: this.at }]);
    const place = this.places[this.at];
    this.point.textContent = [this.facts.runs[place].name, ...this.columns.filter(Boolean).map((column) => said(column, place))].join(" · ");
  }
}
