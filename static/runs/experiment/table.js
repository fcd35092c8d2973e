// The table of runs: asked for again when a run changed or the address did, and merged into the page.

import { AWAY } from "studio/api";
import { note } from "studio/notes";
import { released } from "studio/pressed";
import { go, renewed } from "runs/experiment/address";
import { merge, remember } from "runs/experiment/merge";

// Runs that change in a burst make one request in so long.
const GAP_MS = 1000;
// A browser drops what is on its way when a network of the machine comes or goes: asked once more.
const TRIES = 3;

let going = null;
let isBehind = false;
let isResting = false;
let timer = 0;
let last = 0;

/** What the page's scripts are told of the rows: `told` of runs/views/experiment_rows.py. */
export const told = () => JSON.parse(document.getElementById("told").textContent);

async function fragment(signal, tries = TRIES) {
  try {
    return await fetch(location.href, { headers: { "HX-Request": "true" }, signal, credentials: "same-origin" });
  } catch (error) {
    if (error.name === "AbortError" || tries === 1) throw error;
    await new Promise((resolve) => setTimeout(resolve, GAP_MS / 2));
    return fragment(signal, tries - 1);
  }
}

/** Ask now; what is on its way is of another address, or older. */
export async function refresh() {
  clearTimeout(timer);
  timer = 0;
  isBehind = false;
  going?.abort();
  const own = (going = new AbortController());
  last = Date.now();
  document.getElementById("run-table").setAttribute("aria-busy", "true");
  try {
    const reply = await fragment(own.signal);
    if (new URL(reply.url).pathname !== location.pathname) return location.reload(); // signed out
    if (!reply.ok) throw new Error(await reply.text());
    const text = await reply.text();
    await released(document.getElementById("run-table"));
    if (own.signal.aborted) return;
    merge(text);
  } catch (error) {
    // The socket's return asks again.
    if (error.name !== "AbortError") note(error instanceof TypeError ? AWAY : error.message.slice(0, 300), "bad");
    return;
  } finally {
    if (going === own) {
      going = null;
      document.getElementById("run-table").removeAttribute("aria-busy");
    }
  }
  document.dispatchEvent(new CustomEvent("rows-changed"));
}

/** Ask no more, for the experiment is being deleted; or again, for it was not. */
export function rest(isAtRest) {
  isResting = isAtRest;
}

/** Ask soon: something changed in the studio. */
function soon() {
  if (isResting) return;
  if (document.hidden) return void (isBehind = true);
  timer ||= setTimeout(() => {
    timer = 0;
    if (going) soon();
    else if (!isResting) refresh();
  }, Math.max(0, last + GAP_MS - Date.now()));
}

/** Begin: links of the table change it in place, what is told makes it ask. */
export function start() {
  remember();
  for (const name of ["run-changed", "live-open"]) document.body.addEventListener(name, soon);
  document.addEventListener("visibilitychange", () => isBehind && soon());
  document.addEventListener("address-changed", ({ detail }) => detail.isForTable && refresh());
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-go]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    go(renewed(link.href));
  });
}
