// Values of columns as people read them, and runs as links.

import { ago, duration } from "studio/clock";
import { element, value } from "studio/words";
import { lookOf } from "runs/overlay/colours";

const LONG = 60;

/** One value in words; "–" for none. form: "number", "seconds", "time", "text", "odd". */
export function words(given, form) {
  if (given === null || given === undefined || given === "") return "–";
  if (form === "seconds") return duration(given);
  if (form === "time") return ago((Date.now() - Date.parse(given)) / 1000) ?? given.slice(0, 10);
  return typeof given === "number" ? value(given) : String(given);
}

/** The exact value, for the hover. */
export const exact = (given) => (given === null || given === undefined ? "" : String(given));

/** A cell's text, cut where it is long, exact on hover. */
export function cell(name, given, form, attributes = {}) {
  const text = words(given, form);
  const made = element(name, { title: exact(given), ...attributes });
  made.textContent = text.length > LONG ? `${text.slice(0, LONG)}…` : text;
  return made;
}

/** The address of a run's page. */
export const address = (run) => `/runs/${encodeURIComponent(run.run_id)}/`;

/** The mark of a run's colour, as on every page. */
export function swatch(run) {
  const { colour, kind } = lookOf(run.mark);
  return element("i", { class: `sw run-mark c${colour + 1} d${kind}`, "data-number": String(run.mark) });
}

/** A run as a link with its mark; an archived one says so. */
export function link(run) {
  const made = element("a", { class: "name", href: address(run), title: `${run.name}, run ${run.number} of ${run.experiment}: ${run.state}` });
  made.append(swatch(run), run.name);
  return run.archived ? [made, element("span", { class: "tag" }, "archived")] : [made];
}

/** A run's state as its badge. */
export function state(run) {
  const shape = run.state.replace(/(?!^)([A-Z])/g, "-$1").toLowerCase();
  return element("span", { class: `state ${shape}` }, run.state);
}

/**
 * Give each run the number its colour comes from: its own; its place where runs of several
 * experiments would look alike.
 */
export function markRuns(runs) {
  const own = new Set(runs.map(({ number }) => number));
  for (const [place, run] of runs.entries()) run.mark = own.size === runs.length ? run.number : place + 1;
}
