// A part of a tile's horizontal axis, fetched in full detail where the whole curve is thinned.

import { get } from "studio/api";
import { MOST, Series } from "runs/charts/series";

// Times are found by the points that are known: each answer shows closer where the part begins.
const MOST_ROUNDS = 4;

/** Plotly writes a place on a date axis as text without a zone, which it reads as UTC. */
const asNumber = (end) => (typeof end === "string" ? Date.parse(`${end.replace(" ", "T")}Z`) : end);

export const numbers = (range) => range.map(asNumber);

/** The first and last step of `points` inside `range`, one more on each side; null for none. */
function steps(points, scale, [from, to]) {
  const x = points.steps.map((step, index) => scale.at(step, points.times[index]));
  const first = x.findIndex((at) => at >= from);
  const last = x.findLastIndex((at) => at <= to);
  if (first < 0 || last < 0) return null;
  return [points.steps[Math.max(0, first - 1)], points.steps[Math.min(x.length - 1, last + 1)]];
}

/** Fetch what `series` has in `range`; null when nothing is there, or nothing came. */
export async function detail(api, series, frame) {
  return (await part(api, series, frame))?.points ?? null;
}

/** The part of `series` in `range` as a series of its own, thinned again where it is long; or null. */
export async function part(api, series, { scale, range }) {
  let known = series.shown;
  let found = null;
  let before = "";
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const span = scale.steps?.(range) ?? steps(known, scale, range);
    // Once the same steps would be asked for again, there is nothing closer.
    if (!span || String(span) === before) break;
    before = String(span);
    found = await ask(api, series, span);
    if (!found?.isThinned) break;
    known = found.points;
  }
  return found;
}

async function ask(api, series, [from, to]) {
  const query = new URLSearchParams({ name: series.name, from, to, most: MOST });
  const answer = await get(`${api}metrics/points?${query}`).catch(() => null);
  const given = answer?.series[series.name];
  if (!given) return null;
  const found = new Series({ name: series.name, kind: series.kind });
  found.load(given);
  return found;
}

/** The range that a key asks for: + and − zoom around the middle, arrows move; null for other keys. */
export function byKey(key, [from, to]) {
  const cut = { "+": [0.25, 0.25], "=": [0.25, 0.25], "-": [-0.5, -0.5] }[key];
  const move = { ArrowLeft: -0.25, ArrowRight: 0.25 }[key];
  if (!cut && !move) return null;
  const [left, right] = cut ?? [move, -move];
  return [from + left * (to - from), to - right * (to - from)];
}
