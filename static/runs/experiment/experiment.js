// The page of an experiment: its table of runs, their charts, and what is done with them.

import { startArchive } from "runs/experiment/archive";
import { Bulk, tellKeys } from "runs/experiment/bulk";
import { Cells } from "runs/experiment/cells";
import { Charts } from "runs/experiment/charts";
import { startMenus } from "runs/experiment/menus";
import { Query } from "runs/experiment/query";
import { Selection } from "runs/experiment/selection";
import { start, told } from "runs/experiment/table";
import { Views } from "runs/experiment/views";
import { asked } from "runs/experiment/address";
import { startRemoval } from "runs/removal/many";
import { count } from "studio/words";

const root = document.querySelector("[data-experiment]");
const part = (name) => root.querySelector(`[data-${name}]`);
const { workspace, api, choices, compare, experiment } = root.dataset;
const own = `${api}experiments/${encodeURIComponent(experiment)}/`;
const compareLink = part("compare-link");

start();
const selection = new Selection();
const charts = new Charts(part("charts"), { workspace, selection });
const remove = startRemoval(root, { api, name: experiment, home: root.dataset.home, selection });
const bulk = new Bulk({ actions: part("bulk"), api, selection, remove });
const query = new Query(part("ask"), `${own}complete`);
const cells = new Cells();
startMenus(choices, charts);
startArchive(own.slice(0, -1));
new Views(part("views"), `${own}views`);

/** What can be done with the selected runs; without any, Compare takes all that the query finds. */
function showActions() {
  const { runs } = selection;
  part("bulk").hidden = !runs.length;
  // Whoever wants to cancel what has ended already would only be told so.
  const cancel = root.querySelector('[data-act="cancel"]');
  cancel.disabled = !runs.some(({ isLive }) => isLive);
  cancel.title = cancel.disabled ? "All of the selected runs have ended" : "";
  compareLink.textContent = runs.length ? `Compare ${count(runs.length)}` : "Compare all";
  const link = new URLSearchParams(runs.map(({ id }) => ["run", id]));
  if (!runs.length) {
    link.set("experiment", experiment);
    if (asked().get("q")) link.set("q", asked().get("q"));
  }
  compareLink.href = `${compare}?${link}`;
  compareLink.hidden = !told().runs.length && !runs.length;
  const isArchived = runs.length && runs.every(({ archived }) => archived);
  const button = root.querySelector('[data-act="archive"], [data-act="restore"]');
  button.dataset.act = isArchived ? "restore" : "archive";
  button.textContent = isArchived ? "Bring back" : "Archive";
}

// A row and its line point at each other.
const rowOf = (target) => target.closest?.("#run-table tr[data-key]");
let pointed = null;
root.addEventListener("mouseover", ({ target }) => {
  const row = rowOf(target);
  if (row === pointed) return;
  pointed = row;
  charts.overlay.highlight(row?.dataset.key ?? null);
});
root.addEventListener("focusin", ({ target }) => rowOf(target) && charts.overlay.highlight(rowOf(target).dataset.key));
root.addEventListener("focusout", ({ target, relatedTarget }) => rowOf(target) && !(relatedTarget && rowOf(relatedTarget)) && charts.overlay.highlight(null));
part("charts").addEventListener("overlay-over", ({ detail }) => {
  root.querySelector("tr.over")?.classList.remove("over");
  if (detail.id) root.querySelector(`tr[data-key="${CSS.escape(detail.id)}"]`)?.classList.add("over");
});
part("charts").addEventListener("overlay-points", ({ detail }) => cells.hear(detail.id, detail.series));

const KEYS = {
  x: () => root.querySelector("tr.at") && selection.toggle(root.querySelector("tr.at")),
  c: () => compareLink.click(),
  "/": () => query.focus(),
  Escape: () => selection.numbers.size && selection.clear(),
};
// Before other listeners: Escape that closes a menu is not also a word to this page.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.target.closest('input:not([type="checkbox"]), textarea, select') || document.querySelector("dialog[open], details.menu[open]")) return;
  if (!KEYS[event.key]) return;
  event.preventDefault();
  KEYS[event.key]();
}, true);
tellKeys([["x", "select the run"], ["c", "compare"], ["/", "find runs"]]);
for (const name of ["rows-changed", "address-changed"]) document.addEventListener(name, showActions);
showActions();
