// What a terminal would show: text with escapes and carriage returns → lines of plain text.
// A line is { text, marks, at }: marks is null or [[start, end, class], …], later ones on top.

import { Style } from "studio/log/ansi";

const TOKEN =
  // eslint-disable-next-line no-control-regex
  /\x1b\[([0-9;:<=>?]*)[ -/]*([@-~])|\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)|\x1b[^[\]\n]|[\n\r\b\t]|[^\x00-\x1f\x7f]+|[^]/g;
// The beginning of an escape whose rest has not arrived yet.
const UNFINISHED = /\x1b(?:\[[0-9;:<=>?]*[ -/]*|\][^\x07\x1b\n]*)?$/;
const LONGEST_ESCAPE = 4096;
const TAB = 8;

const emptyLine = () => ({ text: "", marks: null });

export class Terminal {
  constructor() {
    this.lines = [emptyLine()];
    this.column = 0;
    this.style = new Style();
    this.carry = "";
  }

  /** How many lines there are to show: an empty last line is only where the next one begins. */
  get count() {
    return this.lines.length - (this.lines.at(-1).text === "" ? 1 : 0);
  }

  /** Take more text, which came `at` (seconds); returns the number of the first line that changed. */
  feed(text, at) {
    const from = this.lines.length - 1;
    text = this.carry + text;
    const tail = text.slice(-LONGEST_ESCAPE).match(UNFINISHED);
    this.carry = tail ? tail[0] : "";
    if (tail) text = text.slice(0, text.length - tail[0].length);
    for (const match of text.matchAll(TOKEN)) this.#take(match);
    if (at) for (const line of this.lines.slice(from)) line.at = at;
    return from;
  }

  #take([token, numbers, command]) {
    const code = token.charCodeAt(0);
    if (code > 0x1f && code !== 0x7f) this.#write(token);
    else if (token === "\n") {
      this.lines.push(emptyLine());
      this.column = 0;
    } else if (token === "\r") this.column = 0;
    else if (token === "\b") this.column = Math.max(0, this.column - 1);
    else if (token === "\t") this.#write(" ".repeat(TAB - (this.column % TAB)));
    else if (command === "m") this.style.change(numbers);
    else if (command === "K") this.#erase(Number(numbers) || 0);
    else if (command === "G") this.column = Math.max(0, (Number(numbers) || 1) - 1);
    else if (command === "C") this.column += Number(numbers) || 1;
    else if (command === "D") this.column = Math.max(0, this.column - (Number(numbers) || 1));
    // Everything else (other escapes, bells) leaves no trace on a line.
  }

  #write(text) {
    const line = this.lines.at(-1);
    const from = this.column;
    const to = from + text.length;
    if (from > line.text.length) line.text = line.text.padEnd(from);
    if (from === line.text.length) line.text += text;
    else {
      line.text = line.text.slice(0, from) + text + line.text.slice(to);
      line.marks = without(line.marks, from, to);
    }
    this.#mark(line, from, to);
    this.column = to;
  }

  #mark(line, from, to) {
    const name = this.style.name;
    if (!name) return;
    const last = line.marks?.at(-1);
    if (last && last[1] === from && last[2] === name) last[1] = to;
    else (line.marks ??= []).push([from, to, name]);
  }

  #erase(how) {
    const line = this.lines.at(-1);
    const end = line.text.length;
    const [from, to] = how === 0 ? [this.column, end] : [0, how === 1 ? this.column + 1 : end];
    line.marks = without(line.marks, from, to);
    if (to >= end) line.text = line.text.slice(0, from);
    else line.text = " ".repeat(to) + line.text.slice(to);
  }
}

/** The marks that are left when [from, to) is overwritten. */
function without(marks, from, to) {
  if (!marks) return null;
  const left = [];
  for (const [start, end, name] of marks) {
    if (start < from) left.push([start, Math.min(end, from), name]);
    if (end > to) left.push([Math.max(start, to), end, name]);
  }
  return left.length ? left : null;
}
