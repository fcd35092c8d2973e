// The head of a tile: name, the sides it joins, what was no number, last values, what can be done.

import { lineOf } from "studio/charts";
import { count, element, value } from "studio/words";

const ACTIONS = [
  ["p", "☆", "Pin to the top"],
  ["d", "⤓", "Save as a picture (PNG)"],
  ["f", "⤢", "Full screen"],
];

/** Returns { node, describe(), note() }. */
export function header(tile) {
  const { title, roles, page } = tile;
  const name = element("b", { title: tile.members.map((metric) => metric.name).join(", ") }, title);
  const sides = element("small", { class: "sides", hidden: !roles.length });
  const badge = element("em", { hidden: true });
  const left = element("small", { class: "left-out", hidden: true });
  const last = element("span", { class: "last" });
  const buttons = Object.fromEntries(ACTIONS.map(([key, sign, words]) => [key, button(tile, key, sign, words)]));
  const actions = element("div", { class: "actions", role: "group", "aria-label": title });
  actions.append(...Object.values(buttons));
  const node = element("header", {}, name, sides, badge, left, actions, last);

  function describe() {
    const { members, plot } = tile;
    const lasts = members.map(({ series }) => (series.isNumber ? value(series.last) : ""));
    const words = lasts.join(" · ");
    if (last.textContent !== words) last.textContent = words;
    const isPinned = page.isPinned(tile);
    buttons.p.textContent = isPinned ? "★" : "☆";
    buttons.p.setAttribute("aria-pressed", String(isPinned));
    buttons.d.hidden = !tile.isCurve;
    sayOdd(badge, members);
    sides.replaceChildren(...roles.map((role, at) => side(role, members[at], page)));
    const steps = members.map(({ series }) => count(series.last_step)).join(" · ");
    plot.setAttribute("aria-label", `${title}: ${words || members[0].series.last} at step ${steps}`);
  }

  /** What the drawing left out, and how close a zoomed tile is. */
  function note() {
    const { hidden, unplaced } = tile.figure;
    const words = hidden ? [`${count(hidden)} value${hidden === 1 ? "" : "s"} ≤ 0 left out`] : [];
    left.textContent = [...words, unplaced].filter(Boolean).join(", ");
    left.hidden = !left.textContent;
    const isWhole = tile.members.every(({ series, zoom }) => !series.isThinned || zoom?.isWhole);
    if (tile.zoom) tile.plot.dataset.zoomed = `zoomed${isWhole ? ", every point" : ""} · 0 shows all`;
    else delete tile.plot.dataset.zoomed;
  }

  return { node, describe, note };
}

/** "NaN at step 1,564": where the first value was that is no finite number, and which it was. */
function sayOdd(badge, members) {
  const odd = members.map(({ series }) => series).filter(({ first_nan_step: at }) => at !== null && at !== undefined);
  badge.hidden = !odd.length;
  if (!odd.length) return;
  const first = odd.reduce((one, other) => (other.first_nan_step < one.first_nan_step ? other : one));
  const what = first.firstOdd === undefined ? "no number" : value(first.firstOdd);
  badge.textContent = `${what} at step ${count(first.first_nan_step)}`;
  const all = odd.reduce((sum, { nan_count: many }) => sum + (many ?? 0), 0);
  badge.title = all > 1 ? `the first of ${count(all)} values that are NaN or infinite` : "";
}

function side(role, metric, { look }) {
  const { colour, dash } = lineOf(look, metric.colour ?? 0);
  const swatch = element("i", { class: `swatch ${dash}` });
  swatch.style.setProperty("--colour", colour);
  return element("span", {}, swatch, role);
}

function button(tile, key, sign, words) {
  const made = element("button", { type: "button", class: "act", "data-act": key }, sign);
  made.setAttribute("aria-label", `${words}: ${tile.title}`);
  made.title = `${words} (${key})`;
  made.addEventListener("click", () => tile.page.act(tile, key));
  return made;
}
