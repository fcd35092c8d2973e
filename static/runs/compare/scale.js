// A column as places along an axis: numbers, linear or logarithmic; texts in their order.

import { words } from "runs/compare/shown";

// So few different numbers are written where they are.
const FEW = 10;
const collator = new Intl.Collator("en", { numeric: true });

/** Whether every value that is there is a number ("NaN" of a metric counts as one that is not there). */
export const isNumeric = ({ form, values }) =>
  ["number", "seconds", "odd"].includes(form) && values.some((value) => typeof value === "number");

/**
 * { at(place) → 0…1 or null for none; ticks: [{ at, words }]; isLog, isNumeric, valueAt(share) }
 * of a column. wantsLog: null lets values over two powers of ten be logarithmic.
 */
export function scaleOf(column, wantsLog = null) {
  if (column.form === "time") return numeric({ ...column, values: column.values.map((text) => (text ? Date.parse(text) : null)) }, false, (value) => words(new Date(value).toISOString(), "time"));
  if (isNumeric(column)) return numeric(column, wantsLog, (value) => words(value, column.form));
  return categories(column);
}

function numeric({ values }, wantsLog, say) {
  const there = values.filter((value) => typeof value === "number");
  const [low, high] = there.reduce(([least, most], value) => [Math.min(least, value), Math.max(most, value)], [Infinity, -Infinity]);
  const isLog = low > 0 && (wantsLog ?? high / low >= 100);
  const [from, to] = isLog ? [Math.log10(low), Math.log10(high)] : [low, high];
  // By halves: from -1e308 to 1e308 is farther than numbers reach.
  const span = to / 2 - from / 2;
  const share = (value) => (span ? ((isLog ? Math.log10(value) : value) / 2 - from / 2) / span : 0.5);
  const placeAt = (at) => from * (1 - at) + to * at;
  const valueAt = (at) => (isLog ? 10 ** placeAt(at) : placeAt(at));
  const distinct = [...new Set(there)];
  const places = span ? [0, 0.25, 0.5, 0.75, 1] : [0.5];
  const ticks =
    distinct.length <= FEW
      ? apart(distinct.map((value) => ({ at: share(value), words: say(value) })))
      : places.map((at) => ({ at, words: say(round(valueAt(at), to - from)) }));
  return { at: (place) => (typeof values[place] === "number" ? share(values[place]) : null), ticks, isLog, isNumeric: true, valueAt };
}

/** Ticks that do not lie on each other. */
function apart(ticks) {
  const kept = [];
  for (const tick of ticks.sort((one, other) => one.at - other.at)) {
    if (!kept.length || tick.at - kept.at(-1).at >= 0.05) kept.push(tick);
  }
  return kept;
}

/** Three figures are enough on an axis, unless its ends would look alike. */
function round(value, span) {
  const figures = Math.min(12, Math.max(3, Math.ceil(Math.log10(Math.abs(value || 1) / (span || 1))) + 2));
  return Number(value.toPrecision(figures));
}

function categories({ values }) {
  const names = [...new Set(values.filter((value) => value !== null))].sort((one, other) => collator.compare(String(one), String(other)));
  const share = (index) => (names.length > 1 ? index / (names.length - 1) : 0.5);
  const shares = new Map(names.map((name, index) => [name, share(index)]));
  // More names than fit are thinned.
  const every = Math.ceil(names.length / 16);
  const ticks = names.map((name, index) => ({ at: share(index), words: String(name) })).filter((_, index) => index % every === 0);
  return { at: (place) => shares.get(values[place]) ?? null, ticks, isLog: false, isNumeric: false, valueAt: (at) => names[Math.round(at * (names.length - 1))] };
}
