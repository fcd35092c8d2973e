// The rows of the table that were asked for: pages of them, the newest in use kept.

import { get } from "studio/api";

const PAGE = 200;
const MOST_PAGES = 50;

export class Rows {
  /** came(): called when rows came that were waited for. */
  constructor(api, came) {
    Object.assign(this, { api, came, names: [], pages: new Map() });
  }

  /** Rows are the points of the first of `names`; the others' values stand beside their steps. */
  choose(names) {
    if (String(names) === String(this.names)) return;
    Object.assign(this, { names, pages: new Map() });
  }

  /** Row `at`: { step, time, values }, or null until it has come. */
  at(at) {
    const number = Math.floor(at / PAGE);
    const page = this.pages.get(number);
    const row = page?.rows[at % PAGE];
    // The last page was short when it was asked for; it is asked for again when there are more.
    if (!row && !page?.isAsked) this.#ask(number);
    return row ?? null;
  }

  async #ask(number) {
    const page = { rows: this.pages.get(number)?.rows ?? [], isAsked: true };
    this.pages.delete(number);
    this.pages.set(number, page);
    if (this.pages.size > MOST_PAGES) this.pages.delete(this.pages.keys().next().value);
    const names = this.names.map((name) => ["name", name]);
    const query = new URLSearchParams([...names, ["after", number * PAGE], ["limit", PAGE]]);
    const answer = await get(`${this.api}metrics/rows?${query}`).catch(() => null);
    const { steps = [], times = [], columns = {} } = answer ?? {};
    const all = [...new Set(names.map(([, name]) => name))].map((name) => columns[name] ?? []);
    page.rows = steps.map((step, at) => ({ step, time: times[at], values: all.map((one) => one[at] ?? null) }));
    if (page.rows.length < PAGE) setTimeout(() => (page.isAsked = false), 1000);
    this.came();
  }
}
