// How a run looks on every page, by its number in its experiment: a colour, then a dash.

import { theme } from "studio/charts";

const COLOURS = 6;
const DASHES = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot"];
// So many shades of a scale are told apart; runs of one shade are drawn as one line with gaps.
const SHADES = 24;

const turn = (number, length) => ((number % length) + length) % length;

/** run.number → { colour: place in theme().colours, dash: Plotly's name, kind: place among dashes }. */
export function lookOf(number) {
  const kind = turn(Math.floor((number - 1) / COLOURS), DASHES.length);
  return { colour: turn(number - 1, COLOURS), dash: DASHES[kind], kind };
}

/** The class of a mark for a line of this dash. */
export const dashMark = (dash) => `d${Math.max(0, DASHES.indexOf(dash))}`;

/** Give every mark of a run below `root` (`<i class="sw run-mark" data-number>`) its look. */
export function paintMarks(root) {
  for (const mark of root.querySelectorAll(".run-mark[data-number]")) {
    const { colour, kind } = lookOf(Number(mark.dataset.number));
    mark.classList.add(`c${colour + 1}`, `d${kind}`);
  }
}

const parts = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
const mixed = (one, other, share) => one.map((part, at) => part + (other[at] - part) * share);

/** [share 0…1] → a colour that grows stronger, from the page's tokens; stepped, see SHADES. */
export function sequential(share, look = theme()) {
  const [ochre, teal, blue] = [4, 2, 0].map((at) => parts(look.colours[at]));
  const stops = [mixed(ochre, parts(look.surface), 0.5), teal, mixed(blue, parts(look.text), 0.55)];
  const step = Math.round(Math.min(1, Math.max(0, share)) * (SHADES - 1)) / (SHADES - 1);
  const at = Math.min(1, Math.floor(step * 2));
  return `rgb(${mixed(stops[at], stops[at + 1], step * 2 - at).map(Math.round).join(" ")})`.replaceAll(" ", ", ");
}

/**
 * How all runs of a view look: paint(run) → { colour, dash }; and what a legend says of it.
 * view.colour: "run", "value" (a scale from the least to the greatest) or "group".
 */
export function painter(runs, view, look) {
  if (view.colour === "value") {
    const values = runs.map((run) => run.value).filter(Number.isFinite);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const share = (run) => (high > low ? (run.value - low) / (high - low) : 0.5);
    const paint = (run) => ({ colour: Number.isFinite(run.value) ? sequential(share(run), look) : look.faint, dash: "solid" });
    return { paint, scale: values.length ? { low, high } : null };
  }
  if (view.colour === "group") {
    const groups = groupsOf(runs);
    const place = new Map(groups.map((name, at) => [name, groupLook(at, look)]));
    return { paint: (run) => place.get(run.group ?? ""), groups: place };
  }
  return { paint: ({ number }) => ({ ...lookOf(number), colour: look.colours[lookOf(number).colour] }) };
}

/** A group's colour and dash by its place in the legend. */
export function groupLook(at, look) {
  const { colour, dash, kind } = lookOf(at + 1);
  return { colour: look.colours[colour], dash, kind };
}

/** The groups of runs, as numbers where they are numbers; those without a value last. */
export function groupsOf(runs) {
  const names = [...new Set(runs.map((run) => run.group ?? ""))];
  const order = (one, other) => (!one) - (!other) || one - other || one.localeCompare(other, "en", { numeric: true });
  return names.sort(order);
}
