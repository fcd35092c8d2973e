// What the studio knows of the files behind a series, a page of points at a time.

import { get } from "studio/api";

const PAGE = 20;

export class Items {
  constructor(api, name) {
    Object.assign(this, { api, name, pages: new Map() });
  }

  /** Forget what is known: files came, or points. */
  forget() {
    this.pages.clear();
  }

  /** The point of that number; undefined when there is none. */
  async at(number) {
    const page = Math.floor(number / PAGE);
    if (!this.pages.has(page)) this.#keep(page, this.#ask({ after: page * PAGE }));
    const { items } = await this.pages.get(page);
    return items[number - page * PAGE];
  }

  /** The number of the last point at a step, or before it. */
  async numberAt(step) {
    const answer = await this.#ask({ step });
    this.#keep(answer.after / PAGE, Promise.resolve(answer));
    return answer.number;
  }

  #ask(more) {
    const query = new URLSearchParams({ name: this.name, limit: PAGE, ...more });
    return get(`${this.api}drawn/items?${query}`);
  }

  #keep(page, promise) {
    this.pages.set(page, promise);
    promise.catch(() => this.pages.delete(page));
  }
}
