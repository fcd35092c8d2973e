// The horizontal axis of many runs: steps, time since each run's own start, or the clock.

import { stepTicks } from "runs/charts/reach";
import { duration } from "studio/clock";
import { count } from "studio/words";

const DAY_S = 86400;
const UNITS = [
  [120, 1, "s"],
  [120 * 60, 60, "min"],
  [48 * 3600, 3600, "h"],
  [Infinity, DAY_S, "d"],
];

/** Whether points need their times. */
export const needsTimes = ({ axis }) => axis !== "step";

/** Where the points of `line` are: numbers of the axis in steps, or in seconds (relative, wall). */
export function places({ steps, times }, run, { axis }) {
  if (axis === "step" || !times) return steps;
  if (axis === "wall") return times;
  const start = run.started ?? times[0];
  return times.map((time) => time - start);
}

/**
 * How the axis is written: from(place) → Plotly's number; back(number) → place; format: of its ticks;
 * ticks(range): more of it.   words(place): of one place.   low, high: the places at its ends.
 */
export function scaleOf({ axis }, low, high) {
  if (axis === "wall") {
    // Plotly shows a date's UTC hours: shifted, they are the reader's own.
    const shift = new Date(high * 1000).getTimezoneOffset() * 60_000;
    const tickformat = high - low < DAY_S ? "%H:%M:%S" : "%b %e %H:%M";
    return {
      from: (place) => place * 1000 - shift,
      back: (number) => (number + shift) / 1000,
      format: { type: "date", tickformat, nticks: 4 },
      words: (place) => new Date(place * 1000).toLocaleString(),
    };
  }
  if (axis === "relative") {
    const [, seconds, unit] = UNITS.find(([most]) => high - low < most);
    return {
      from: (place) => place / seconds,
      back: (number) => number * seconds,
      format: { ticksuffix: ` ${unit}` },
      words: (place) => `after ${duration(place)}`,
    };
  }
  const same = (place) => place;
  return { from: same, back: same, format: {}, ticks: stepTicks, words: (place) => `step ${count(Math.round(place))}` };
}

/** The first index of sorted `places` at or after `place`. */
export function firstAt(all, place) {
  let [low, high] = [0, all.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (all[middle] < place) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The index of the point nearest to `place`. */
export function nearestAt(all, place) {
  const at = firstAt(all, place);
  if (at === 0) return 0;
  return at === all.length || place - all[at - 1] < all[at] - place ? at - 1 : at;
}
