// How far the horizontal axis of a tile reaches: tiles that count in the same steps share it.

// A line that grows fills its tile to one of these parts of a power of ten, then gets more room.
const ROOM = [1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];

/**
 * Where the axis of `series` begins and ends among `all` curves of the page: steps, or Unix seconds.
 * A metric logged once an epoch, with the epoch as its step, keeps an axis of its own.
 */
export function spanOf(series, all, { axis, origin }) {
  if (axis !== "step") return [origin, Math.max(...all.map((one) => one.last_time))];
  const far = Math.max(...all.map((one) => one.last_step));
  const isLong = (one) => one.last_step >= far / 2;
  const shared = isLong(series) ? all.filter(isLong) : [series];
  const first = Math.min(...shared.map((one) => one.first_step));
  const last = Math.max(...shared.map((one) => one.last_step));
  return [first > 0 && first < (last - first) * 0.05 ? 0 : first, last];
}

/** [low, high], with room for a line that still grows; it moves only when that is used up. */
export function withRoom([low, high], isLive) {
  if (!(high > low)) return [low - 1, low + 1];
  if (!isLive) return [low, high + (high - low) * 0.01];
  const power = 10 ** Math.floor(Math.log10(high - low));
  return [low, low + ROOM.find((part) => part * power >= high - low) * power];
}
