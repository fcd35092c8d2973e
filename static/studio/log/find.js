// Find in a log: next and previous by the server, portion by portion, from where the reader is;
// beside it a walk through all of it counts. What is on the screen is marked by the page itself.

import { compile, span } from "studio/log/pattern";
import { tally } from "studio/log/tally";
import { count } from "studio/words";

const MOST = 10_000; // hits that are counted and known by their place
const PORTION = 2000;
const TYPING_MS = 250;
const GROWN_MS = 1000;
const LONGEST = 4000; // characters of a line that the page looks through by itself

export class Find {
  /** bar: the element with the field and its buttons. view: () → the LogView. */
  constructor(bar, view) {
    Object.assign(this, { view, bar, round: 0 });
    const part = (name) => bar.querySelector(`[data-find="${name}"]`);
    [this.field, this.tally] = [part("field"), part("tally")];
    this.field.addEventListener("input", () => this.restart(TYPING_MS));
    this.field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.go(event.shiftKey ? -1 : 1);
      else if (event.key === "Escape") this.clear();
      else return;
      event.preventDefault();
    });
    part("next").addEventListener("click", () => this.go(1));
    part("previous").addEventListener("click", () => this.go(-1));
    this.switches = ["regex", "case"].map((name) => [name, part(name)]);
    for (const [, button] of this.switches) button.addEventListener("click", () => this.#turn(button));
    this.#reset();
  }

  #turn(button) {
    button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
    this.restart();
  }

  clear() {
    this.field.value = "";
    this.restart();
  }

  #reset() {
    this.round += 1; // what is still on its way belongs to an earlier question
    Object.assign(this, { hits: [], next: 0, lines: 0, current: null, isDone: false, note: "" });
    const on = ([name, button]) => [name, button.getAttribute("aria-pressed") === "true"];
    this.query = { text: this.field.value, ...Object.fromEntries(this.switches.map(on)) };
    const { pattern, problem } = compile(this.query);
    Object.assign(this, { pattern, problem });
    if (problem) this.field.setAttribute("aria-invalid", "true");
    else this.field.removeAttribute("aria-invalid");
    this.field.title = problem ?? "";
  }

  /** Look for something else, or in another file. */
  restart(wait = 0) {
    this.#reset();
    this.view().redraw();
    this.#tell();
    clearTimeout(this.typing);
    if (this.pattern) this.typing = setTimeout(() => this.#count(), wait);
  }

  /** The log has grown: look through what is new, once in a while. */
  grown() {
    if (!this.pattern || !this.isDone || this.hits.length >= MOST) return;
    if (this.view().count <= this.lines) return;
    clearTimeout(this.typing);
    this.typing = setTimeout(() => {
      // The last line may have been longer since.
      this.next = Math.max(0, this.lines - 1);
      this.hits = this.hits.filter(({ line }) => line < this.next);
      this.#count();
    }, GROWN_MS);
  }

  async #count() {
    const { round } = this;
    this.isDone = false;
    while (this.next !== null && this.hits.length < MOST && this.view().source) {
      const found = await this.#ask({ from: this.next, back: 0, limit: PORTION }, round);
      if (!found) return;
      this.hits.push(...found.matches);
      [this.next, this.lines] = [found.next, found.line_count];
      this.#tell();
    }
    this.isDone = true;
    this.#tell();
  }

  /** The answer of one portion, null when something else is looked for meanwhile. */
  async #ask(where, round) {
    const { text, regex, case: isCase } = this.query;
    const words = { text, regex: Number(regex), case: Number(isCase), ...where };
    try {
      const found = await this.view().source.find(words);
      return round === this.round ? found : null;
    } catch (error) {
      if (round === this.round) this.note = error.fields?.text ?? error.message;
      this.#tell();
      return null;
    }
  }

  /** Go to the next (1) or previous (-1) hit; at the end of the log, on at its beginning. */
  async go(step) {
    if (!this.pattern) return;
    const { round, current } = this;
    const view = this.view();
    // A log that is followed is read from its end.
    if (!current && view.isFollowing) step = -1;
    const from = current?.line ?? (step < 0 ? view.count - 1 : view.top.line);
    const isPast = (hit) => !current || hit.line !== from || (hit.start - current.start) * step > 0;
    const near = await this.#first(from, step, isPast, round);
    const hit = near ?? (await this.#first(null, step, () => true, round));
    if (!hit || round !== this.round) return this.#tell();
    this.current = hit;
    view.goTo(hit.line);
    this.#tell();
  }

  async #first(from, step, isPast, round) {
    let next = from; // null: where the direction begins
    do {
      const where = { back: Number(step < 0), limit: 1, ...(next === null ? {} : { from: next }) };
      const found = await this.#ask(where, round);
      // All hits of a line come together; those behind the reader are passed.
      const hit = found?.matches.find(isPast);
      if (hit || !found) return hit;
      next = found.next;
    } while (next !== null);
    return null;
  }

  /** What was found in a line: [[start, end, isCurrent], …]. */
  of(line, text) {
    if (!this.pattern) return [];
    const own = this.current?.line === line ? span(text, this.current) : null;
    if (text.length > LONGEST && this.query.regex) return own ? [[...own, true]] : [];
    const all = [...text.matchAll(this.pattern)].filter(([found]) => found);
    return all.map(({ index, 0: { length } }) => [index, index + length, index === own?.[0]]);
  }

  #tell() {
    this.tally.textContent = tally(this, MOST);
  }
}
