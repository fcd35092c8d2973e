// Where lines are: heights, and walking over them. A place is { line, px }: so many pixels of the
// line are above it. Lines that have not come yet count as one row.

// Browsers cannot make an element higher than some 17 to 33 million pixels: the scroll bar of a log
// with more stands for all of it, and a pixel of it for more than one of the log.
const MOST_PX = 8_000_000;
const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]|\p{Emoji_Presentation}/gu;
// eslint-disable-next-line no-control-regex
const PLAIN = /^[\x00-\x7f]*$/;
const FEW = 5000;

export class Layout {
  /** lineAt(number) → the line or undefined. folds: what is folded among them. */
  constructor(lineAt, folds) {
    Object.assign(this, { lineAt, folds, count: 0, height: 0, columns: 80, isWrapped: false });
    this.seen = { lines: 1, rows: 1 };
  }

  rows(number) {
    if (this.folds.isHidden(number)) return 0;
    if (!this.isWrapped || this.folds.at(number)) return 1;
    const { text = "", rest } = this.lineAt(number) ?? {};
    if (text.length <= this.columns / 2) return 1;
    const wide = PLAIN.test(text) ? 0 : (text.match(WIDE)?.length ?? 0);
    // The way to what is left of a line has a row of its own.
    return Math.max(1, Math.ceil((text.length + wide) / this.columns)) + (rest ? 1 : 0);
  }

  heightOf(number) {
    return this.rows(number) * this.height;
  }

  /** The place `px` below `place`, or above where it is negative; never outside the lines. */
  walk({ line, px }, by) {
    px += by;
    while (px < 0 && line > 0) px += this.heightOf((line -= 1));
    while (line < this.count - 1 && px >= this.heightOf(line)) px -= this.heightOf(line++);
    return { line, px: Math.max(0, px) };
  }

  /** The place at the top when the last line is at the bottom of `room` pixels. */
  last(room) {
    return this.count ? this.walk({ line: this.count, px: 0 }, -room) : { line: 0, px: 0 };
  }

  /** A place as one number of lines, and back. */
  value({ line, px }) {
    return line + Math.min(1, px / (this.heightOf(line) || this.height));
  }

  place(value) {
    let line = Math.max(0, Math.min(this.count - 1, Math.floor(value)));
    const px = (value - line) * this.heightOf(line);
    while (line > 0 && this.folds.isHidden(line)) line -= 1;
    return { line, px: Math.max(0, px) };
  }

  /** How high all lines are together, or what the scroll bar says instead. */
  get total() {
    let rows = this.count - this.folds.hidden;
    if (this.isWrapped && this.count <= FEW) {
      rows = 0;
      for (let line = 0; line < this.count; line += 1) rows += this.rows(line);
    } else if (this.isWrapped) rows *= this.seen.rows / this.seen.lines;
    return Math.min(MOST_PX, Math.ceil(rows * this.height));
  }

  /** Lines that are drawn say how many rows a wrapped line has, about. */
  learn(line) {
    this.seen.lines += 1;
    this.seen.rows += this.rows(line);
  }
}
