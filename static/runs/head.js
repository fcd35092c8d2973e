// The head of a run's page: its title in the browser's tab, its main metric, its dialogs.

import { listen, say } from "studio/live";
import { count, value } from "studio/words";

const MARKS = { Running: "●", Completed: "✓", Failed: "✕", Canceled: "⊘" };
const ENDED = ["Completed", "Failed", "Canceled"];
const head = document.getElementById("run-head");
const { topic } = head.dataset;
let before = null;

function retitle() {
  const { title, state } = head.querySelector("[data-state]").dataset;
  document.title = `${MARKS[state] ?? "○"} ${title} · ${state} · Trainyard`;
  if (before && state !== before && ENDED.includes(state)) say("run-ended");
  before = state;
}

/** The number in the head follows the run without asking for the head again. */
function hear({ event, series }) {
  const shown = head.querySelector("[data-main-metric]");
  const points = event === "points" ? series[shown?.dataset.mainMetric] : null;
  if (!points?.steps.length || document.hidden) return;
  shown.querySelector("b").textContent = value(Number(points.values.at(-1)));
  shown.querySelector("span").textContent = count(points.steps.at(-1));
}

document.addEventListener("open-dialog", ({ detail }) => {
  const form = document.getElementById("register-form");
  if (detail === "register-model") form.dispatchEvent(new Event("fetch-form"));
});
document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-dismiss]")) target.closest("dialog").close();
});
document.body.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (detail.successful) detail.elt.closest("dialog[data-closes]")?.close();
});
document.body.addEventListener("htmx:afterSwap", ({ detail }) => {
  if (detail.target === head) retitle();
  else if (detail.target.id === "register-form") {
    detail.target.querySelector("[autofocus], a, button")?.focus();
  }
});
retitle();
listen(`${topic}:metrics`, hear);
