// A log as the page has it: its end, which grows live, and the lines that the reader is at. The page
// holds some thousand lines, however long the log is; the others are asked for by their numbers.

import { listen } from "studio/live";
import { ask, END } from "studio/log/asking";
import { Blocks, drawn, ending, lengthen } from "studio/log/lines";
import { Terminal } from "studio/log/terminal";

const MOST_TAIL = 20_000;
// What a script says faster than anyone reads is asked for so often, and only its end.
// Of a last line that is too long to be shown, only what is left of it grows.
const [AGAIN_MS, LONG_AGAIN_MS] = [150, 1000];

/**
 * url: the log's address (docs/api.md, `log`; `log/lines` and `log/find` beside it). topic: says when
 * it grows. changed({ from, to }): lines that look different now. failed(error): why nothing came.
 */
export class Log {
  constructor({ url, topic, changed, failed }) {
    Object.assign(this, { url, changed, failed, isComplete: false, isCut: false });
    Object.assign(this, { end: null, first: 0, ranks: [] });
    this.terminal = new Terminal();
    this.blocks = new Blocks();
    // What is asked for at once is there before the socket is; then, only what may have come since.
    const heard = () => this.isComplete || this.catchUp();
    this.stopHearing = listen(topic, (event) => this.#hear(event), heard);
    this.catchUp();
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
    return tail < 0 || !this.isThere ? this.blocks.line(number) : this.terminal.lines[tail];
  }

  /** Ask for a line before the end has come, which says how many there are. */
  ahead(line) {
    this.wish = [line, line];
    this.#fetch().catch(this.failed);
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
  find = (query) => this.ask("find", query);

  /** More of a very long line. */
  async more(number) {
    await lengthen(this.line(number), this.url);
    this.changed({ from: number, to: number + 1 });
  }

  #hear(event) {
    if (event.event !== "text") return void this.catchUp();
    if (this.isAsking) this.heard = Math.max(this.heard, event.text ? event.next_offset : Infinity);
    else if (event.text && event.offset === this.end) this.#append(event);
    else if (!event.text || event.next_offset > this.end) this.catchUp();
  }

  #append({ text, next_offset: end, at }) {
    const from = this.first + this.terminal.feed(text, at);
    this.end = end;
    const { lines } = this.terminal;
    if (lines.length > MOST_TAIL) this.first += lines.splice(0, lines.length - MOST_TAIL / 10).length;
    this.changed({ from, to: Infinity });
  }

  /** Fetch the end as it is now; one request at a time. */
  async catchUp() {
    this.isBehind = true;
    if (this.isBusy) return;
    this.isBusy = true;
    await this.#fetchEnd().catch(this.failed); // away: the socket's return asks again
    this.isBusy = false;
    if (this.isBehind && !this.stopped && this.isThere) await this.catchUp();
  }

  async #fetchEnd() {
    while (this.isBehind && !this.stopped) {
      this.isBehind = false;
      [this.isAsking, this.heard] = [true, 0];
      const answer = await this.ask("lines", END).finally(() => (this.isAsking = false));
      if (this.stopped) return;
      const { from: first, next_offset: end, ranks = [], is_complete: isComplete, is_cut: isCut } = answer;
      this.isBehind ||= this.heard > end;
      const told = { end, ranks, isComplete, isCut };
      // What says the same again replaces no line: somebody may be in it.
      if (Object.keys(told).some((key) => String(this[key]) !== String(told[key]))) {
        Object.assign(this, { terminal: ending(answer), first, ...told });
        this.changed({ from: this.first, to: Infinity });
      }
      const isLong = answer.rests.at(-1)?.line === answer.line_count - 1;
      await new Promise((resolve) => setTimeout(resolve, isLong ? LONG_AGAIN_MS : AGAIN_MS));
    }
  }
}
