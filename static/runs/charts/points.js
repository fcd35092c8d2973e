// Asks for the thinned curves of tiles: those wanted in the same moment go in one request.

import { get } from "studio/api";
import { MOST } from "runs/charts/series";

const NAMES_AT_ONCE = 40;

export class Points {
  /** took(name, points): an answer. failed(error, names): why there is none. */
  constructor(api, { took, failed }) {
    Object.assign(this, { api, took, failed, wanted: new Set() });
  }

  ask(names) {
    if (!this.wanted.size) queueMicrotask(() => this.#fetch());
    for (const name of names) this.wanted.add(name);
  }

  async #fetch() {
    const names = [...this.wanted];
    this.wanted.clear();
    for (let at = 0; at < names.length; at += NAMES_AT_ONCE) {
      const some = names.slice(at, at + NAMES_AT_ONCE).map((name) => ["name", name]);
      const query = new URLSearchParams([...some, ["most", MOST]]);
      try {
        const { series } = await get(`${this.api}metrics/points?${query}`);
        for (const [name, points] of Object.entries(series)) this.took(name, points);
      } catch (error) {
        return this.failed(error, names.slice(at));
      }
    }
  }
}
