// The exponential moving average that TensorBoard draws, with its start corrected for bias.

/** What every chart begins with, as TensorBoard does. */
export const USUAL_SMOOTHING = 0.6;

/**
 * Smooth `values` (numbers; NaN and ±Inf are passed over and stay) by `weight` in [0, 1).
 * Source: TensorBoard, tf-line-chart's resmoothDataset; the correction is Adam's (Kingma and Ba, 2015).
 */
export function smooth(values, weight) {
  if (!weight || values.every((value) => value === values[0])) return values;
  let last = 0;
  let seen = 0;
  return values.map((value) => {
    if (!Number.isFinite(value)) return value;
    last = last * weight + (1 - weight) * value;
    seen += 1;
    return last / (1 - weight ** seen);
  });
}
