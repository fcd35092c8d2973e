// The lines of a log on the screen: only the visible rows are in the page, all of one height.

import { measure, row } from "studio/log/log-row";
import { Rows } from "studio/log/rows";

const ROWS_AROUND = 15;
const AT_END_PX = 4;
const ROOM_PX = 28;

export class LogView {
  /**
   * scroller: the element that scrolls; it holds the element `.rows`. hitsOf(line) → found places.
   * moved() is called after each drawing, reachedTop() when the reader comes near the first line.
   */
  constructor(scroller, { hitsOf, moved, reachedTop }) {
    Object.assign(this, { scroller, hitsOf, moved, reachedTop });
    this.space = scroller.querySelector(".rows");
    this.rows = new Rows();
    this.shown = new Map(); // row number → element
    scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    new ResizeObserver(() => this.#measure()).observe(scroller);
  }

  show(source, { atEnd }) {
    this.source = source;
    this.unseen = this.target = 0;
    this.known = this.count;
    this.isFollowing = atEnd;
    this.scroller.scrollTop = this.scroller.scrollLeft = this.lastTop = 0;
    this.changed({ from: 0, added: 0, dropped: 0 });
  }

  get lines() {
    return this.source?.terminal.lines ?? [];
  }

  get count() {
    return this.source?.terminal.count ?? 0;
  }

  /** The source changed; what the reader looks at stays where it is. */
  changed({ from, added, dropped }) {
    const gone = this.rows.rowOf(dropped);
    if (!this.isFollowing) this.unseen += Math.max(0, this.count - this.known - added + dropped);
    this.known = this.count;
    if (added || dropped) from = 0;
    this.rows.recount(this.lines, from);
    const changedRow = this.rows.rowOf(from);
    for (const number of this.shown.keys()) if (number >= changedRow) this.#drop(number);
    const shift = this.isFollowing ? 0 : this.rows.rowOf(added) - gone;
    if (shift) this.#scrollTo(this.lastTop + shift * this.height);
    else this.draw();
  }

  setWrapped(isWrapped) {
    const [line] = this.rows.at(Math.floor(this.scroller.scrollTop / this.height));
    this.isWrapped = isWrapped;
    this.#wrap();
    if (!this.isFollowing) this.#scrollTo(this.rows.rowOf(line) * this.height);
  }

  /** Draw every visible row anew: other places were found, or another number of columns fits. */
  redraw() {
    for (const number of this.shown.keys()) this.#drop(number);
    this.draw();
  }

  draw() {
    if (!this.height || !this.source || document.hidden) return;
    const { scroller, space } = this;
    const total = this.rows.rowOf(this.count);
    space.style.height = `${total * this.height}px`;
    const digits = String(this.source.firstLine + this.count).length;
    space.style.setProperty("--digits", String(Math.max(5, digits)));
    if (this.isFollowing) scroller.scrollTop = scroller.scrollHeight;
    this.lastTop = scroller.scrollTop;
    const top = Math.floor(scroller.scrollTop / this.height);
    const first = Math.max(0, top - ROWS_AROUND);
    const last = Math.min(total, top + Math.ceil(scroller.clientHeight / this.height) + ROWS_AROUND);
    for (const number of this.shown.keys()) if (number < first || number >= last) this.#drop(number);
    for (let number = last - 1, next = null; number >= first; number -= 1) {
      const node = this.shown.get(number) ?? this.#make(number);
      if (node.parentNode !== space || node.nextSibling !== next) space.insertBefore(node, next);
      next = node;
    }
    this.moved();
  }

  scrollToLine(line) {
    this.isFollowing = false;
    this.redraw();
    this.#scrollTo(this.rows.rowOf(line) * this.height - this.scroller.clientHeight / 2);
  }

  follow() {
    this.isFollowing = true;
    this.unseen = 0;
    this.draw();
  }

  #scrollTo(top) {
    this.space.style.height = `${this.rows.rowOf(this.count) * this.height}px`;
    this.scroller.scrollTop = Math.max(0, top);
    this.draw();
  }

  #scrolled() {
    const { scrollTop, clientHeight, scrollHeight } = this.scroller;
    if (scrollTop < this.lastTop - 1) this.isFollowing = false;
    else if (scrollTop + clientHeight >= scrollHeight - AT_END_PX) {
      this.isFollowing = true;
      this.unseen = 0;
    }
    this.draw();
    if (scrollTop < clientHeight && !this.isFollowing) this.reachedTop();
  }

  #make(number) {
    const [index, from] = this.rows.at(number);
    const line = this.lines[index];
    const to = from + (this.isWrapped ? this.columns : line.text.length);
    const { firstLine, isLog } = this.source;
    const place = { number: firstLine + index + 1, from, to };
    const isTarget = place.number === this.target;
    const node = row(line, { ...place, hits: this.hitsOf(index), isTarget, isLog });
    node.style.top = `${number * this.height}px`;
    this.shown.set(number, node);
    return node;
  }

  #drop(number) {
    this.shown.get(number).remove();
    this.shown.delete(number);
  }

  #measure() {
    if (!this.scroller.clientHeight) return;
    const { height, width, gutter } = measure(this.space);
    this.height = height;
    const room = this.scroller.clientWidth - gutter - ROOM_PX;
    this.columns = Math.max(20, Math.floor(room / width));
    this.#wrap();
  }

  #wrap() {
    this.rows.wrapAfter(this.isWrapped ? this.columns : 0);
    this.rows.recount(this.lines, 0);
    this.redraw();
  }
}
