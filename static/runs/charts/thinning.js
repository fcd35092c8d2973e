// Live points behind a thinned curve, thinned in the same way: the least and the greatest of each bin.

/**
 * Keep `points` up to index `from` as they are, and of every `size` points after it the least, the
 * greatest, and those that are no finite number. Bins begin at `from`, so what was drawn stays.
 */
export function thinTail({ steps, times, values }, from, size) {
  const kept = [];
  for (let start = from; start < values.length; start += size) {
    kept.push(...ofBin(values, start, Math.min(start + size, values.length)));
  }
  const pick = (column) => column.slice(0, from).concat(kept.map((at) => column[at]));
  return { steps: pick(steps), times: pick(times), values: pick(values) };
}

/** The indices to keep of values[start … end), in order. */
function ofBin(values, start, end) {
  let [least, greatest] = [-1, -1];
  const odd = [];
  for (let at = start; at < end; at += 1) {
    if (!Number.isFinite(values[at])) odd.push(at);
    else {
      if (least < 0 || values[at] < values[least]) least = at;
      if (greatest < 0 || values[at] > values[greatest]) greatest = at;
    }
  }
  const ends = least < 0 ? [] : [least, greatest];
  return [...new Set([...ends, ...odd])].sort((one, other) => one - other);
}
