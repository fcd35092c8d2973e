// Lines as pages of them are kept: those of a piece of text, and the few that a reader was at lately.

import { ask, BLOCK } from "studio/log/asking";
import { Terminal } from "studio/log/terminal";

const MOST_BLOCKS = 40;
const REST_BYTES = 64 * 1024;

/** What the server answered (docs/api.md, log/lines) on a terminal. */
function shown({ from, lines, rests, times }) {
  const terminal = new Terminal();
  terminal.feed(lines.join("\n"));
  for (const { line, offset, end } of rests) terminal.lines[line - from].rest = { offset, end };
  times.forEach(([line, at], index) => {
    const next = times[index + 1]?.[0] ?? from + lines.length;
    for (const one of terminal.lines.slice(line - from, next - from)) one.at = at;
  });
  return terminal;
}

/** An answer as lines to draw. */
export const drawn = (answer) => shown(answer).lines;

/** An answer with the last lines as the terminal that goes on with what comes. */
export function ending(answer) {
  const terminal = shown(answer);
  if (answer.lines.length && !answer.is_open) terminal.feed("\n");
  return terminal;
}

/** Bring more of a very long line. */
export async function lengthen(line, url) {
  const { offset, end } = line.rest;
  const piece = await ask(url, "", { offset, limit: Math.min(REST_BYTES, end - offset) });
  line.text += piece.text;
  line.rest = piece.next_offset < end && piece.text ? { offset: piece.next_offset, end } : null;
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
