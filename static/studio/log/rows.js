// Which line is in which row of the screen. Unwrapped they are the same; wrapped, a line of many
// characters takes several rows, and `ends` holds the row after each line's last.

export class Rows {
  constructor() {
    this.columns = 0;
    this.ends = null;
  }

  /** Wrap lines after so many characters; 0 means not at all. */
  wrapAfter(columns) {
    this.columns = columns;
    this.ends = columns ? [] : null;
  }

  /** Count again from line `from` on. */
  recount(lines, from) {
    if (!this.ends) return;
    this.ends.length = Math.min(this.ends.length, from);
    for (let line = this.ends.length; line < lines.length; line += 1) {
      const rows = Math.max(1, Math.ceil(lines[line].text.length / this.columns));
      this.ends.push((this.ends[line - 1] ?? 0) + rows);
    }
  }

  /** The first row of a line; for the number of lines, how many rows there are. */
  rowOf(line) {
    return this.ends ? (this.ends[Math.min(line, this.ends.length) - 1] ?? 0) : line;
  }

  /** The line that is in a row, and from which of its characters on. */
  at(row) {
    if (!this.ends) return [row, 0];
    let [low, high] = [0, this.ends.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.ends[middle] > row) high = middle;
      else low = middle + 1;
    }
    return [low, (row - this.rowOf(low)) * this.columns];
  }
}
