// Table: what differs between the runs, differing parameters first; the best value of each metric.

import { Grid } from "runs/compare/grid";
import { metricKey } from "runs/compare/keys";
import { words } from "runs/compare/shown";
import { tie, valueOf } from "runs/compare/state";
import { count, element } from "studio/words";

// So many runs still stand beside each other.
const FEW = 8;
const ROWS = 100;
const TITLES = { param: "Parameters", tag: "Tags", metric: "Metrics", own: "Facts" };

export class Table {
  constructor(root, facts, best) {
    Object.assign(this, { root, facts, best, rows: ROWS });
    const part = (name) => root.querySelector(`[data-${name}]`);
    [this.form, this.box, this.said, this.same, this.more, this.allRows] = ["tools", "table", "said", "same", "more", "all-rows"].map(part);
    this.usual = { find: "", differing: "1", part: "last", "runs-as": facts.runs.length > FEW ? "rows" : "columns" };
    tie(this.form, this.usual, () => this.show());
    this.more.addEventListener("click", async () => {
      await this.facts.more();
      await this.show();
    });
    this.allRows.addEventListener("click", () => {
      this.rows = Infinity;
      this.show();
    });
  }

  get find() {
    return valueOf(this.form, "find").trim().toLowerCase();
  }

  async show() {
    const { find } = this;
    const metrics = await this.facts.search(find);
    await this.facts.need(metrics.map(({ name }) => name));
    if (this.find !== find) return; // more was typed meanwhile
    const part = valueOf(this.form, "part");
    const parts = part === "all" ? ["last", "min", "max"] : [part];
    const measured = metrics.flatMap(({ name }) => parts.map((one) => this.facts.column(metricKey(name, one)))).filter(Boolean);
    const own = this.facts.columns.map(({ key }) => this.facts.column(key)).filter((column) => this.#isFound(column));
    this.#draw([...own, ...measured]);
    this.more.hidden = Boolean(find) || this.facts.next === null;
  }

  #isFound({ key, title }) {
    return [key, title].some((text) => text.toLowerCase().includes(this.find));
  }

  #draw(columns) {
    const onlyDiffering = valueOf(this.form, "differing") === "1" && this.facts.runs.length > 1;
    const groups = new Map(["param", "tag", "metric", "own"].map((kind) => [kind, []]));
    for (const column of columns) groups.get(column.kind).push(column);
    const shown = [...groups].map(([kind, all]) => {
      const sorted = all.sort((one, other) => other.differs - one.differs);
      return { kind, title: TITLES[kind], columns: onlyDiffering ? sorted.filter(({ differs }) => differs) : sorted };
    });
    const same = onlyDiffering ? columns.filter(({ differs }) => !differs) : [];
    this.grid ??= new Grid(this.facts, this.best);
    const asRows = valueOf(this.form, "runs-as") === "rows";
    const filled = shown.filter(({ columns: some }) => some.length);
    const made = asRows ? this.grid.rows(filled, this.rows) : this.grid.columns(filled);
    this.#put(filled.length ? made : element("p", { class: "empty" }, this.find ? "Nothing of this name." : "Nothing differs: all runs have the same."));
    this.allRows.hidden = !asRows || this.facts.runs.length <= this.rows;
    this.#fold(same);
    this.#say(filled, columns, same);
  }

  /** What is drawn already stays: a mark, a selection and the place in it are kept. */
  #put(made) {
    const before = this.box.firstElementChild;
    if (before?.isEqualNode(made)) return;
    const focused = this.box.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    this.box.replaceChildren(made);
    if (focused) [...made.querySelectorAll("a")].find((link) => link.getAttribute("href") === focused)?.focus({ preventScroll: true });
  }

  #fold(same) {
    this.same.hidden = !same.length;
    if (!same.length) return;
    this.same.firstElementChild.textContent = `${count(same.length)} the same`;
    const pairs = same.flatMap(({ title, about, values, form }) => [element("dt", { title: about }, title), element("dd", { class: "mono" }, words(values[0], form))]);
    this.same.lastElementChild.replaceChildren(...pairs);
  }

  #say(filled, columns, same) {
    const shown = filled.reduce((sum, group) => sum + group.columns.length, 0);
    this.said.textContent = same.length ? `${count(shown)} differ, ${count(same.length)} are the same` : `${count(shown)} of each run`;
  }
}
