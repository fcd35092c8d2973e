// What templates/studio/_viewer.html shows: a log that grows.

import { liveState } from "studio/live";
import { counted } from "studio/sizes";
import { copyLines } from "studio/log/copy";
import { Find } from "studio/log/find";
import { firstError } from "studio/log/first-error";
import { linesInAddress, startLinks } from "studio/log/line-links";
import { Log } from "studio/log/log";
import { LogView } from "studio/log/log-view";
import { goTo, offerRanks } from "studio/log/ranks";
import { startBar } from "studio/log/viewer-bar";

const PARTS = ["lines", "status", "raw", "download", "follow", "name", "error", "ranks"];

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
    startBar(root, { wrap: part("wrap"), times: part("times"), lines, view: this.view, find: this.find });
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

  /** Show one log: { path, url } of its bytes, and { log, topic }, see Log. */
  show(item) {
    this.item = item;
    this.source?.stop();
    this.problem = "";
    this.parts.name.textContent = item.path;
    this.parts.raw.href = item.url;
    this.parts.download.href = `${item.url}${item.url.includes("?") ? "&" : "?"}download=1`;
    this.parts.error.hidden = false;
    this.parts.ranks.hidden = true;
    const heard = { changed: (change) => this.#changed(change), failed: (error) => this.#fail(error) };
    this.source = new Log({ url: item.log, topic: item.topic, ...heard });
    this.isNew = true;
    const lines = linesInAddress();
    if (lines) this.source.ahead(lines[0]);
    this.view.show(this.source);
    this.find.restart();
  }

  #changed(change) {
    const { source } = this;
    if (!source.isThere) return;
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
    const { isCut, isComplete, isThere } = this.source;
    const lines = isThere && counted(this.view.count, "line");
    const state = isComplete ? "" : liveState();
    const cut = isCut && "cut at its limit";
    status.textContent = [this.problem || lines, cut, state].filter(Boolean).join(" · ");
    const { unseen, isFollowing } = this.view;
    follow.hidden = isFollowing && isComplete;
    const words = unseen > 0 ? `${counted(unseen, "new line")} ↓` : "↓ To the end";
    follow.textContent = isFollowing ? "↓ Following the end" : words;
    follow.classList.toggle("quiet-follow", isFollowing);
  }
}
