// What is selected along axes: column's key → [low, high], as shares of the axis; in the address, too.

import { readAll, write } from "runs/compare/state";

const BETWEEN = "~";
const STEP = 0.05;

export class Brushes {
  constructor() {
    const given = readAll("brush").map((text) => text.split(BETWEEN)).filter((parts) => parts.length > 2);
    this.ranges = new Map(given.map((parts) => [parts.slice(0, -2).join(BETWEEN), parts.slice(-2).map(Number)]));
  }

  get size() {
    return this.ranges.size;
  }

  get(key) {
    return this.ranges.get(key) ?? null;
  }

  /** Select a part of an axis; null, or next to nothing, selects all of it again. */
  set(key, range) {
    const [low, high] = range ? [Math.min(...range), Math.max(...range)] : [0, 0];
    if (range && high - low > 0.004) this.ranges.set(key, [Math.max(0, low), Math.min(1, high)]);
    else this.ranges.delete(key);
  }

  clear() {
    this.ranges.clear();
    this.keep();
  }

  /** Write them into the address. */
  keep() {
    write({ brush: [...this.ranges].map(([key, [low, high]]) => [key, low.toFixed(3), high.toFixed(3)].join(BETWEEN)) });
  }

  /** Move an end of a selection by a step: the lower, or (upper) the other. */
  move(key, way, upper) {
    const [low, high] = this.get(key) ?? [0, 1];
    const moved = upper ? [low, Math.max(low + STEP, Math.min(1, high + way * STEP))] : [Math.min(high - STEP, Math.max(0, low + way * STEP)), high];
    if (moved[0] <= 0.001 && moved[1] >= 0.999) this.ranges.delete(key);
    else this.ranges.set(key, moved);
    this.keep();
  }

  /** Whether a run is selected on every axis. A run without a value is on no selected part. */
  has(place, axes) {
    return axes.every(({ key, scale }) => {
      const range = this.get(key);
      if (!range) return true;
      const at = scale.at(place);
      return at !== null && at >= range[0] - 1e-6 && at <= range[1] + 1e-6;
    });
  }
}
