// The elements of the visible lines, kept while they stay in sight.

export class Rows {
  /** space: what holds them. make(line) → the row of a line. */
  constructor(space, layout, make) {
    Object.assign(this, { space, layout, make, shown: new Map() });
  }

  /** Take away the rows of the lines that `isWrong` says are drawn otherwise now. */
  drop(isWrong) {
    for (const [line, node] of this.shown) {
      if (!isWrong(line)) continue;
      node.remove();
      this.shown.delete(line);
    }
  }

  /**
   * Draw the lines from `first` on, so that `line` is at `y`, as far as `end` (pixels).
   * Returns the first and the last one.
   */
  draw(first, line, y, end) {
    for (let above = first; above < line; above += 1) y -= this.layout.heightOf(above);
    const places = new Map();
    let number = first;
    for (; number < this.layout.count && y < end; number += 1) {
      const height = this.layout.heightOf(number);
      if (height) places.set(number, y);
      y += height;
    }
    this.drop((one) => !places.has(one));
    let next = null;
    for (const [one, top] of [...places].reverse()) {
      const node = this.shown.get(one) ?? this.make(one);
      this.shown.set(one, node);
      node.style.top = `${top}px`;
      if (node.parentNode !== this.space || node.nextSibling !== next) this.space.insertBefore(node, next);
      next = node;
    }
    return [first, Math.max(first, number - 1)];
  }
}
