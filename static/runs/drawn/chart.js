// A chart out of a file: a confusion matrix, an accuracy table, residuals or predictions.

import { get } from "studio/api";
import { CONFIG } from "studio/charts";
import { element } from "studio/words";
import { accuracy } from "runs/drawn/accuracy";
import { predictions, residuals } from "runs/drawn/bins";
import { confusion } from "runs/drawn/confusion";
import { Stepped } from "runs/drawn/stepped";

const KINDS = { confusion_matrix: confusion, accuracy_table: accuracy, residuals, predictions };

export class Chart extends Stepped {
  constructor(summary, page) {
    super(summary, page);
    this.kind = KINDS[summary.form];
    this.view = { ...this.kind.view };
    this.plot = element("div", { class: "plot", role: "img", tabindex: "0", hidden: true });
    this.under = element("span", { class: "under" });
    this.classes = element("div", { class: "classes", tabindex: "0", role: "group", "aria-label": `Classes of ${summary.name}`, hidden: true });
    this.line.prepend(this.under);
    this.node.append(this.plot, this.line, this.classes, this.steps.node);
    this.plot.addEventListener("keydown", (event) => this.#key(event));
  }

  /** What the address says of this chart's view, when it stands alone. */
  set chosen(query) {
    for (const key of Object.keys(this.view)) this.view[key] = query.get(key) ?? this.view[key];
    if (this.isStarted) this.load();
  }

  get address() {
    const changed = Object.entries(this.view).filter(([key, value]) => value !== this.kind.view[key]);
    return { ...super.address, ...Object.fromEntries(changed) };
  }

  /** Show it another way; `again`: other numbers are needed for that. */
  turn(change, again = false) {
    Object.assign(this.view, change);
    if (again) this.load();
    else this.#shown();
    this.page.told(this);
  }

  fetch(number) {
    const query = new URLSearchParams({ name: this.name, number });
    if (this.view.class) query.set("which", this.view.class);
    return get(`${this.page.api}drawn/chart?${query}`);
  }

  show(item) {
    if (item.drawing?.labels?.length !== this.drawing?.labels?.length) this.zoom = null;
    this.drawing = item.replaced ? null : item.drawing;
    this.plot.hidden = this.classes.hidden = !this.drawing;
    this.controls?.remove();
    if (this.drawing) {
      this.controls = this.kind.controls(this);
      if (this.controls) this.said.before(this.controls);
    }
    this.#shown();
  }

  #shown() {
    const { drawing, kind, view } = this;
    this.under.textContent = drawing ? kind.words(drawing, view) : "";
    this.plot.setAttribute("aria-label", `${this.name}: ${this.under.textContent}`);
    this.page.draw(this);
  }

  draw() {
    if (!this.drawing) return;
    const { traces, layout } = this.kind.figure(this.drawing, this.view, this.page.look, this.plot, this.zoom);
    window.Plotly.react(this.plot, traces, layout, CONFIG);
    if (!this.hasPlot) this.#listenToPlot();
    this.hasPlot = true;
    if (this.kind.table && this.node.classList.contains("only")) this.#list();
  }

  /** The table of the classes, made when it is seen: of the tile that stands alone. */
  #list() {
    this.classes.hidden = false;
    if (this.listed === this.drawing) return;
    this.listed = this.drawing;
    this.classes.replaceChildren(this.kind.table(this.drawing));
  }

  resize() {
    // How many labels fit is a matter of the size.
    if (this.hasPlot && this.drawing) this.draw();
    if (this.hasPlot) window.Plotly.Plots.resize(this.plot);
  }

  #listenToPlot() {
    this.plot.on("plotly_doubleclick", () => this.zoomTo(null));
    this.plot.on("plotly_relayout", (change) => {
      if (!this.kind.isZoomed || change["xaxis.range[0]"] === undefined) return;
      const { xaxis, yaxis } = this.plot.layout;
      this.zoomTo({ across: [...xaxis.range], down: [...yaxis.range] });
    });
    this.plot.on("plotly_hover", ({ points: [point] }) => {
      const words = this.kind.hover?.(this.drawing, point);
      if (words) this.under.textContent = words;
    });
    this.plot.on("plotly_unhover", () => (this.under.textContent = this.kind.words(this.drawing, this.view)));
  }

  /** Show a part of a matrix; null shows all of it. */
  zoomTo(zoom) {
    this.zoom = zoom;
    this.page.draw(this);
  }

  #key(event) {
    if (event.key !== "0" || !this.kind.isZoomed || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.zoomTo(null);
  }
}
