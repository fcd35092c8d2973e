// Text as numbered lines, coloured by marks. Lines far from the window are laid out when they come near.

import { element } from "studio/words";

// studio/previewing/highlighting.py, ROLES.
const ROLES = ["", "keyword", "string", "comment", "number", "name", "builtin", "decorator", "operator"];
const CHUNK = 100;
const WANTED = /^#L(\d+)(?:-L?(\d+))?$/;

/** Cut coloured text into lines: [[text, role], …] each. marks: [length, role, …] over all of it. */
function cut(text, marks) {
  if (!marks?.length) return text.split("\n").map((line) => [[line, 0]]);
  const lines = [[]];
  let at = 0;
  for (let place = 0; place < marks.length; place += 2) {
    const parts = text.slice(at, at + marks[place]).split("\n");
    at += marks[place];
    parts.forEach((part, index) => {
      if (index) lines.push([]);
      if (part) lines.at(-1).push([part, marks[place + 1]]);
    });
  }
  return lines;
}

/** The coloured parts of a text, as nodes. */
export function coloured(text, marks) {
  const lines = cut(text, marks);
  return lines.flatMap((parts, index) => [...(index ? ["\n"] : []), ...parts.map(node)]);
}

const node = ([text, role]) => (role ? element("span", { class: `k-${ROLES[role]}` }, text) : text);

export class Lines {
  /** wanted(line): asked to bring a line that is not there yet. */
  constructor({ wanted = () => {} } = {}) {
    Object.assign(this, { wanted, count: 0, open: null });
    this.root = element("div", { class: "numbered", tabIndex: 0, role: "group", "aria-label": "Lines" });
    this.root.addEventListener("click", (event) => this.#click(event));
  }

  /** Add what follows; a last line without an end goes on with the next text. */
  append(text, marks) {
    const lines = cut(text, marks);
    if (text.endsWith("\n")) lines.pop();
    if (this.open && lines.length) this.open.append(...lines.shift().map(node));
    for (const parts of lines) this.#add(parts);
    this.open = text.endsWith("\n") ? null : this.last;
    this.root.style.setProperty("--digits", Math.max(4, String(this.count).length));
  }

  #add(parts) {
    if (this.count % CHUNK === 0) this.root.append((this.chunk = element("div", { class: "chunk" })));
    this.count += 1;
    const number = element("a", { class: "n", href: `#L${this.count}`, "data-n": String(this.count) });
    number.ariaLabel = `Line ${this.count}`;
    number.tabIndex = -1;
    this.last = element("span", { class: "of-line" }, ...parts.map(node));
    this.chunk.append(element("div", { class: "line" }, number, this.last));
  }

  line(number) {
    return this.root.children[Math.floor((number - 1) / CHUNK)]?.children[(number - 1) % CHUNK];
  }

  /** With Shift, a link to all lines from the one that is marked. */
  #click(event) {
    const number = event.target.closest("a.n")?.dataset.n;
    const [, first] = WANTED.exec(location.hash) ?? [];
    if (!number || !event.shiftKey || !first) return;
    event.preventDefault();
    const [from, to] = [Number(first), Number(number)].sort((a, b) => a - b);
    location.hash = `#L${from}-${to}`;
  }

  /** Mark and show the lines that the address names. */
  async goToHash() {
    for (const line of this.root.querySelectorAll(".line.at")) line.classList.remove("at");
    const [, from, to = from] = WANTED.exec(location.hash) ?? [];
    if (!from) return;
    if (Number(to) > this.count) await this.wanted(Number(to));
    for (let number = Number(from); number <= Math.min(Number(to), this.count); number += 1) {
      this.line(number).classList.add("at");
    }
    this.line(Number(from))?.scrollIntoView({ block: "center" });
  }
}
