// The page of a run: it is deleted from here, or by somebody else while it is looked at.

import { call, get } from "studio/api";
import { noteNext } from "studio/notes";
import { count, element } from "studio/words";
import { Removal, freed } from "runs/removal/dialog";

const page = document.querySelector(".run-page");
const { api, name, experiment, experimentPage } = page.dataset;
const dialog = document.getElementById("delete-run");
const removal = new Removal(dialog);
let isMine = false;

async function remove(told) {
  isMine = true;
  try {
    await call(api.replace(/\/$/, ""), { method: "DELETE" });
  } catch (error) {
    isMine = false;
    throw error;
  }
  noteNext(`Run ${name} is deleted.${freed(told)}`);
  location.assign(experimentPage);
}

/** Nothing of it can be asked for any more: instead of the page stands what became of it. */
export function gone(words) {
  if (isMine || !page.isConnected) return;
  const title = element("h2", {}, words);
  const link = element("a", { class: "btn main", href: experimentPage }, `Runs of ${experiment}`);
  const said = element("p", {}, "Its logs, metrics and files go with it. Models and datasets that were made of them stay.");
  for (const open of document.querySelectorAll("dialog[open]")) open.close();
  document.title = `${words} · Trainyard`;
  page.replaceWith(element("div", { class: "empty", role: "status" }, title, said, element("div", { class: "go" }, link)));
}

document.addEventListener("open-dialog", ({ detail }) => {
  if (detail !== "delete-run") return;
  const look = () => get(`${api}removal`);
  removal.ask({ title: `Delete ${name}?`, button: "Delete run", isWhole: true, look, act: remove });
});
// What the page shows of the run is on its way out: nobody asks for it any more.
document.body.addEventListener("htmx:beforeRequest", (event) => isMine && event.preventDefault());
document.body.addEventListener("run-removing", ({ detail: { done, of } }) => {
  if (isMine) removal.progress(done, of, `${count(done)} of ${count(of)} parts of it are gone.`);
  else gone(`${name} is being deleted`);
});
document.body.addEventListener("run-removed", () => gone(`${name} was deleted`));
// Who was away meanwhile hears of it from the page's own question.
document.body.addEventListener("htmx:afterSwap", ({ target }) => target.querySelector?.("[data-gone]") && gone(`${name} was deleted`));
