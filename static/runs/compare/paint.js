// Colours of runs by a column: a scale of numbers, a colour for each text, or each run's own.

import { groupLook, groupsOf, lookOf, sequential } from "runs/overlay/colours";
import { isNumeric, scaleOf } from "runs/compare/scale";
import { words } from "runs/compare/shown";
import { element } from "studio/words";

const SHADES = 8;
const MOST_GROUPS = 12;

/** → { colours: one for each run, legend: [{ colour, words }] }. column: null for the runs' own. */
export function paint(runs, column, look) {
  if (!column) return { colours: runs.map((run) => look.colours[lookOf(run.mark).colour]), legend: [] };
  if (isNumeric(column)) return shades(runs, column, look);
  const group = (place) => String(column.values[place] ?? "");
  const groups = groupsOf(runs.map((_, place) => ({ group: group(place) })));
  const colour = new Map(groups.map((name, at) => [name, groupLook(at, look).colour]));
  const legend = groups.slice(0, MOST_GROUPS).map((name) => ({ colour: colour.get(name), words: name || "none" }));
  if (groups.length > MOST_GROUPS) legend.push({ words: `and ${groups.length - MOST_GROUPS} more` });
  return { colours: runs.map((_, place) => colour.get(group(place))), legend };
}

function shades(runs, column, look) {
  const scale = scaleOf(column);
  const colours = runs.map((_, place) => (scale.at(place) === null ? look.faint : sequential(scale.at(place), look)));
  const [first, last] = [scale.ticks[0], scale.ticks.at(-1)];
  const between = Array.from({ length: SHADES }, (_, at) => ({ colour: sequential(at / (SHADES - 1), look) }));
  between[0].before = first.words;
  between.at(-1).words = last.words;
  return { colours, legend: between };
}

/** Show a legend below its title. */
export function tell(box, column, legend) {
  box.hidden = !column;
  if (!column) return;
  const items = legend.map(({ colour, words: name, before }) => {
    const mark = element("i", { class: "sw" });
    if (colour) mark.style.background = colour;
    return element("span", {}, before ?? "", ...(colour ? [mark] : []), name ?? "");
  });
  box.replaceChildren(element("b", {}, column.title), ...items);
}

/** A run's value of a column, with its title. */
export const said = (column, place) => `${column.title} ${words(column.values[place], column.form)}`;
