// A list of any length that scrolls: browsers stop at some thirty million pixels, lists do not.

const ROW = 28;
const MOST_PX = 8_000_000;
const STEPS = { ArrowDown: 1, ArrowUp: -1 };

export class Scroll {
  /** box: scrolls, holds one child that stays in sight and one that is as high as all rows.
   * show(first, many): which rows are in sight. */
  constructor(box, show) {
    Object.assign(this, { box, show, total: 0, first: 0, set: -1 });
    this.room = box.querySelector("[data-room]");
    box.addEventListener("scroll", () => this.#scrolled());
    box.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    box.addEventListener("keydown", (event) => this.#key(event));
    new ResizeObserver(() => this.#tell()).observe(box);
  }

  get many() {
    return Math.max(0, Math.min(this.total, Math.floor(this.box.clientHeight / ROW) - 1));
  }

  get last() {
    return Math.max(0, this.total - this.many);
  }

  /** Whether a pixel is more than its share of rows. */
  get isScaled() {
    return this.total * ROW > MOST_PX;
  }

  resize(total) {
    if (total === this.total) return this.#tell();
    this.total = total;
    this.room.style.setProperty("--room", `${Math.min(MOST_PX, (total + 1) * ROW)}px`);
    this.to(this.first);
  }

  to(row) {
    this.first = Math.round(Math.max(0, Math.min(this.last, row)));
    const most = this.box.scrollHeight - this.box.clientHeight;
    const top = this.isScaled ? (this.first / Math.max(1, this.last)) * most : this.first * ROW;
    this.box.scrollTop = top;
    // What this sets comes back as an event, which must not move the rows again.
    this.set = this.box.scrollTop;
    this.#tell();
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.box;
    if (Math.abs(scrollTop - this.set) < 1) return;
    this.set = -1;
    const most = scrollHeight - clientHeight;
    const row = this.isScaled ? (scrollTop / Math.max(1, most)) * this.last : scrollTop / ROW;
    this.first = Math.round(Math.max(0, Math.min(this.last, row)));
    this.#tell();
  }

  #wheel(event) {
    if (!this.isScaled || event.ctrlKey || !event.deltaY) return;
    event.preventDefault();
    const rows = event.deltaMode === 0 ? event.deltaY / ROW : event.deltaY;
    this.to(this.first + (Math.abs(rows) < 1 ? Math.sign(rows) : rows));
  }

  #key(event) {
    const page = { PageDown: this.many, PageUp: -this.many }[event.key] ?? STEPS[event.key];
    const row = page ? this.first + page : { Home: 0, End: this.last }[event.key];
    if (row === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    this.to(row);
  }

  #tell() {
    this.show(Math.min(this.first, this.last), this.many);
  }
}
