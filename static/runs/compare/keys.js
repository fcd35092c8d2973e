// Names of columns as the address has them: metrics.loss, metrics."my loss".min, params.lr, duration.

const BARE = /^[\p{L}\p{N}_/.-]+$/u;
const METRIC = /^metrics\.(?:"((?:[^"\\]|\\.)*)"|(.+?))(?:\.(min|max))?$/;

/** The key of a metric's last, least ("min") or greatest ("max") value. */
export function metricKey(name, part = "last") {
  const isBare = BARE.test(name) && !/\.(min|max|last)$/.test(name);
  const written = isBare ? name : `"${name.replace(/["\\]/g, "\\$&")}"`;
  return `metrics.${written}${part === "last" ? "" : `.${part}`}`;
}

/** A metric's key → { name, part }; null for a key of anything else. */
export function metricOf(key) {
  const found = METRIC.exec(key);
  if (!found) return null;
  const name = found[1] === undefined ? found[2] : found[1].replace(/\\(.)/g, "$1");
  return { name, part: found[3] ?? "last" };
}

/** How people read a metric's key: "loss", "loss (min)". */
export const metricTitle = ({ name, part }) => (part === "last" ? name : `${name} (${part})`);
