// A textarea with line numbers and marked lines. Only the lines in sight are numbered, so a text of
// megabytes stays quick. Tab indents; Escape and then Tab leaves, as does Shift Tab on a bare line.
import { limit } from "studio/editor-limit";
import { element } from "studio/words";

const INDENT = "  ";

export class Editor {
  /** root: an element `.editor` that holds a textarea. */
  constructor(root) {
    this.area = root.querySelector("textarea");
    this.numbers = element("div", { class: "numbers", "aria-hidden": "true" });
    this.strips = element("div", { class: "strips", "aria-hidden": "true" });
    root.prepend(this.strips, this.numbers);
    limit(this.area);
    Object.assign(this, { root, bad: new Map(), mayLeave: false, count: 1 });
    this.area.addEventListener("input", () => this.#changed());
    this.area.addEventListener("scroll", () => this.draw(), { passive: true });
    this.area.addEventListener("keydown", (event) => this.#key(event));
    this.area.addEventListener("blur", () => (this.mayLeave = false));
    new ResizeObserver(() => this.draw()).observe(this.area);
    this.#changed();
  }

  get value() {
    return this.area.value;
  }

  set value(text) {
    this.area.value = text;
    this.#changed();
  }

  /** Mark `lines` (from 1 on) as wrong, saying why; no lines takes the marks away. */
  mark(lines, words = "") {
    this.bad = new Map(lines.map((line) => [line, words]));
    this.draw();
  }

  /** Bring a line into sight without taking the focus from where the person types. */
  reveal(line) {
    const { scrollTop, clientHeight } = this.area;
    const top = (line - 1) * this.#height();
    if (top < scrollTop || top > scrollTop + clientHeight - 2 * this.#height()) {
      this.area.scrollTop = Math.max(0, top - clientHeight / 3);
    }
    this.draw();
  }

  /** Put the cursor at the end of a line. */
  focus(line) {
    const before = this.value.split("\n").slice(0, line);
    const end = Math.min(this.value.length, before.join("\n").length);
    this.area.focus({ preventScroll: true });
    this.area.setSelectionRange(end, end);
    this.reveal(line);
  }

  #changed() {
    let count = 1;
    for (let at = this.value.indexOf("\n"); at >= 0; at = this.value.indexOf("\n", at + 1)) count += 1;
    this.count = count;
    this.root.style.setProperty("--digits", String(Math.max(2, String(count).length)));
    this.draw();
  }

  #height() {
    return parseFloat(getComputedStyle(this.area).lineHeight);
  }

  draw() {
    const { area, bad } = this;
    if (!area.clientHeight) return;
    const height = this.#height();
    const room = parseFloat(getComputedStyle(area).paddingTop);
    const first = Math.floor(Math.max(0, area.scrollTop - room) / height);
    const last = Math.min(this.count, first + Math.ceil(area.clientHeight / height) + 1);
    const rows = [];
    const strips = [];
    for (let number = first + 1; number <= last; number += 1) {
      const row = element("span", {}, String(number));
      rows.push(row);
      if (!bad.has(number)) continue;
      row.className = "bad";
      const strip = element("i", { "data-line": String(number) });
      strip.style.top = `${room + (number - 1) * height - area.scrollTop}px`;
      strip.style.height = `${height}px`;
      strips.push(strip);
    }
    this.numbers.style.transform = `translateY(${room + first * height - area.scrollTop}px)`;
    this.numbers.replaceChildren(...rows);
    this.strips.replaceChildren(...strips);
    area.title = [...new Set(bad.values())].join("\n");
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const { mayLeave } = this;
    this.mayLeave = event.key === "Escape";
    if (event.key === "Enter" && !event.shiftKey) {
      const line = this.value.slice(0, this.area.selectionStart).split("\n").at(-1);
      const indent = /^ */.exec(line)[0];
      if (!indent) return;
      event.preventDefault();
      this.#insert(`\n${indent}`);
    } else if (event.key === "Tab" && !mayLeave && (event.shiftKey ? this.#outdent() : this.#indent())) {
      event.preventDefault();
    }
  }

  #indent() {
    const { selectionStart: start, selectionEnd: end } = this.area;
    if (!this.value.slice(start, end).includes("\n")) return this.#insert(INDENT);
    return this.#lines((text) => text.replace(/^(?=.)/gm, INDENT));
  }

  /** Take one step of indentation away; where there is none, Shift Tab goes on to the field before. */
  #outdent() {
    return this.#lines((text) => text.replace(/^ {1,2}/gm, ""));
  }

  #lines(change) {
    const { selectionStart: start, selectionEnd: end, value } = this.area;
    const from = value.lastIndexOf("\n", start - 1) + 1;
    const line = value.indexOf("\n", Math.max(from, end - 1));
    const to = line < 0 ? value.length : line;
    const before = value.slice(from, to);
    const after = change(before);
    if (after === before) return false;
    this.area.setSelectionRange(from, to);
    this.#insert(after);
    if (before.includes("\n")) this.area.setSelectionRange(from, from + after.length);
    return true;
  }

  /** As if typed, so that undo takes it back; a browser that cannot sets it without. */
  #insert(text) {
    if (!document.execCommand("insertText", false, text)) {
      this.area.setRangeText(text, this.area.selectionStart, this.area.selectionEnd, "end");
      this.area.dispatchEvent(new Event("input", { bubbles: true }));
    }
    return true;
  }
}
