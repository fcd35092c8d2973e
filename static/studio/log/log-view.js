// The lines of a log on the screen: only the visible rows are in the page, and the place at the top
// ({ line, px }) is what holds. The scroll bar follows it: see studio/log/layout.

import { Folds } from "studio/log/folds";
import { Layout } from "studio/log/layout";
import { foldedRow, measure, row } from "studio/log/log-row";
import { Rows } from "studio/log/rows";
import { ScrollBar } from "studio/log/scroll-bar";

const AROUND_PX = 300;
const ROOM_PX = 36;
const IDLE_MS = 120;

export class LogView {
  /**
   * scroller: the element that scrolls; it holds the element `.rows`. hitsOf(line, text) → what was
   * found there. moved() is called after each drawing.
   */
  constructor(scroller, { hitsOf, moved }) {
    Object.assign(this, { scroller, hitsOf, moved, target: null });
    this.space = scroller.querySelector(".rows");
    const lineAt = (line) => this.source?.line(line);
    this.folds = new Folds(lineAt);
    this.layout = new Layout(lineAt, this.folds);
    this.bar = new ScrollBar(scroller, this.layout);
    this.rows = new Rows(this.space, this.layout, (line) => this.#make(line));
    scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    new ResizeObserver(() => this.#measure()).observe(scroller);
  }

  show(source) {
    Object.assign(this, { source, unseen: 0, target: null, sought: null, isFollowing: true });
    this.known = source.count;
    this.top = { line: 0, px: 0 };
    this.folds.clear();
    this.scroller.scrollLeft = 0;
    this.changed({ from: 0, to: Infinity });
  }

  get count() {
    return this.source?.count ?? 0;
  }

  /** Lines [from, to) changed; what the reader looks at stays where it is. */
  changed({ from, to }) {
    if (!this.isFollowing) this.unseen += Math.max(0, this.count - this.known);
    this.known = this.layout.count = this.count;
    this.folds.look(from, Math.min(to, this.count));
    this.rows.drop((line) => (line >= from && line < to) || this.folds.at(line));
    this.draw();
  }

  /** look: "wrapped" breaks lines at the edge, "timed" shows when they came. */
  setLook(look, isOn) {
    if (look === "wrapped") this.layout.isWrapped = isOn;
    this.scroller.classList.toggle(look, isOn);
    this.#measure();
  }

  /** Draw every visible row anew: other places were found, or another number of columns fits. */
  redraw() {
    this.rows.drop(() => true);
    this.draw();
  }

  draw() {
    const { scroller, space, layout } = this;
    if (!layout.height || !this.source || document.hidden) return;
    layout.count = this.count;
    if (this.sought !== null && this.count) this.#seek();
    space.style.height = `${layout.total}px`;
    space.style.setProperty("--digits", String(Math.max(5, String(this.count).length)));
    const last = layout.last(scroller.clientHeight);
    const isPast = layout.value(this.top) > layout.value(last);
    if (this.isFollowing || isPast) this.top = last;
    if (this.isFollowing || !this.isScrolling) this.bar.align(this.top, last);
    const y = scroller.scrollTop - this.top.px;
    const above = layout.walk(this.top, -AROUND_PX).line;
    const end = scroller.scrollTop + scroller.clientHeight + AROUND_PX;
    this.source.want(...this.rows.draw(above, this.top.line, y, end));
    this.moved();
  }

  /** Show a line (from 0) in the middle, until the reader scrolls; what folds it is opened. */
  goTo(line) {
    Object.assign(this, { isFollowing: false, sought: line });
    this.#settle();
    this.redraw();
  }

  #seek() {
    const { layout, scroller } = this;
    const line = Math.max(0, Math.min(this.count - 1, this.sought));
    this.folds.open(line);
    const middle = Math.floor(scroller.clientHeight / 2 / layout.height) * layout.height;
    this.top = layout.walk({ line, px: 0 }, -middle);
  }

  follow() {
    Object.assign(this, { isFollowing: true, unseen: 0, sought: null });
    this.draw();
  }

  #scrolled() {
    const by = this.bar.by;
    if (!this.source || Math.abs(by) < 1) return void (by && this.draw());
    this.sought = null;
    const { layout } = this;
    const last = layout.last(this.scroller.clientHeight);
    this.top = this.bar.moved(this.top, last);
    if (by < 0) this.isFollowing = false;
    else if (layout.value(this.top) >= layout.value(last) - 0.2) {
      Object.assign(this, { isFollowing: true, unseen: 0 });
    }
    this.isScrolling = !this.bar.isAtAnEnd;
    clearTimeout(this.idle);
    this.idle = setTimeout(() => {
      this.#settle();
      this.draw();
    }, IDLE_MS);
    this.draw();
  }

  #settle() {
    clearTimeout(this.idle);
    this.isScrolling = false;
  }

  #make(line) {
    const fold = this.folds.at(line);
    const { source } = this;
    const there = source.line(line);
    const hits = there && !fold ? this.hitsOf(line, there.text) : [];
    const [from, to] = this.target ?? [-1, -1];
    const place = { number: line + 1, hits, isTarget: line >= from && line <= to };
    const node = fold ? foldedRow(fold) : row(there, { ...place, open: this.folds.openAt(line) });
    if (this.layout.isWrapped && there) this.layout.learn(line);
    return node;
  }

  #measure() {
    if (!this.scroller.clientHeight) return;
    const { height, width, gutter } = measure(this.space);
    const room = this.scroller.clientWidth - gutter - ROOM_PX;
    this.layout.height = height;
    this.layout.columns = Math.max(20, Math.floor(room / width));
    this.space.style.setProperty("--columns", String(this.layout.columns));
    this.redraw();
  }
}
