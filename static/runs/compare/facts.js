// What the studio knows of the chosen runs: their columns, their metrics, values where asked for.

import { post } from "studio/api";
import { metricKey, metricOf, metricTitle } from "runs/compare/keys";

const NAMES = 50;
// The server looks at no more names in one call.
const AT_ONCE = 200;
const KINDS = { param: "parameter", tag: "tag", own: "fact" };

const isNumber = (value) => typeof value === "number" || value === null;

export class Facts {
  /** asked: { runs } or { experiment, q, sort }. */
  constructor(workspace, asked) {
    this.url = `/api/v1/workspaces/${encodeURIComponent(workspace)}/compare`;
    Object.assign(this, { workspace, asked, runs: [], columns: [], metrics: [], next: null, values: {}, goals: new Map(), said: new Set() });
  }

  /** Ask for everything that is shown, anew. */
  async load() {
    const wanted = Object.keys(this.values).slice(0, AT_ONCE);
    const most = Math.min(AT_ONCE, Math.max(NAMES, this.metrics.length));
    const found = await post(this.url, { ...this.asked, metrics: wanted, most });
    this.runs = found.runs;
    this.cut = found.cut;
    this.columns = found.columns.map((column) => ({ ...column, values: column.values ?? found.runs.map(() => column.value) }));
    this.values = Object.fromEntries(wanted.map((name) => [name, found.values[name] ?? null]));
    this.#take(found.metrics, []);
  }

  #take({ items, next }, before) {
    this.metrics = [...before, ...items];
    this.next = next;
    this.#learn(items);
  }

  #learn(metrics) {
    for (const { name, goal, is_goal_said: isSaid } of metrics) {
      this.goals.set(name, goal);
      if (isSaid) this.said.add(name);
    }
  }

  get ids() {
    return this.runs.map((run) => run.run_id);
  }

  /** Metrics whose names hold `find`: [{ name, runs, goal }]. Those of the first page are there already. */
  async search(find) {
    if (!find) return this.metrics;
    const { metrics } = await post(this.url, { runs: this.ids, columns: false, find, most: NAMES });
    this.#learn(metrics.items);
    return metrics.items;
  }

  /** Ask for the next metrics' names. */
  async more() {
    if (this.next === null) return;
    const page = { columns: false, after: this.next, most: NAMES };
    const { metrics } = await post(this.url, { runs: this.ids, ...page });
    this.#take(metrics, this.metrics);
  }

  /** Have the values of these metrics here; what is here is not asked for again. */
  async need(names) {
    const wanted = [...new Set(names)].filter((name) => !(name in this.values)).slice(0, AT_ONCE);
    if (!wanted.length) return;
    const { values } = await post(this.url, { runs: this.ids, columns: false, most: 0, metrics: wanted });
    for (const name of wanted) this.values[name] = values[name] ?? null;
  }

  /** Have what these keys need here. */
  needKeys(keys) {
    return this.need(keys.map(metricOf).filter(Boolean).map(({ name }) => name));
  }

  /**
   * The column of a key, null where there is none: { key, kind, title, form, values, differs }.
   * A metric's must have been asked for with `need`.
   */
  column(key) {
    const metric = metricOf(key ?? "");
    if (metric) return this.#measured(key, metric);
    const found = this.columns.find((column) => column.key === key);
    return found ? { ...found, title: found.name, about: KINDS[found.kind] } : null;
  }

  #measured(key, metric) {
    const values = this.values[metric.name]?.[metric.part];
    if (!values) return null;
    const differs = values.some((value) => value !== values[0]);
    const form = values.every(isNumber) || metric.part !== "last" ? "number" : "odd";
    return { key, kind: "metric", title: metricTitle(metric), about: "metric", form, values, differs, metric };
  }

  /** "min" or "max": which values of a key are the better ones, by the metric's name. */
  goal(key) {
    return this.goals.get(metricOf(key)?.name) ?? "min";
  }

  /** Whether the metric's name says which values are better: "loss" does, "learning_rate" does not. */
  isGoalSaid(key) {
    return this.said.has(metricOf(key ?? "")?.name);
  }

  /** Keys that something may be chosen by, with words: parameters that differ first. */
  get choices() {
    const given = [...this.columns].filter(({ kind }) => kind !== "own").sort((one, other) => other.differs - one.differs);
    const own = this.columns.filter(({ kind }) => kind === "own");
    const measured = this.metrics.flatMap(({ name }) => ["last", "min", "max"].map((part) => ({ key: metricKey(name, part), about: metricTitle({ name, part }) })));
    return [...given, ...measured, ...own].map(({ key, about, kind }) => ({ key, words: about ?? KINDS[kind] }));
  }
}
