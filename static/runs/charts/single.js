// What stands in the tile of a metric without a curve: its value, or its last text.

import { count, element, value } from "studio/words";

/** The nodes to show for `series`. */
export function single(series) {
  const words = series.isNumber ? value(series.last) : String(series.last);
  const all = series.count > 1 ? `, ${count(series.count)} values` : "";
  const big = element("p", { class: series.isNumber ? "number" : "words" }, words);
  return [big, element("small", {}, `at step ${count(series.last_step)}${all}`)];
}
