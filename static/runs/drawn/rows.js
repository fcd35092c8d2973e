// Rows that are asked for when they come into sight: a hundred thousand scroll like a hundred.

import { released } from "studio/pressed";
import { count as written, element } from "studio/words";

const PAGE = 100;
const MORE = 12; // rows beyond the edge of sight, so that scrolling shows no gap
const MOST_PAGES = 60;
// So long a page stays in sight before it is asked for: who scrolls far passes hundreds.
const PAUSE_MS = 60;
// Browsers end their pages at some thirty million pixels.
const MOST_ROWS = 1_000_000;

export class Rows {
  /**
   * ask(after, limit): a promise of so many rows, each an object.  label: what it is called aloud.
   * opened(row, number): a person wants to see one whole.
   */
  constructor({ ask, label, opened }) {
    Object.assign(this, { ask, opened, count: 0, columns: [], pages: new Map(), chosen: null });
    this.head = element("tr");
    this.body = element("tbody");
    this.table = element("table", {}, element("thead", {}, this.head), this.body);
    this.node = element("div", { class: "rows-of", tabindex: "0", role: "group", "aria-label": label }, this.table);
    this.node.addEventListener("scroll", () => this.#ask(), { passive: true });
  }

  /** columns: [{ name, isNumber, width (letters; 0: what is left) }]; the first of all is the row's number or step. */
  set(columns, count, first = "Row") {
    const isSame = JSON.stringify(columns) === JSON.stringify(this.columns);
    const wasAtEnd = this.node.scrollTop + this.node.clientHeight >= this.node.scrollHeight - 2;
    const isLonger = count > this.count && this.count > 0;
    if (count !== this.count) this.pages.delete(Math.floor(this.count / PAGE));
    Object.assign(this, { columns, count: Math.min(count, MOST_ROWS) });
    this.table.setAttribute("aria-rowcount", String(count + 1));
    if (!isSame || !this.head.children.length) this.#drawHead(first);
    this.drawn = "";
    this.draw();
    if (isLonger && wasAtEnd && this.node.scrollTop) this.toEnd();
  }

  toEnd() {
    this.node.scrollTop = this.node.scrollHeight;
    this.draw();
  }

  #drawHead(first) {
    const heads = [{ name: first, isNumber: true, width: 6 }, ...this.columns].map(({ name, isNumber, width }) => {
      const cell = element("th", { scope: "col", title: name, class: isNumber ? "n" : "" }, name);
      if (width) cell.style.width = `${width + 3}ch`;
      return cell;
    });
    // What is left of the width stands behind the columns, not in them.
    this.hasRest = this.columns.every(({ width }) => width);
    this.head.replaceChildren(...heads, ...(this.hasRest ? [element("th", { "aria-hidden": "true" })] : []));
  }

  #ask() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      this.draw();
    });
  }

  /** Draw the rows in sight, and ask for those that are not here yet. */
  draw() {
    const height = this.body.querySelector("tr:not(.pad)")?.offsetHeight || 29;
    const from = Math.max(0, Math.floor(this.node.scrollTop / height) - MORE);
    const seen = Math.ceil((this.node.clientHeight || 340) / height) + 2 * MORE;
    const to = Math.min(this.count, from + seen);
    this.inSight = [from, to];
    const key = `${from} ${to} ${this.count} ${this.chosen}`;
    if (key === this.drawn) return;
    this.drawn = key;
    const rows = [];
    for (let number = from; number < to; number += 1) rows.push(this.#row(number));
    const focused = document.activeElement.closest("tr")?.ariaRowIndex;
    const hadFocus = this.body.contains(document.activeElement);
    this.body.replaceChildren(this.#pad(from * height), ...rows, this.#pad((this.count - to) * height));
    if (hadFocus) this.body.querySelector(`[aria-rowindex="${focused}"] button`)?.focus({ preventScroll: true });
  }

  #pad(height) {
    const pad = element("tr", { class: "pad", "aria-hidden": "true" }, element("td", { colSpan: this.head.children.length }));
    pad.style.height = `${height}px`;
    return pad;
  }

  #row(number) {
    const found = this.#at(number);
    const line = element("tr", { class: number === this.chosen ? "open" : "", "aria-rowindex": String(number + 2) });
    const button = element("button", { type: "button", class: "link", title: "Show it whole" }, found ? written(found.at ?? number) : "…");
    button.addEventListener("click", () => this.open(number));
    line.append(element("td", { class: "n at" }, button));
    for (const { name, isNumber } of this.columns) line.append(cellOf(found?.row[name], isNumber, Boolean(found)));
    if (this.hasRest) line.append(element("td", { "aria-hidden": "true" }));
    return line;
  }

  /** Show the row of that number whole; null: none. */
  open(number) {
    this.chosen = number === this.chosen ? null : number;
    this.opened(this.chosen === null ? null : this.#at(number), number);
    this.draw();
  }

  #at(number) {
    const page = Math.floor(number / PAGE);
    const found = this.pages.get(page);
    if (!found) this.#fetch(page);
    return Array.isArray(found) ? found[number - page * PAGE] : undefined;
  }

  /** The rows of a page; null where one only scrolled past it. */
  async #askFor(page) {
    await new Promise((done) => setTimeout(done, PAUSE_MS));
    const [from, to] = this.inSight;
    const isPassed = (page + 1) * PAGE <= from || page * PAGE >= to;
    return isPassed ? null : this.ask(page * PAGE, PAGE);
  }

  async #fetch(page) {
    const asked = this.#askFor(page);
    this.pages.set(page, asked);
    if (this.pages.size > MOST_PAGES) this.pages.delete(this.pages.keys().next().value);
    const rows = await asked.catch(() => null);
    if (this.pages.get(page) !== asked) return; // another was asked for since
    if (rows) this.pages.set(page, rows);
    else this.pages.delete(page);
    await released(this.body);
    this.drawn = "";
    if (rows) this.draw();
  }
}

/** One cell: numbers to the right, what is missing as a dash. */
function cellOf(value, isNumber, isHere) {
  if (!isHere) return element("td");
  const isMissing = value === undefined || value === null;
  const words = isMissing ? "–" : typeof value === "object" ? JSON.stringify(value) : String(value);
  const cell = element("td", { class: `${isNumber ? "n" : ""}${isMissing ? " none" : ""}` }, words.slice(0, 300));
  if (words.length > 30) cell.title = words.slice(0, 1000);
  return cell;
}
