// The table itself: runs as columns or as rows; the best value of each metric is marked.

import { bestOf } from "runs/compare/best";
import { cell, link, state } from "runs/compare/shown";
import { count, element } from "studio/words";

const NUMBERS = ["number", "seconds", "odd"];

export class Grid {
  constructor(facts, best) {
    Object.assign(this, { facts, best });
  }

  /** The place of the best run of a column; -1 where all are the same, or none is better than another. */
  #best({ key, kind, values, differs }) {
    return kind === "metric" && differs && this.best.hasGoal(key) ? bestOf(values, this.best.goalOf(key)) : -1;
  }

  #cell(column, place, best, isMarked) {
    const names = [NUMBERS.includes(column.form) ? "n" : "", place === best ? "best" : "", isMarked ? "chosen" : ""].filter(Boolean);
    // A tag without a value is there all the same.
    const value = column.kind === "tag" && column.values[place] === "" ? "✓" : column.values[place];
    if (column.key === "state") return element("td", isMarked ? { class: "chosen" } : {}, state(this.facts.runs[place]));
    const made = cell("td", value, column.form, names.length ? { class: names.join(" ") } : {});
    if (place === best) made.append(element("span", { class: "sr" }, " best"));
    return made;
  }

  /** A few runs beside each other: a row for each column of `groups`. */
  columns(groups) {
    const { runs } = this.facts;
    const chosen = runs.indexOf(this.best.run);
    const heads = runs.map((run, place) => element("th", { scope: "col", class: place === chosen ? "n chosen" : "n" }, ...link(run)));
    const head = element("thead", {}, element("tr", {}, element("th", { scope: "col" }, ""), ...heads));
    const bodies = groups.map(({ title, columns }) => {
      const caption = element("tr", { class: "group" }, element("th", { colSpan: runs.length + 1, scope: "colgroup" }, title));
      return element("tbody", {}, caption, ...columns.map((column) => this.#row(column, chosen)));
    });
    return element("table", { class: "beside-runs" }, head, ...bodies);
  }

  #row(column, chosen) {
    const best = this.#best(column);
    const title = element("th", { scope: "row", title: column.key, class: column.key === this.best.key ? "by" : "" }, column.title);
    const cells = this.facts.runs.map((run, place) => this.#cell(column, place, best, place === chosen));
    for (const made of cells) made.classList.add("n");
    return element("tr", { class: column.differs ? "" : "quiet", "data-key": column.key }, title, ...cells);
  }

  /** Many runs: a row each, the best first; at most `most`. */
  rows(groups, most) {
    const columns = groups.flatMap((group) => group.columns);
    const spans = groups.map(({ title, columns: some }) => element("th", { colSpan: some.length, scope: "colgroup" }, title));
    const titles = columns.map((column) => element("th", { scope: "col", title: column.key, class: NUMBERS.includes(column.form) ? "n" : "" }, column.title));
    const head = element(
      "thead", {},
      element("tr", { class: "group" }, element("th", {}, ""), ...spans),
      element("tr", {}, element("th", { scope: "col" }, `Run (${count(this.facts.runs.length)})`), ...titles),
    );
    const best = columns.map((column) => this.#best(column));
    const chosen = this.facts.runs.indexOf(this.best.run);
    const body = element("tbody", {});
    for (const place of this.#order().slice(0, most)) {
      const run = this.facts.runs[place];
      const cells = columns.map((column, at) => this.#cell(column, place, best[at], false));
      const row = { class: place === chosen ? "chosen" : "", "data-key": run.run_id };
      body.append(element("tr", row, element("th", { scope: "row" }, ...link(run)), ...cells));
    }
    return element("table", { class: "below-runs" }, head, body);
  }

  /** Places of runs, best first by the chosen metric; those without it as they are, last. */
  #order() {
    const places = this.facts.runs.map((_, place) => place);
    const values = this.facts.column(this.best.key)?.values;
    if (!values) return places;
    const sign = this.best.goal === "max" ? -1 : 1;
    const isNumber = (place) => typeof values[place] === "number";
    return places.sort((one, other) => {
      if (!isNumber(one) || !isNumber(other)) return isNumber(other) - isNumber(one);
      return sign * (values[one] - values[other]);
    });
  }
}
