// A log as the page has it: lines in memory between two byte offsets, growing at either end.

import { get } from "studio/api";
import { listen } from "studio/live";
import { Terminal } from "studio/log/terminal";

const PIECE_BYTES = 256 * 1024;
// Further behind than this, going on from the end beats fetching what nobody would scroll through.
const FAR_BYTES = 4 * 1024 * 1024;
const MOST_LINES = 400_000;
const LINES_KEPT = 200_000;

/** Text that is whole: a source file, a small output. */
export class PlainText {
  constructor(text) {
    this.terminal = new Terminal();
    this.terminal.feed(text);
    this.firstLine = 0;
    this.begin = 0;
    this.isComplete = true;
  }

  async earlier() {}
  stop() {}
}

/**
 * A log followed live. url: answers pieces of it (docs/api.md, `log`); topic: says when it grows.
 * changed({ from, added, dropped }) is called after each change: the first line that looks different,
 * how many lines came before the first, how many of the first were dropped. failed(error) is told why
 * nothing came.
 */
export class Log {
  constructor({ url, topic, changed, failed }) {
    Object.assign(this, { url, changed, failed, isLog: true, isComplete: false, busy: null });
    this.#restart();
    this.stopHearing = listen(topic, (event) => this.#hear(event), () => this.catchUp());
  }

  stop() {
    this.stopped = true;
    this.stopHearing();
  }

  #restart() {
    this.terminal = new Terminal();
    this.begin = this.end = null;
    this.firstLine = 0;
    this.places = []; // [line, offset] where a piece began at a line's start
  }

  #hear(event) {
    if (event.event === "complete") this.catchUp();
    if (event.event !== "text" || this.end === null || this.busy) return void (this.behind = true);
    if (event.offset === this.end && event.text) this.#append(event);
    else if (event.next_offset > this.end || !event.text) this.catchUp();
  }

  /** Fetch everything after what the page has; one request at a time. */
  async catchUp() {
    this.behind = true;
    // When the studio is away, the socket's return asks again.
    this.busy ??= this.#fetchOn().catch(this.failed).finally(() => (this.busy = null));
    await this.busy;
  }

  async #fetchOn() {
    while (this.behind && !this.stopped) {
      this.behind = false;
      const piece = await this.#ask(this.end ?? -PIECE_BYTES);
      if (this.stopped) return;
      const left = piece.size_bytes - piece.next_offset;
      if (this.end !== null && left > FAR_BYTES) {
        this.#restart();
        this.behind = true;
        continue;
      }
      if (this.end === null) {
        [this.begin, this.firstLine] = [piece.offset, piece.first_line];
      }
      this.isComplete = piece.is_complete;
      this.#append(piece);
      this.behind ||= piece.text !== "" && left > 0;
    }
  }

  #ask(offset, limit = PIECE_BYTES) {
    const query = new URLSearchParams({ offset, limit });
    return get(`${this.url}${this.url.includes("?") ? "&" : "?"}${query}`);
  }

  #append({ offset, text, next_offset }) {
    const { terminal } = this;
    if (terminal.lines.at(-1).text === "" && !terminal.carry) {
      this.places.push([terminal.lines.length - 1, offset]);
    }
    const from = terminal.feed(text);
    this.end = next_offset;
    const dropped = this.#dropOldest();
    this.changed({ from: Math.max(0, from - dropped), added: 0, dropped });
  }

  #dropOldest() {
    const { lines } = this.terminal;
    if (lines.length < MOST_LINES) return 0;
    const at = this.places.findIndex(([line]) => line >= lines.length - LINES_KEPT);
    if (at <= 0) return 0;
    const [line, offset] = this.places[at];
    lines.splice(0, line);
    this.places = this.places.slice(at).map(([number, place]) => [number - line, place]);
    this.begin = offset;
    this.firstLine += line;
    return line;
  }

  /** Fetch the piece before what the page has; false when there is none. */
  async earlier() {
    if (!this.begin) return false;
    this.loading ??= this.#fetchEarlier().catch(this.failed).finally(() => (this.loading = null));
    return this.loading;
  }

  async #fetchEarlier() {
    const offset = Math.max(0, this.begin - PIECE_BYTES);
    const began = this.begin;
    const piece = await this.#ask(offset, began - offset);
    if (this.stopped || this.begin !== began) return false;
    let { text, first_line: firstLine } = piece;
    let begin = offset;
    const newline = text.indexOf("\n");
    // The piece begins inside a line; bytes that are no UTF-8 hide where the next one begins.
    const cut = text.slice(0, newline + 1);
    if (offset > 0 && newline >= 0 && newline < text.length - 1 && !cut.includes("\ufffd")) {
      begin += new TextEncoder().encode(cut).length;
      text = text.slice(newline + 1);
      firstLine += 1;
    }
    const before = new Terminal();
    before.feed(text);
    const { lines } = before;
    const [open, first] = [lines.pop(), this.terminal.lines[0]];
    // Not empty only when what the page had began inside a very long line.
    if (open.text) Object.assign(first, { text: open.text + first.text, marks: null });
    this.terminal.lines = lines.concat(this.terminal.lines);
    this.places = [[0, begin], ...this.places.map(([line, at]) => [line + lines.length, at])];
    [this.begin, this.firstLine] = [begin, firstLine];
    this.changed({ from: 0, added: lines.length, dropped: 0 });
    return true;
  }
}
