// One metric as the page has it: its summary, and its points once they were asked for.

import { binFor, inStepOrder, thinTail } from "runs/charts/thinning";

// Nearly two points for each pixel of the large tile: more would not be seen.
export const MOST = 1200;
const COLUMNS = ["steps", "times", "values"];
const TEXTS = ["text", "json"];

export class Series {
  constructor(summary) {
    this.points = null;
    this.isThinned = false;
    this.bin = 1;
    this.summarise(summary);
  }

  /** Take a newer summary; the points stay as they are. */
  summarise(summary) {
    Object.assign(this, summary);
    this.isNumber = !TEXTS.includes(this.kind);
    if (this.isNumber) this.last = number(this.last);
  }

  /** Take an answer of `metrics/points` in place of what is there. */
  load({ count, thinned, bin = 1, steps, times, values }) {
    this.points = { steps, times, values: this.#read(values) };
    Object.assign(this, { count, bin, isThinned: thinned });
    this.tail = { from: steps.length, number: count };
    this.#end(this.points);
  }

  /** Let the points go; they are asked for when they are wanted again. */
  forget() {
    this.points = null;
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

  /** The points to draw, in the order of their steps. */
  get shown() {
    const { points, tail, bin, isNumber } = this;
    return isNumber ? inStepOrder(thinTail(points, tail, bin)) : points;
  }

  /** Whether it outgrew its bins: drawn in bins of twice the length a part of its points remains. */
  isTooDense() {
    return this.isNumber && this.points !== null && binFor(this.count, MOST) > this.bin;
  }

  #read(values) {
    return this.isNumber ? values.map(number) : values;
  }

  #end({ steps, times, values }) {
    if (!steps.length) return;
    const at = steps.length - 1;
    [this.last, this.last_step, this.last_time] = [values[at], steps[at], times[at]];
    const odd = this.isNumber ? values.findIndex((value) => !Number.isFinite(value)) : -1;
    if (odd >= 0) this.first_nan_step ??= steps[odd];
    if (odd >= 0 && steps[odd] === this.first_nan_step) this.firstOdd ??= values[odd];
  }
}

/** Add points at the end of others. */
export function extend(points, fresh) {
  for (const column of COLUMNS) for (const item of fresh[column]) points[column].push(item);
}

/** What JSON carries as a number, a truth value, or one of "NaN", "Infinity", "-Infinity". */
const number = (given) => (given === null ? NaN : Number(given));
