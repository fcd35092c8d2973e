// Python tracebacks among the lines: shown as their first line, how many there are, and the last.

const HEAD = /^(.*?)Traceback \(most recent call last\):\s*$/;
const LEAST = 3; // lines: to fold fewer saves no room
const MOST = 2000;
const BACK = 400;

export class Folds {
  /** lineAt(number) → the line or undefined. */
  constructor(lineAt) {
    this.lineAt = lineAt;
    this.clear();
  }

  clear() {
    this.inner = new Map(); // line → the traceback { start, end } that it is within
    this.heads = new Map(); // first line → the same
    this.opened = new Set(); // first lines of those that are open
  }

  /** Look for tracebacks among the lines [from, to), and those that go on into them. */
  look(from, to) {
    for (let line = Math.max(0, from - BACK); line < to; line += 1) {
      const text = this.lineAt(line)?.text;
      if (text === undefined || text.length > 300 || this.heads.has(line)) continue;
      const found = HEAD.exec(text);
      if (found) this.#add(line, found[1]);
    }
  }

  #add(start, before) {
    // Several processes may put their name before each line: "[rank1]: Traceback …".
    for (let end = start + 1; end < start + MOST; end += 1) {
      const text = this.lineAt(end)?.text;
      if (!text?.startsWith(before)) return;
      if (/^\s/.test(text.slice(before.length))) continue;
      if (end - start - 1 < LEAST || text.length === before.length) return;
      const fold = { start, end, count: end - start - 1 };
      this.heads.set(start, fold);
      for (let line = start + 1; line < end; line += 1) this.inner.set(line, fold);
      return;
    }
  }

  /** The folded traceback that line is within, if any. */
  at(line) {
    const fold = this.inner.get(line);
    return fold && !this.opened.has(fold.start) ? fold : null;
  }

  /** Whether a line has no row: of what is folded the first is where its row is. */
  isHidden(line) {
    const fold = this.at(line);
    return fold !== null && line > fold.start + 1;
  }

  /** The open traceback that begins at line, if any. */
  openAt(line) {
    return this.opened.has(line) ? this.heads.get(line) : null;
  }

  open(line) {
    const fold = this.at(line);
    if (fold) this.opened.add(fold.start);
    return fold;
  }

  close(start) {
    this.opened.delete(start);
  }

  get hidden() {
    let sum = 0;
    for (const { start, count } of this.heads.values()) if (!this.opened.has(start)) sum += count - 1;
    return sum;
  }
}
