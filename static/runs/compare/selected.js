// The runs that are selected in the parallel coordinates, best first.

import { cell, link } from "runs/compare/shown";
import { count, element } from "studio/words";

const MOST = 50;
// A longer address is refused by servers on the way.
const MOST_IN_ADDRESS = 400;

export class Selected {
  constructor(card, facts) {
    Object.assign(this, { card, facts });
    const find = (name) => card.querySelector(name);
    [this.title, this.only, this.head, this.body] = ["[data-count]", "[data-only]", "thead", "tbody"].map(find);
  }

  /** places: of runs.   columns: shown of each.   metric, goal: what the best is found by. */
  show(places, { columns, metric, goal }) {
    this.card.hidden = !places.length;
    if (!places.length) return;
    this.title.textContent = `${count(places.length)} selected${places.length > MOST ? `, the best ${MOST} shown` : ""}`;
    const ids = places.map((place) => this.facts.runs[place].run_id);
    this.only.hidden = ids.length > MOST_IN_ADDRESS;
    this.only.href = `?${new URLSearchParams([["tab", "parallel"], ...ids.map((id) => ["run", id])])}`;
    const value = (place) => (typeof metric?.values[place] === "number" ? metric.values[place] : null);
    const sign = goal === "max" ? -1 : 1;
    const worst = Infinity;
    const rank = (place) => (value(place) === null ? worst : sign * value(place));
    const sorted = [...places].sort((one, other) => (rank(one) === rank(other) ? one - other : rank(one) - rank(other)));
    const titles = columns.map((column) => element("th", { scope: "col", class: "n" }, column.title));
    this.head.replaceChildren(element("tr", {}, element("th", { scope: "col" }, "Run"), ...titles));
    this.body.replaceChildren(...sorted.slice(0, MOST).map((place, at) => this.#row(place, { columns, isBest: at === 0 && value(place) !== null, metric })));
  }

  #row(place, { columns, isBest, metric }) {
    const run = this.facts.runs[place];
    const cells = columns.map((column) => cell("td", column.values[place], column.form, { class: isBest && column === metric ? "n best" : "n" }));
    return element("tr", { "data-key": run.run_id }, element("td", {}, ...link(run)), ...cells);
  }
}
