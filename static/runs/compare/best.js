// Which run is best: by a metric, where least or most is better. Marked on every part of the page.

import { mark } from "runs/compare/chooser";
import { metricKey, metricOf } from "runs/compare/keys";
import { address, words } from "runs/compare/shown";
import { put, read, write } from "runs/compare/state";
import { element } from "studio/words";

/** The place of the best of `values`, -1 for none: words such as "NaN" are never best. */
export function bestOf(values, goal) {
  let best = -1;
  for (const [place, value] of values.entries()) {
    if (typeof value !== "number") continue;
    if (best < 0 || (goal === "max" ? value > values[best] : value < values[best])) best = place;
  }
  return best;
}

export class Best {
  /** changed(): after a person chose another metric or goal. */
  constructor(root, facts, changed) {
    Object.assign(this, { facts, changed });
    this.form = root.querySelector("[data-best]");
    this.said = root.querySelector("[data-said-best]");
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.addEventListener("change", ({ target }) => this.#take(target));
  }

  /** The chosen metric's key; else the first loss, or the first whose name says what is better. */
  get key() {
    const { metrics } = this.facts;
    const usual = metrics.find(({ name }) => name === "loss") ?? metrics.find(({ name }) => /loss/i.test(name)) ?? metrics.find(({ is_goal_said: isSaid }) => isSaid);
    return read("best") || (usual ? metricKey(usual.name) : "");
  }

  get goal() {
    return read("goal") || this.facts.goal(this.key);
  }

  /** Whether more is better in a column. */
  goalOf(key) {
    return metricOf(key)?.name === metricOf(this.key)?.name ? this.goal : this.facts.goal(key);
  }

  /** Whether one value of a column can be called the best: its name says which way, or a person did. */
  hasGoal(key) {
    return this.facts.isGoalSaid(key) || (read("best") !== "" && metricOf(key)?.name === metricOf(this.key)?.name);
  }

  /** The best run, null where none has the metric. */
  get run() {
    const column = this.facts.column(this.key);
    return column ? (this.facts.runs[bestOf(column.values, this.goal)] ?? null) : null;
  }

  async renew() {
    const { key } = this;
    if (metricOf(key)) await this.facts.needKeys([key]);
    const column = this.facts.column(key);
    const field = this.form.elements.best;
    if (document.activeElement !== field) put(this.form, "best", key);
    mark(field, Boolean(key) && !column);
    put(this.form, "goal", this.goal);
    this.#say(column);
  }

  #say(column) {
    const { run } = this;
    if (!run) return this.said.replaceChildren();
    const value = words(column.values[this.facts.runs.indexOf(run)], "number");
    const name = element("a", { class: "link", href: address(run) }, run.name);
    const said = element("b", {}, `${column.title} ${value}`);
    if (this.said.textContent !== `Best ${said.textContent} by ${run.name}`) this.said.replaceChildren("Best ", said, " by ", name);
  }

  #take(target) {
    if (target.name === "best") write({ best: target.value.trim(), goal: "" });
    else write({ goal: target.value });
    this.changed();
  }
}
