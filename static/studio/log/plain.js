// Text that is whole in the page: a source file, a small output. As studio/log/log, without a server.

import { Terminal } from "studio/log/terminal";

export class PlainText {
  constructor(text) {
    this.terminal = new Terminal();
    this.terminal.feed(text);
    Object.assign(this, { isLog: false, isComplete: true, isThere: true, ranks: [] });
  }

  get count() {
    return this.terminal.count;
  }

  line(number) {
    return this.terminal.lines[number];
  }

  want() {}
  stop() {}

  /** Look for `pattern` through all lines, in the words of `log/find`. */
  async find({ from, back, limit }, pattern) {
    const matches = [];
    const step = back ? -1 : 1;
    let line = from ?? (back ? this.count - 1 : 0);
    for (; line >= 0 && line < this.count && matches.length < limit; line += step) {
      const found = [...this.line(line).text.matchAll(pattern)].filter(([text]) => text);
      const hits = found.map(({ index, 0: text }) => ({ line, start: index, end: index + text.length }));
      matches.push(...(back ? hits.reverse() : hits));
    }
    const next = line >= 0 && line < this.count ? line : null;
    return { matches, next, line_count: this.count };
  }
}
