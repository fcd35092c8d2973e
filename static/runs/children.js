// The runs below a run: values that those which go on log, between two readings of the table.

import { Cells } from "runs/experiment/cells";
import { listen } from "studio/live";

const table = document.getElementById("run-table");
const cells = new Cells();
const heard = new Map(); // run id → what stops hearing it

/** Hear the runs that go on, and no others. */
function hearRows() {
  const live = new Set([...table.querySelectorAll("tr[data-live]")].map(({ dataset }) => dataset.key));
  for (const [id, stop] of heard) if (!live.has(id)) (stop(), heard.delete(id));
  for (const id of live) {
    if (heard.has(id)) continue;
    heard.set(id, listen(`run:${id}:metrics`, ({ event, series }) => event === "points" && cells.hear(id, series)));
  }
}

// The sideways place of a wide table outlives its renewal.
let left = 0;
document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.target === table) left = table.querySelector(".wide")?.scrollLeft ?? 0;
});
document.body.addEventListener("htmx:afterSwap", ({ detail }) => {
  if (detail.target !== table) return;
  document.dispatchEvent(new CustomEvent("rows-changed"));
  const wide = table.querySelector(".wide");
  if (wide) wide.scrollLeft = left;
  hearRows();
});
hearRows();
