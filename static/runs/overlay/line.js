// One run's line of one metric: what the studio thinned, and behind it what came live since.

const number = (given) => (given === null ? NaN : Number(given));
const COLUMNS = ["steps", "times", "values"];

export class Line {
  constructor(run, most) {
    Object.assign(this, { run, most, steps: [], times: null, values: [], count: 0, bin: 1, from: 0, loadedCount: 0 });
  }

  /** Take the answer for this run; undefined: the run has no such metric (yet). */
  load(answer) {
    this.isLoaded = true;
    if (!answer) return;
    const { steps, times = null, values, count, bin, first_nan_step: odd } = answer;
    Object.assign(this, { steps, times, values, count, bin, odd, from: steps.length, loadedCount: count });
    // Only what is no number comes as a text.
    if (values.some((value) => typeof value !== "number")) this.values = values.map(number);
    this.oddValue = this.values.find((value, at) => steps[at] === odd && !Number.isFinite(value));
    this.cache = null;
  }

  /** Add points that came after those that are here; false when some between are missing. */
  grow({ after, ...fresh }) {
    const skip = this.count - after;
    if (skip < 0 || !fresh.steps.length) return false;
    const added = fresh.steps.length - skip;
    if (added <= 0) return true;
    if (!this.count) this.times = [];
    for (const column of COLUMNS) {
      const items = fresh[column].slice(skip);
      if (this[column]) this[column].push(...(column === "values" ? items.map(number) : items));
    }
    if (this.odd == null) {
      const at = fresh.values.findIndex((value, index) => index >= skip && !Number.isFinite(number(value)));
      if (at >= 0) Object.assign(this, { odd: fresh.steps[at], oddValue: number(fresh.values[at]) });
    }
    this.count += added;
    this.cache = null;
    return true;
  }

  /** Whether live points made it so long that it should be thinned anew. */
  get isLong() {
    return this.steps.length - this.from > Math.max(200, 2 * this.most);
  }

  /** { steps, times, values } to draw: live points are thinned by the same bins as those before. */
  get shown() {
    const { steps, times, values, from, bin } = this;
    if (bin <= 2 || steps.length === from) return this;
    const kept = tail(values, from, this.loadedCount, bin);
    const pick = (column) => column && column.slice(0, from).concat(kept.map((at) => column[at]));
    return { steps: pick(steps), times: pick(times), values: pick(values) };
  }
}

/** Indices to keep of values[from…]: of each bin of points the least, the greatest, what is no number. */
function tail(values, from, number, bin) {
  const kept = [];
  for (let start = from; start < values.length; ) {
    const end = Math.min(values.length, start + bin - (number % bin));
    let [least, greatest] = [-1, -1];
    const some = new Set();
    for (let at = start; at < end; at += 1) {
      if (!Number.isFinite(values[at])) some.add(at);
      else {
        if (least < 0 || values[at] < values[least]) least = at;
        if (greatest < 0 || values[at] > values[greatest]) greatest = at;
      }
    }
    if (least >= 0) some.add(least).add(greatest);
    if (end === values.length) some.add(end - 1); // the newest is always seen
    kept.push(...[...some].sort((one, other) => one - other));
    number += end - start;
    start = end;
  }
  return kept;
}
