// What a metric's name says: which section it stands in, and which curves belong in one tile.

const ROLES = [
  ["train", /^(train|training|trn)$/i],
  ["validation", /^(val|valid|validation|dev)$/i],
  ["test", /^(test|testing|eval|evaluation)$/i],
];
const BETWEEN = /[_\-/. ]+/;

/** "train/loss" → "train"; "" where the name has no prefix. */
export function groupOf(name) {
  const at = name.indexOf("/");
  return at > 0 && at < name.length - 1 ? name.slice(0, at) : "";
}

/**
 * What is left of a name without "train" or "validation" at its begin or end, or at the begin or end
 * of its last part, and which of them it was: "val_loss" → ["loss", "validation"]; "loss" → ["loss", ""].
 */
export function stemOf(name) {
  const slash = name.lastIndexOf("/") + 1;
  return cut(name) ?? cut(name.slice(slash), name.slice(0, slash)) ?? [name, ""];
}

function cut(name, before = "") {
  const parts = name.split(BETWEEN);
  if (parts.length < 2) return null;
  for (const part of [parts[0], parts.at(-1)]) {
    const role = ROLES.find(([, is]) => is.test(part))?.[0];
    if (!role) continue;
    const rest = part === parts[0] ? name.slice(part.length) : name.slice(0, -part.length);
    const stem = rest.replace(/^[_\-/. ]+|[_\-/. ]+$/g, "");
    if (stem) return [before + stem, role];
  }
  return null;
}

/**
 * Which metrics stand in one tile: [{ key, title, roles, members }], in the order of their first.
 * isJoined: curves whose names differ only by train and validation are drawn together.
 */
export function tilesOf(metrics, isJoined) {
  const alone = (metric) => ({ key: metric.name, title: metric.name, roles: [], members: [metric] });
  if (!isJoined) return metrics.map(alone);
  const stems = new Map();
  for (const metric of metrics.filter(({ isCurve }) => isCurve)) {
    const [stem, role] = stemOf(metric.name);
    if (!stems.has(stem)) stems.set(stem, []);
    stems.get(stem).push({ metric, role: role || "train" });
  }
  const tiles = new Map();
  for (const [stem, found] of stems) {
    // "train/loss" beside "train_loss" are two metrics, not two sides of one.
    if (found.length < 2 || new Set(found.map(({ role }) => role)).size < found.length) continue;
    found.sort((one, other) => rank(one.role) - rank(other.role));
    const members = found.map(({ metric }) => metric);
    const tile = { key: members[0].name, title: stem, roles: found.map(({ role }) => role), members };
    for (const member of members) tiles.set(member, tile);
  }
  return [...new Set(metrics.map((metric) => tiles.get(metric) ?? alone(metric)))];
}

// `alone` makes a new one for each metric, the joined ones are shared: a Set keeps each once.
const rank = (role) => ROLES.findIndex(([name]) => name === role);
