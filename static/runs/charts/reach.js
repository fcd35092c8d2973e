// Which values a chart can place: its arithmetic goes wrong near the ends of what numbers hold.

const LARGEST = 1e290;
const SMALLEST = 1e-290;

const isLarge = (value) => Number.isFinite(value) && Math.abs(value) > LARGEST;
const isSmall = (value) => Number.isFinite(value) && value !== 0 && Math.abs(value) < SMALLEST;

/** Values as they are drawn: the largest stand at the edge, as infinite ones do, the smallest at 0. */
export function placed(values) {
  if (!values.some((value) => isLarge(value) || isSmall(value))) return values;
  return values.map((value) => (isLarge(value) ? Math.sign(value) * Infinity : isSmall(value) ? 0 : value));
}

/** What of `values` has no place: "2 values too large to draw to scale"; "" for none. */
export function unplaced(values) {
  const [large, small] = [isLarge, isSmall].map((is) => values.filter(is).length);
  if (!large && !small) return "";
  const why = [large && "too large", small && "too small"].filter(Boolean).join(" or ");
  return `${large + small === 1 ? "1 value" : `${large + small} values`} ${why} to draw to scale`;
}

/** How steps are written on an axis over `range`: they are whole numbers, near each other too. */
export function stepTicks([low, high]) {
  const far = Math.max(Math.abs(low), Math.abs(high));
  const isExact = far < 1000 || (high - low) * 1000 < far;
  return { tickformat: isExact ? ",d" : "~s", ...(high - low < 6 ? { tick0: 0, dtick: 1 } : {}) };
}
