// The head of a run's page: its title in the browser's tab, its main metric, its dialogs.

import "studio/swaps";
import { listen, say } from "studio/live";
import { count, value } from "studio/words";

const MARKS = { Running: "●", Completed: "✓", Failed: "✕", Canceled: "⊘" };
const ODD = new Set(["NaN", "Infinity", "-Infinity"]);
const ENDED = ["Completed", "Failed", "Canceled"];
const head = document.getElementById("run-head");
const { topic } = head.dataset;
let before = null;

function retitle() {
  const shown = head.querySelector("[data-state]");
  if (!shown) return; // the run was deleted
  const { title, state } = shown.dataset;
  document.title = `${MARKS[state] ?? "○"} ${title} · ${state} · Trainyard`;
  if (before && state !== before && ENDED.includes(state)) say("run-ended");
  before = state;
}

/** The number in the head follows the run without asking for the head again. */
function hear({ event, series }) {
  if (event !== "points" || document.hidden) return;
  const shown = head.querySelector("[data-main-metric]");
  if (isNews(shown, series)) return say("run-changed");
  const points = series[shown?.dataset.mainMetric];
  if (!points?.steps.length) return;
  shown.querySelector("b").textContent = value(Number(points.values.at(-1)));
  shown.querySelector("span").textContent = count(points.steps.at(-1));
}

/** Whether the first number has come, or the first that is none: the head then says which. */
function isNews(shown, series) {
  const numbers = Object.values(series).filter(({ kind }) => kind !== "text" && kind !== "json");
  if (!shown) return numbers.length > 0;
  if (head.querySelector("[data-odd]")) return false;
  return numbers.some(({ values }) => values.some((one) => ODD.has(one)));
}

let wanted = ""; // the file or folder that "Register…" was pressed at
document.addEventListener("open-dialog", ({ detail }) => {
  const form = document.getElementById("register-form");
  if (detail !== "register-model") return;
  if (wanted) form.setAttribute("hx-vals", JSON.stringify({ path: wanted }));
  else form.removeAttribute("hx-vals");
  wanted = "";
  form.dispatchEvent(new Event("fetch-form"));
});
document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-dismiss]")) target.closest("dialog").close();
  wanted = target.closest("[data-registers]")?.dataset.registers ?? "";
  if (wanted) document.dispatchEvent(new CustomEvent("open-dialog", { detail: "register-model" }));
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
let isNew = true;
// A metric may have become NaN while the page was not told of its points.
listen(`${topic}:metrics`, hear, () => (isNew ? (isNew = false) : say("run-changed")));
