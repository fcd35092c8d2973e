// Live points behind a thinned curve, thinned as the studio thins: bins count points from the first
// of the series and are powers of two long, so what is drawn does not move when points come.

const KINDS = [Number.isNaN, (value) => value === Infinity, (value) => value === -Infinity];

/** How long bins are, so that of `count` points about `most` are drawn; 1: every one. */
export function binFor(count, most) {
  if (count <= most) return 1;
  let length = 2;
  while (2 * Math.ceil(count / length) > Math.max(most, 2)) length *= 2;
  return length;
}

/**
 * Keep `points` up to index `from` as they are, and of each bin after it the first least, the first
 * greatest, and the first NaN, +Inf and −Inf.  number: of the point at `from` in the series.
 */
export function thinTail({ steps, times, values }, { from, number }, bin) {
  if (bin <= 2) return { steps, times, values };
  const kept = [];
  const ahead = number - from;
  for (let start = from; start < values.length; ) {
    const end = Math.min(values.length, (Math.floor((start + ahead) / bin) + 1) * bin - ahead);
    kept.push(...ofBin(values, start, end));
    start = end;
  }
  const pick = (column) => column.slice(0, from).concat(kept.map((at) => column[at]));
  return { steps: pick(steps), times: pick(times), values: pick(values) };
}

/** The indices to keep of values[start … end), in order. */
function ofBin(values, start, end) {
  let [least, greatest] = [-1, -1];
  const odd = [-1, -1, -1];
  for (let at = start; at < end; at += 1) {
    const value = values[at];
    if (!Number.isFinite(value)) {
      const kind = KINDS.findIndex((is) => is(value));
      if (odd[kind] < 0) odd[kind] = at;
    } else {
      if (least < 0 || value < values[least]) least = at;
      if (greatest < 0 || value > values[greatest]) greatest = at;
    }
  }
  const kept = [least, greatest, ...odd].filter((at) => at >= 0);
  return [...new Set(kept)].sort((one, other) => one - other);
}

/** Points in the order of their steps: several processes of a run may log one metric in turns. */
export function inStepOrder(points) {
  const { steps } = points;
  if (steps.every((step, at) => at === 0 || steps[at - 1] <= step)) return points;
  const order = steps.map((_, at) => at).sort((one, other) => steps[one] - steps[other] || one - other);
  const sorted = (column) => order.map((at) => column[at]);
  return { steps: sorted(steps), times: sorted(points.times), values: sorted(points.values) };
}
