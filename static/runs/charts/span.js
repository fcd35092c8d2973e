// How far the horizontal axis of a tile reaches: tiles that count in the same steps share it.

// A line that grows fills its tile to one of these parts of a power of ten, then gets more room.
const ROOM = [1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];

const most = (all, of) => all.reduce((high, one) => Math.max(high, of(one)), -Infinity);
const least = (all, of) => -most(all, (one) => -of(one));

/**
 * Where the axis of `series` begins and ends among `all` curves of the page: steps, or Unix seconds.
 * A metric logged once an epoch, with the epoch as its step, keeps an axis of its own.
 */
export function spanOf(series, all, { axis, origin }) {
  if (axis !== "step") return [origin, most(all, (one) => one.last_time)];
  const far = most(all, (one) => one.greatest_step);
  const isLong = (one) => one.greatest_step >= far / 2;
  const shared = isLong(series) ? all.filter(isLong) : [series];
  const first = least(shared, (one) => one.least_step);
  const last = most(shared, (one) => one.greatest_step);
  return [first > 0 && first < (last - first) * 0.05 ? 0 : first, last];
}

/** [low, high], with room for a line that still grows; it moves only when that is used up. */
export function withRoom([low, high], isLive) {
  if (!(high > low)) return [low - 1, low + 1];
  if (!isLive) return [low, high + (high - low) * 0.01];
  const power = 10 ** Math.floor(Math.log10(high - low));
  return [low, low + ROOM.find((part) => part * power >= high - low) * power];
}

/** When the first point was logged that is here, in Unix seconds; Infinity for none. */
export const firstTimeOf = (all) => least(all, ({ points }) => points?.times[0] ?? Infinity);
