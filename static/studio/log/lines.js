// Lines as pages of them are kept: those of a piece of text, and the few that a reader was at lately.

import { get } from "studio/api";
import { Terminal } from "studio/log/terminal";

export const BLOCK = 500;
const MOST_BLOCKS = 40;

/** Call `log/lines` or `log/find` of the log at `url`; "" is `log` itself. */
export function ask(url, call, query) {
  const [path, given] = url.split("?");
  const words = new URLSearchParams(given);
  for (const [key, value] of Object.entries(query)) words.set(key, String(value));
  return get(`${path}${call && "/"}${call}?${words}`);
}

/** What the server answered (docs/api.md, log/lines) as lines to draw. */
export function drawn({ from, lines, rests }) {
  const terminal = new Terminal();
  terminal.feed(lines.join("\n"));
  for (const { line, offset, end } of rests) terminal.lines[line - from].rest = { offset, end };
  return terminal.lines;
}

/** Blocks of lines by their number, the least recently used let go. */
export class Blocks {
  constructor() {
    this.byNumber = new Map();
  }

  line(number) {
    return this.byNumber.get(Math.floor(number / BLOCK))?.[number % BLOCK];
  }

  /** Where to ask from so that line `number` comes, and for how many. */
  missing(number) {
    const block = Math.floor(number / BLOCK);
    const there = this.byNumber.get(block)?.length ?? 0;
    return [block * BLOCK + there, BLOCK - there];
  }

  /** Keep lines that begin where `missing` said. */
  keep(from, lines) {
    const block = Math.floor(from / BLOCK);
    const there = this.byNumber.get(block) ?? [];
    if (there.length !== from % BLOCK) return;
    this.byNumber.delete(block);
    this.byNumber.set(block, there.concat(lines));
    const [oldest] = this.byNumber.keys();
    if (this.byNumber.size > MOST_BLOCKS) this.byNumber.delete(oldest);
  }

  /** Say that these lines are looked at, so that they stay. */
  touch(first, last) {
    for (let block = Math.floor(first / BLOCK); block <= Math.floor(last / BLOCK); block += 1) {
      const there = this.byNumber.get(block);
      if (!there) continue;
      this.byNumber.delete(block);
      this.byNumber.set(block, there);
    }
  }
}
