// A log as the page has it: its end, which grows live, and the lines that the reader is at. The page
// holds some thousand lines, however long the log is; the others are asked for by their numbers.

import { listen } from "studio/live";
import { ask, Blocks, drawn } from "studio/log/lines";
import { Terminal } from "studio/log/terminal";

const TAIL = 500;
const MOST_TAIL = 20_000;
// What a script says faster than anyone reads is asked for so often, and only its end.
const AGAIN_MS = 150;
const REST_BYTES = 64 * 1024;

/**
 * url: the log's address (docs/api.md, `log`; `log/lines` and `log/find` beside it). topic: says when
 * it grows. changed({ from, to }): lines that look different now. failed(error): why nothing came.
 */
export class Log {
  constructor({ url, topic, changed, failed }) {
    Object.assign(this, { url, changed, failed, isLog: true, isComplete: false, isCut: false });
    Object.assign(this, { end: null, first: 0, ranks: [] });
    this.terminal = new Terminal();
    this.blocks = new Blocks();
    this.stopHearing = listen(topic, (event) => this.#hear(event), () => this.catchUp());
  }

  stop() {
    this.stopped = true;
    this.stopHearing();
  }

  /** Whether anything has come yet. */
  get isThere() {
    return this.end !== null;
  }

  get count() {
    return this.first + this.terminal.count;
  }

  /** A line by its number from 0, undefined where it has not come yet. */
  line(number) {
    const tail = number - this.first;
    return tail < 0 ? this.blocks.line(number) : this.terminal.lines[tail];
  }

  /** Ask for what is missing of these lines; of many wishes the last one counts. */
  want(first, last) {
    this.wish = [first, Math.min(last, this.first - 1)];
    this.blocks.touch(...this.wish);
    if (!this.isFetching) this.#fetch().catch(this.failed);
  }

  async #fetch() {
    this.isFetching = true;
    try {
      for (let line = this.#next(); line !== null && !this.stopped; line = this.#next()) {
        if (!(await this.#fetchFrom(line))) return;
      }
    } finally {
      // At once: a wish between the last look and a later moment would be lost.
      this.isFetching = false;
    }
  }

  async #fetchFrom(line) {
    const [from, count] = this.blocks.missing(line);
    const answer = await this.ask("lines", { from, count });
    if (this.stopped || !answer.lines.length) return false;
    const lines = drawn(answer);
    // A line that had not ended is of the tail, which knows how it goes on.
    const isEnd = from + lines.length >= answer.line_count;
    this.blocks.keep(from, isEnd ? lines.slice(0, -1) : lines);
    if (isEnd && from + lines.length <= this.first) await this.catchUp();
    this.changed({ from, to: from + lines.length });
    return true;
  }

  #next() {
    const [first, last] = this.wish;
    for (let line = first; line <= last; line += 1) if (!this.line(line)) return line;
    return null;
  }

  ask(call, query) {
    return ask(this.url, call, query);
  }

  /** Look for something; the answer of `log/find`. */
  find(query) {
    return this.ask("find", query);
  }

  /** More of a very long line. */
  async more(number) {
    const line = this.line(number);
    const { offset, end } = line.rest;
    const piece = await this.ask("", { offset, limit: Math.min(REST_BYTES, end - offset) });
    line.text += piece.text;
    line.rest = piece.next_offset < end && piece.text ? { offset: piece.next_offset, end } : null;
    this.changed({ from: number, to: number + 1 });
  }

  #hear(event) {
    if (event.event !== "text") return void this.catchUp();
    if (this.isAsking) this.heard = Math.max(this.heard, event.text ? event.next_offset : Infinity);
    else if (event.text && event.offset === this.end) this.#append(event);
    else if (!event.text || event.next_offset > this.end) this.catchUp();
  }

  #append({ text, next_offset: end }) {
    const from = this.first + this.terminal.feed(text);
    this.end = end;
    const { lines } = this.terminal;
    if (lines.length > MOST_TAIL) this.first += lines.splice(0, lines.length - TAIL * 4).length;
    this.changed({ from, to: Infinity });
  }

  /** Fetch the end as it is now; one request at a time. */
  async catchUp() {
    this.isBehind = true;
    if (this.isBusy) return;
    this.isBusy = true;
    // When the studio is away, the socket's return asks again.
    await this.#fetchEnd().catch(this.failed);
    this.isBusy = false;
    if (this.isBehind && !this.stopped && this.isThere) await this.catchUp();
  }

  async #fetchEnd() {
    while (this.isBehind && !this.stopped) {
      this.isBehind = false;
      [this.isAsking, this.heard] = [true, 0];
      const asked = this.ask("lines", { from: -TAIL, count: TAIL, ranks: 1 });
      const answer = await asked.finally(() => (this.isAsking = false));
      if (this.stopped) return;
      this.isBehind ||= this.heard > answer.next_offset;
      this.terminal = new Terminal();
      this.terminal.feed(answer.lines.join("\n"));
      if (answer.lines.length && !answer.is_open) this.terminal.feed("\n");
      const known = answer.rests.map(({ line, ...rest }) => [line - answer.from, rest]);
      for (const [at, rest] of known) this.terminal.lines[at].rest = rest;
      Object.assign(this, { first: answer.from, end: answer.next_offset, ranks: answer.ranks ?? [] });
      Object.assign(this, { isComplete: answer.is_complete, isCut: answer.is_cut });
      this.changed({ from: this.first, to: Infinity });
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
}
