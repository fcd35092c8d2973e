// Find in a log's loaded lines: plain or by regular expression, next, previous, how many.

import { count } from "studio/words";

const MOST = 20_000;

export class Find {
  /** bar: the element with the field and its buttons. view: () → the LogView. */
  constructor(bar, view) {
    Object.assign(this, { view, hits: [], byLine: new Map(), at: -1, seen: 0, pattern: null });
    const part = (name) => bar.querySelector(`[data-find="${name}"]`);
    [this.field, this.tally, this.regex] = ["field", "tally", "regex"].map(part);
    this.field.addEventListener("input", () => this.restart());
    this.field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.go(event.shiftKey ? -1 : 1);
      else if (event.key === "Escape") this.clear();
      else return;
      event.preventDefault();
    });
    part("next").addEventListener("click", () => this.go(1));
    part("previous").addEventListener("click", () => this.go(-1));
    this.regex.addEventListener("click", () => {
      const isOn = this.regex.getAttribute("aria-pressed") !== "true";
      this.regex.setAttribute("aria-pressed", String(isOn));
      this.restart();
    });
  }

  clear() {
    this.field.value = "";
    this.restart();
  }

  /** Look for something else. */
  restart() {
    this.pattern = this.#compile();
    this.at = -1;
    this.again();
    this.view().redraw();
  }

  /** Look through all lines again, because lines came or went before the first. */
  again() {
    const fromEnd = this.at < 0 ? 0 : this.hits.length - this.at;
    this.hits = [];
    this.byLine = new Map();
    this.seen = 0;
    this.more();
    this.at = fromEnd ? Math.max(-1, this.hits.length - fromEnd) : -1;
    this.#tell();
  }

  /** Look through what is new since the last time; from: the first line that changed. */
  more(from = this.seen) {
    if (!this.pattern) return this.#tell();
    while (this.hits.length && this.hits.at(-1)[0] >= from) this.#forget(this.hits.pop()[0]);
    const { lines } = this.view();
    for (let line = from; line < lines.length && this.hits.length < MOST; line += 1) {
      const found = [...lines[line].text.matchAll(this.pattern)].filter(([text]) => text);
      if (!found.length) continue;
      this.byLine.set(line, this.hits.length);
      for (const { index, 0: text } of found) this.hits.push([line, index, index + text.length]);
    }
    this.seen = Math.max(0, lines.length - 1);
    this.#tell();
  }

  #forget(line) {
    this.byLine.delete(line);
    this.at = Math.min(this.at, this.hits.length - 1);
  }

  /** What was found in a line: [[start, end, isCurrent], …]. */
  of(line) {
    const found = [];
    let index = this.byLine.get(line) ?? this.hits.length;
    for (; this.hits[index]?.[0] === line; index += 1) {
      found.push([...this.hits[index].slice(1), index === this.at]);
    }
    return found;
  }

  go(step) {
    if (!this.hits.length) return;
    const { length } = this.hits;
    // The first step goes to the last one found: a log is read from its end.
    this.at = this.at < 0 ? length - 1 : (this.at + step + length) % length;
    this.view().scrollToLine(this.hits[this.at][0]);
    this.#tell();
  }

  #compile() {
    const { field, regex } = this;
    const isRegex = regex.getAttribute("aria-pressed") === "true";
    field.removeAttribute("aria-invalid");
    field.title = "";
    if (!field.value) return null;
    try {
      const plain = field.value.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
      return new RegExp(isRegex ? field.value : plain, "gi");
    } catch (error) {
      field.setAttribute("aria-invalid", "true");
      field.title = error.message;
      return null;
    }
  }

  #tell() {
    const { hits, at, field } = this;
    if (field.hasAttribute("aria-invalid")) this.tally.textContent = "no valid pattern";
    else if (!this.pattern) this.tally.textContent = "";
    else if (!hits.length) this.tally.textContent = "nothing found";
    else {
      const total = hits.length >= MOST ? `${count(MOST)}+` : count(hits.length);
      this.tally.textContent = at < 0 ? `${total} found` : `${count(at + 1)} of ${total}`;
    }
  }
}
