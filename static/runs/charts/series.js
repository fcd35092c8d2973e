// One metric as the page has it: its summary, and its points once they were asked for.

import { thinTail } from "runs/charts/thinning";

// Nearly two points for each pixel of the large tile: more would not be seen.
export const MOST = 1200;
// Grown by live points beyond this, the thinned view is asked for again.
const TOO_MANY = 1.5 * MOST;
const COLUMNS = ["steps", "times", "values"];

export class Series {
  constructor(summary) {
    this.points = null;
    this.isThinned = false;
    this.summarise(summary);
  }

  /** Take a newer summary; the points stay as they are. */
  summarise(summary) {
    Object.assign(this, summary);
    this.isNumber = this.kind !== "text";
    if (this.isNumber) this.last = number(this.last);
  }

  /** Take an answer of `metrics/points` in place of what is there. */
  load({ count, thinned, steps, times, values }) {
    this.points = { steps, times, values: this.#read(values) };
    this.count = count;
    this.isThinned = thinned;
    // Of so many live points two are drawn, as of those in the answer.
    this.tail = { from: steps.length, size: Math.ceil((2 * count) / Math.max(1, steps.length)) };
    this.#end(this.points);
  }

  /**
   * Take points that came after those the page has. Returns what of them is new, or null when
   * something between is missing.
   */
  grow({ after, steps, times, values }) {
    const skip = this.count - after;
    if (skip < 0 || !steps.length) return null;
    const fresh = {
      steps: steps.slice(skip),
      times: times.slice(skip),
      values: this.#read(values.slice(skip)),
    };
    if (this.points) extend(this.points, fresh);
    this.count += fresh.steps.length;
    this.#end(fresh);
    return fresh;
  }

  /** The points to draw. */
  get shown() {
    if (!this.isThinned) return this.points;
    return thinTail(this.points, this.tail.from, this.tail.size);
  }

  isTooDense(drawn) {
    return this.isNumber && drawn > TOO_MANY;
  }

  #read(values) {
    return this.isNumber ? values.map(number) : values;
  }

  #end({ steps, times, values }) {
    if (!steps.length) return;
    this.last = values.at(-1);
    this.last_step = steps.at(-1);
    this.last_time = times.at(-1);
    const odd = this.isNumber ? values.findIndex((value) => !Number.isFinite(value)) : -1;
    if (odd >= 0) this.first_nan_step ??= steps[odd];
  }
}

/** Add points at the end of others. */
export function extend(points, fresh) {
  for (const column of COLUMNS) for (const item of fresh[column]) points[column].push(item);
}

/** What JSON carries as a number, a truth value, or one of "NaN", "Infinity", "-Infinity". */
const number = (given) => (given === null ? NaN : Number(given));
