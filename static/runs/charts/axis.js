// The two axes of a tile: how steps and times are written, and how far values reach.

import { roundRange } from "studio/charts";
import { stepTicks } from "runs/charts/reach";
import { count } from "studio/words";

const DAY_S = 86400;
const UNITS = [
  [120, 1, "s"],
  [120 * 60, 60, "min"],
  [Infinity, 3600, "h"],
];
const CLOCK = { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false };
const DATE = { month: "short", day: "numeric", ...CLOCK };

/**
 * How the chosen axis is written: at(step, time) → the place of a point; format: of its numbers;
 * ticks(range): more of it, where it depends on the part that is shown.
 * words: of a point under the mouse, for Plotly; say(step, time): the same.  unit: how many seconds,
 * or steps, or milliseconds of wall time, one is.  steps(range): of the axis, where it counts them.
 * span: where it begins and ends, in steps or seconds.
 */
export function axisOf({ axis, origin }, [from, to]) {
  if (axis === "step") {
    const say = (step) => `step ${count(step)}`;
    const steps = ([low, high]) => [Math.floor(low), Math.ceil(high)];
    return { at: (step) => step, format: {}, ticks: stepTicks, words: "step %{x:,}", say, unit: 1, steps };
  }
  if (axis === "wall") {
    // Plotly shows a date's UTC hours: shifted, they are the reader's own.
    const shift = new Date().getTimezoneOffset() * 60_000;
    const tickformat = to - from < DAY_S ? "%H:%M:%S" : "%b %e %H:%M";
    const format = { type: "date", tickformat, nticks: 5 };
    const say = (step, time) => `${new Date(time * 1000).toLocaleString("en-US", DATE)}, step ${count(step)}`;
    return { at: (step, time) => time * 1000 - shift, format, words: "%{x|%b %e %H:%M:%S}", say, unit: 1 };
  }
  const [, seconds, name] = UNITS.find(([most]) => to - origin < most);
  const at = (step, time) => (time - origin) / seconds;
  const say = (step, time) => `after ${Number(at(step, time).toPrecision(4))} ${name}, step ${count(step)}`;
  return { at, format: { ticksuffix: ` ${name}` }, words: "after %{x:.4~g}", say, unit: seconds };
}

/** The vertical axis around `seen`, finite values.  isLog: only those above zero have a place on it. */
export function heightsOf(seen, isLog) {
  return isLog ? logarithmic(seen.filter((value) => value > 0)) : linear(seen);
}

/** Least and greatest. (Math.min of a spread overflows the stack on long arrays.) */
const bounds = (values) =>
  values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);

function linear(seen) {
  if (!seen.length) return { range: [0, 1] };
  const [from, to, step] = roundRange(...bounds(seen));
  // Plotly leaves out a grid line that lies exactly on the edge.
  const hair = (to - from) * 0.008;
  return { range: [from - hair, to + hair], tick0: 0, dtick: step };
}

function logarithmic(positive) {
  if (!positive.length) return { type: "log", range: [-1, 1] };
  const [from, to] = bounds(positive).map(Math.log10);
  const room = Math.max(0.02, (to - from) * 0.05);
  // Less than a power of ten apart, whole powers would leave the axis without a number.
  return { type: "log", range: [from - room, to + room], dtick: to - from > 1.5 ? 1 : undefined };
}
