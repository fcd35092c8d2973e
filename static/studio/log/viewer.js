// What templates/studio/_viewer.html shows: a log that grows, text, a picture, or a card.

import { liveState } from "studio/live";
import { counted } from "studio/sizes";
import { copyLines } from "studio/log/copy";
import { Find } from "studio/log/find";
import { firstError } from "studio/log/first-error";
import { linesInAddress, startLinks } from "studio/log/line-links";
import { Log } from "studio/log/log";
import { LogView } from "studio/log/log-view";
import { PlainText } from "studio/log/plain";
import { bodyOf } from "studio/log/preview";
import { goTo, offerRanks } from "studio/log/ranks";
import { startBar } from "studio/log/viewer-bar";

const PARTS = ["lines", "other", "status", "raw", "download", "follow", "name", "error", "ranks"];

export class Viewer {
  /**
   * root: the `.viewer` element. grew(path, bytes): a log has so many bytes now. open(path): how to
   * show another file; without it, its page is gone to.
   */
  constructor(root, { grew = () => {}, open = goTo } = {}) {
    Object.assign(this, { root, grew });
    const part = (name) => root.querySelector(`[data-viewer="${name}"]`);
    this.parts = Object.fromEntries(PARTS.map((name) => [name, part(name)]));
    const { lines, follow, error, ranks } = this.parts;
    this.view = new LogView(lines, {
      hitsOf: (line, text) => this.find.of(line, text),
      moved: () => this.#tell(),
    });
    this.find = new Find(root.querySelector(".find"), () => this.view);
    startBar(root, { wrap: part("wrap"), lines, view: this.view, find: this.find });
    startLinks(lines, this.view);
    copyLines(lines, this.view);
    follow.addEventListener("click", () => {
      this.view.follow();
      lines.focus();
    });
    error.addEventListener("click", () => this.#goToError());
    ranks.addEventListener("change", () => open(ranks.value));
    document.body.addEventListener("live-state", () => this.#tell());
    document.addEventListener("visibilitychange", () => document.hidden || this.view.draw());
    addEventListener("hashchange", () => this.#goToHash());
  }

  /** Show one file: { path, size_bytes, kind, url }; of kind "log" also { log, topic }, see Log. */
  async show(item) {
    this.item = item;
    this.source?.stop();
    this.source = null;
    this.problem = "";
    this.parts.name.textContent = item.path;
    this.parts.raw.href = item.url;
    this.parts.download.href = `${item.url}${item.url.includes("?") ? "&" : "?"}download=1`;
    this.parts.error.hidden = item.kind !== "log";
    this.parts.ranks.hidden = true;
    if (item.kind === "log") this.#showLog(item);
    else await this.#showFile(item);
  }

  #showLog({ log: url, topic }) {
    this.#choose("lines");
    const heard = { changed: (change) => this.#changed(change), failed: (error) => this.#fail(error) };
    this.source = new Log({ url, topic, ...heard });
    this.#start({ atEnd: true });
  }

  async #showFile(item) {
    this.#choose("other");
    this.parts.other.replaceChildren();
    const body = await bodyOf(item).catch((error) => ({ problem: error.message }));
    if (this.item !== item) return;
    if (body.text === undefined) {
      this.parts.other.replaceChildren(body.node ?? body.problem);
      return this.#tell();
    }
    this.#choose("lines");
    this.note = body.note;
    this.source = new PlainText(body.text);
    this.#start({ atEnd: false });
    this.#goToHash();
  }

  #start({ atEnd }) {
    this.isNew = true;
    this.view.show(this.source, { atEnd });
    this.find.restart();
  }

  #choose(part) {
    this.note = "";
    this.root.dataset.shows = part;
    this.parts.lines.hidden = part !== "lines";
    this.parts.other.hidden = part === "lines";
  }

  #changed(change) {
    const { source } = this;
    this.problem = "";
    this.view.changed(change);
    this.find.grown();
    this.grew(this.item.path, source.end);
    if (!this.isNew || !source.isThere) return;
    this.isNew = false;
    offerRanks(this.parts.ranks, source.ranks, this.item.path);
    this.#goToHash();
  }

  #fail(error) {
    this.problem = error.message;
    this.#tell();
  }

  /** Go to the lines that the address names (#L120, #L120-140). */
  #goToHash() {
    const lines = linesInAddress();
    if (!lines || !this.source?.isThere) return;
    this.view.target = lines;
    this.view.goTo(lines[0]);
  }

  async #goToError() {
    const { source } = this;
    this.#fail({ message: "looking for an error …" });
    const line = await firstError(source).catch((error) => this.#fail(error));
    if (source !== this.source || line === undefined) return;
    this.problem = line === null ? "no error in this log" : "";
    if (line === null) return this.#tell();
    this.view.target = [line, line];
    this.view.goTo(line);
  }

  /** What the bar and the button at the end say now. */
  #tell() {
    const { status, follow } = this.parts;
    if (!this.source) return void ((status.textContent = ""), (follow.hidden = true));
    const { isLog, isCut } = this.source;
    const isGrowing = isLog && !this.source.isComplete;
    const lines = counted(this.view.count, "line");
    const state = isGrowing ? liveState() : "";
    const cut = isCut && "cut at its limit";
    status.textContent = [this.problem || lines, this.note, cut, state].filter(Boolean).join(" · ");
    const { unseen, isFollowing } = this.view;
    follow.hidden = !isLog || (isFollowing && !isGrowing);
    const words = unseen > 0 ? `${counted(unseen, "new line")} ↓` : "↓ To the end";
    follow.textContent = isFollowing ? "↓ Following the end" : words;
    follow.classList.toggle("quiet-follow", isFollowing);
  }
}
