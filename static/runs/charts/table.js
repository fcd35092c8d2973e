// Values by step: chosen metrics beside each other, only the rows in sight asked for.

import { Rows } from "runs/charts/rows";
import { toggled } from "runs/charts/address";
import { Scroll } from "runs/charts/scroll";
import { clock, count, element, value } from "studio/words";

const USUAL_COLUMNS = 4;

export class Table {
  /** box: where it stands. page: { api, controls, metrics: name → Metric }. */
  constructor(box, page) {
    Object.assign(this, { box, page, isShown: false, rows: new Rows(page.api, () => this.#draw()) });
    this.head = box.querySelector("thead");
    this.body = box.querySelector("tbody");
    this.choice = box.querySelector("[data-columns]");
    this.words = box.querySelector("[data-rows]");
    this.scroll = new Scroll(box.querySelector("[data-scroll]"), (first, many) => this.#at(first, many));
    this.choice.addEventListener("change", ({ target }) => {
      page.controls.set({ column: toggled(this.names, target.value) });
    });
  }

  /** The chosen metrics; where none are chosen the first few, the longest first. */
  get names() {
    const { controls, metrics } = this.page;
    const chosen = controls.state.column.filter((name) => metrics.has(name));
    if (chosen.length) return chosen;
    const all = [...metrics.values()].filter(({ series }) => series.isNumber).slice(0, USUAL_COLUMNS);
    return all.map(({ name }) => name);
  }

  show(isShown) {
    this.isShown = isShown;
    this.box.hidden = !isShown;
    if (!isShown) return;
    const { metrics } = this.page;
    const series = (name) => metrics.get(name).series;
    // The rows are those of the longest: what was logged less often stands beside its steps.
    const names = [...this.names].sort((one, other) => series(other).count - series(one).count);
    this.rows.choose(names);
    this.#choose(names);
    const heads = names.map((name) => element("th", { scope: "col", class: "num", title: name }, name));
    const fixed = ["Step", "Time"].map((words) => element("th", { scope: "col", class: "num" }, words));
    this.head.replaceChildren(element("tr", {}, ...fixed, ...heads));
    this.grew();
  }

  /** More was logged: there is more to scroll, and what is in sight may have come further. */
  grew() {
    if (!this.isShown) return;
    const [first] = this.rows.names;
    const total = first ? this.page.metrics.get(first).series.count : 0;
    this.words.textContent = first ? `${count(total)} rows: the points of ${first}, as they came` : "";
    this.scroll.resize(total);
  }

  #choose(names) {
    const known = [...this.page.metrics.keys()];
    if (this.choice.children.length !== known.length) {
      this.choice.replaceChildren(...known.map((name) => {
        const box = element("input", { type: "checkbox", value: name });
        return element("label", {}, box, name);
      }));
    }
    for (const box of this.choice.querySelectorAll("input")) box.checked = names.includes(box.value);
  }

  #at(first, many) {
    Object.assign(this, { first, many });
    this.#draw();
  }

  #draw() {
    if (!this.isShown) return;
    const rows = [];
    for (let at = this.first; at < this.first + this.many; at += 1) rows.push(this.#row(at));
    this.body.replaceChildren(...rows);
  }

  #row(at) {
    const row = this.rows.at(at);
    const cell = (words, title = "") => element("td", { class: "num", title }, words);
    if (!row) return element("tr", { "aria-busy": "true" }, cell("…"), cell(""), ...this.rows.names.map(() => cell("")));
    const values = row.values.map((one) => cell(one === null ? "–" : typeof one === "number" ? String(one) : value(read(one))));
    const when = new Date(row.time * 1000);
    return element("tr", {}, cell(count(row.step)), cell(clock(when), when.toISOString()), ...values);
  }
}

const read = (one) => ({ NaN, Infinity, "-Infinity": -Infinity })[one] ?? one;
