// What templates/studio/_viewer.html shows: a log that grows, text, a picture, or a card.

import { liveState } from "studio/live";
import { counted } from "studio/sizes";
import { Find } from "studio/log/find";
import { Log, PlainText } from "studio/log/log";
import { LogView } from "studio/log/log-view";
import { bodyOf } from "studio/log/preview";
import { startBar } from "studio/log/viewer-bar";
import { count } from "studio/words";

const MOST_PIECES_FOR_A_LINK = 60;

export class Viewer {
  /** root: the `.viewer` element. grew(path, bytes): a log has so many bytes now. */
  constructor(root, { grew = () => {} } = {}) {
    Object.assign(this, { root, grew });
    const part = (name) => root.querySelector(`[data-viewer="${name}"]`);
    this.parts = Object.fromEntries(
      ["lines", "other", "status", "raw", "download", "follow", "name"].map((n) => [n, part(n)]),
    );
    this.view = new LogView(this.parts.lines, {
      hitsOf: (line) => this.find.of(line),
      moved: () => this.#tell(),
      reachedTop: () => this.source?.earlier(),
    });
    this.find = new Find(root.querySelector(".find"), () => this.view);
    startBar(root, { wrap: part("wrap"), lines: this.parts.lines, view: this.view, find: this.find });
    this.parts.follow.addEventListener("click", () => {
      this.view.follow();
      this.parts.lines.focus();
    });
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
    if (item.kind === "log") this.#showLog(item);
    else await this.#showFile(item);
  }

  #showLog({ log: url, topic }) {
    this.#choose("lines");
    const changed = (change) => this.#changed(change);
    const failed = (error) => this.#fail(error);
    this.source = new Log({ url, topic, changed, failed });
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
    this.find.restart();
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
    const isFirst = !this.view.known;
    if (change.added || change.dropped) this.find.again();
    else this.find.more(change.from);
    this.view.changed(change);
    this.problem = "";
    this.grew(this.item.path, this.source.end);
    if (isFirst && this.view.count) this.#goToHash();
  }

  #fail(error) {
    this.problem = error.message;
    this.#tell();
  }

  /** Go to the line that the address names (#L120), fetching earlier pieces until it is there. */
  async #goToHash() {
    const wanted = Number(/^#L(\d+)$/.exec(location.hash)?.[1]);
    const { source } = this;
    if (!wanted || !source) return;
    for (let tries = 0; tries < MOST_PIECES_FOR_A_LINK && wanted <= source.firstLine; tries += 1) {
      this.view.isFollowing = false;
      if (!(await source.earlier()) || source !== this.source) return;
    }
    this.view.target = wanted;
    this.view.scrollToLine(wanted - 1 - source.firstLine);
  }

  /** What the bar and the button at the end say now. */
  #tell() {
    const { status, follow } = this.parts;
    if (!this.source) return void ((status.textContent = ""), (follow.hidden = true));
    const isLog = this.source instanceof Log;
    const isGrowing = isLog && !this.source.isComplete;
    const lines = counted(this.source.firstLine + this.view.count, "line");
    const state = isGrowing ? liveState() : "";
    status.textContent = [this.problem || lines, this.note, state].filter(Boolean).join(" · ");
    const { unseen, isFollowing } = this.view;
    follow.hidden = !isLog || (isFollowing && !isGrowing);
    const isMore = !isFollowing && unseen > 0;
    const words = isMore ? `${count(unseen)} new line${unseen === 1 ? "" : "s"} ↓` : "↓ To the end";
    follow.textContent = isFollowing ? "↓ Following the end" : words;
    follow.classList.toggle("quiet-follow", isFollowing);
  }
}
