// A tile of rows: a table with its chart, a list, or texts by their step.

import { get } from "studio/api";
import { count, element } from "studio/words";
import { Lines } from "runs/drawn/lines";
import { Rows } from "runs/drawn/rows";
import { Tile, switcher } from "runs/drawn/tile";

// A table that grows all the time is asked for its columns, and its lines, this often.
const AGAIN_MS = 2000;
const VALUE = [{ name: "value", isNumber: false, width: 0 }];
const NARROW = 5;
const WIDE = 36;

export class Listed extends Tile {
  constructor(summary, page) {
    super(summary, page);
    this.isTable = summary.form === "table";
    this.view = { as: "rows" };
    const opened = (found, number) => this.#open(found, number);
    const ask = (after, limit) => this.#ask(after, limit);
    this.rows = new Rows({ ask, opened, label: `Rows of ${summary.name}` });
    this.whole = element("div", { class: "whole", hidden: true });
    this.lines = new Lines(this);
    const query = new URLSearchParams(this.isTable ? { name: this.name } : { name: this.name, format: "csv" });
    const csv = `${page.api}${this.isTable ? "drawn/csv" : "metrics/export"}?${query}`;
    this.csv = element("a", { class: "btn small", href: csv, download: "" }, "CSV");
    this.head.append(this.csv);
    this.node.append(this.rows.node, this.lines.node, this.whole);
    this.describe();
  }

  describe() {
    const word = this.isTable ? "row" : "value";
    this.said.textContent = `${count(this.summary.count)} ${word}${this.summary.count === 1 ? "" : "s"}`;
  }

  set chosen(query) {
    if (query.has("as")) this.view.as = query.get("as") === "chart" ? "chart" : "rows";
  }

  get address() {
    return this.view.as === "chart" ? { as: "chart" } : {};
  }

  async start() {
    await this.#learn();
    if (this.summary.form === "scalar") this.rows.toEnd();
  }

  grew() {
    if (!this.isTable) return this.#show(VALUE);
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.#learn();
    }, AGAIN_MS);
  }

  /** Ask for the columns of a table, and how wide they are; texts have one. */
  async #learn() {
    if (!this.isTable) return this.#show(VALUE);
    const query = new URLSearchParams({ name: this.name });
    try {
      const [{ columns, more }, first] = await Promise.all([get(`${this.page.api}drawn/columns?${query}`), this.#ask(0, 30)]);
      this.#show(columns.map(({ name, is_number: isNumber }) => ({ name, isNumber, width: widthOf(name, first) })));
      this.tell(more ? "It has more than 500 columns: the first 500 are shown; every row is in its JSON." : "");
      this.#offer(columns.filter(({ is_number: isNumber }) => isNumber).length > 1);
      if (this.view.as === "chart") await this.lines.load();
    } catch (error) {
      this.tell(error.message);
    }
  }

  #show(columns) {
    this.rows.set(columns, this.summary.count, this.isTable ? "Row" : "Step");
  }

  /** With two columns of numbers there is a chart, too. */
  #offer(isDrawable) {
    if (!isDrawable) this.view.as = "rows";
    else if (!this.choice) {
      const changed = (as) => this.turn(as);
      this.choice = switcher("Show as", { rows: "Table", chart: "Chart" }, { chosen: this.view.as, changed });
      this.said.before(this.choice);
    }
    this.#switch();
  }

  turn(as) {
    this.view.as = as;
    this.#switch();
    if (as === "chart") this.lines.load();
    this.page.told(this);
  }

  #switch() {
    this.rows.node.hidden = this.view.as === "chart";
    this.lines.node.hidden = this.view.as !== "chart";
    if (this.view.as === "rows") this.rows.draw();
  }

  async #ask(after, limit) {
    const query = new URLSearchParams({ name: this.name, after, limit });
    const { series } = await get(`${this.page.api}metrics/points?${query}`);
    const { kind, steps, values } = series[this.name];
    return values.map((value, at) => {
      const read = kind === "json" ? JSON.parse(value) : value;
      const isRow = this.isTable && read !== null && typeof read === "object" && !Array.isArray(read);
      return { row: isRow ? read : { value: read }, at: this.isTable ? undefined : steps[at] };
    });
  }

  /** Show one row whole, under the others. */
  #open(found, number) {
    this.whole.hidden = !found;
    if (!found) return;
    const pairs = element("dl", { class: "pairs" });
    for (const [name, value] of Object.entries(found.row)) {
      pairs.append(element("dt", {}, name), element("dd", {}, typeof value === "string" ? value : JSON.stringify(value)));
    }
    const close = element("button", { type: "button", class: "btn small quiet", "aria-label": "Close the row" }, "✕");
    close.addEventListener("click", () => this.rows.open(number));
    this.whole.replaceChildren(pairs, close);
  }

  draw() {
    this.lines.draw();
  }

  resize() {
    this.lines.resize();
    this.rows.drawn = "";
    this.rows.draw();
  }
}

const widthOf = (name, rows) => {
  const longest = Math.max(name.length, ...rows.map(({ row }) => String(row[name] ?? "–").length));
  return Math.min(WIDE, Math.max(NARROW, longest));
};
