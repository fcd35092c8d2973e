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
    // These are in the order of their steps: what came last is known of the summary, or by its time.
    const isNews = this.count !== count;
    Object.assign(this, { count, bin, isThinned: thinned });
    this.tail = { from: steps.length, number: count };
    this.#reach(this.points);
    if (isNews) this.#end(this.points, times.reduce((last, time, at) => (time >= times[last] ? at : last), 0));
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
    this.#reach(fresh);
    this.#end(fresh, fresh.steps.length - 1);
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

  /** The point at index `at` is the last that came. */
  #end({ steps, times, values }, at) {
    if (steps.length) [this.last, this.last_step, this.last_time] = [values[at], steps[at], times[at]];
  }

  /** How far the steps reach, and which was the first value that is no number. */
  #reach({ steps, values }) {
    this.least_step = steps.reduce((least, step) => Math.min(least, step), this.least_step ?? Infinity);
    this.greatest_step = steps.reduce((most, step) => Math.max(most, step), this.greatest_step ?? -Infinity);
    const isOdd = (value, at) => !Number.isFinite(value) && steps[at] === (this.first_nan_step ?? steps[at]);
    const odd = this.isNumber ? values.findIndex(isOdd) : -1;
    if (odd < 0) return;
    this.first_nan_step ??= steps[odd];
    this.firstOdd ??= values[odd];
  }
}

/** Add points at the end of others. */
export function extend(points, fresh) {
  for (const column of COLUMNS) for (const item of fresh[column]) points[column].push(item);
}

/** What JSON carries as a number, a truth value, or one of "NaN", "Infinity", "-Infinity". */
const number = (given) => (given === null ? NaN : Number(given));
