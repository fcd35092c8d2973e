// The pages of a dataset and of its versions: archive, restore, delete.
import "studio/swaps";
import { call } from "studio/api";
import { say } from "studio/live";
import { note, noteNext } from "studio/notes";

const { api, number, list } = document.querySelector("[data-dataset]").dataset;
const byId = (id) => document.getElementById(id);

// What is being deleted is not asked for again: the lists' event may come before the page is left.
let isLeaving = false;
document.body.addEventListener("htmx:beforeRequest", (event) => isLeaving && event.preventDefault());

async function archive(archived) {
  await call(api, { method: "PATCH", json: { archived } });
  noteNext(archived ? "Archived. Restore is in the menu of this page." : "It is in the lists again.");
  location.reload();
}

const ACTS = {
  archive: () => archive(true),
  restore: () => archive(false),
  "ask-delete": () => {
    byId("error-delete").hidden = true;
    byId("ask-delete").showModal();
    say("open-delete"); // the fragment that says what it would free is asked for only now
  },
  async delete() {
    isLeaving = true;
    try {
      await call(number ? `${api}/${number}` : `${api}?forever=1`, { method: "DELETE" });
    } catch (error) {
      isLeaving = false;
      byId("error-delete").textContent = error.message;
      byId("error-delete").hidden = false;
      return;
    }
    noteNext(`${document.querySelector("h1").title} was deleted.`);
    location.assign(list);
  },
};

document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-act]");
  if (!button || button.disabled) return;
  button.closest("details.menu")?.removeAttribute("open");
  button.disabled = true;
  try {
    await ACTS[button.dataset.act]();
  } catch (error) {
    button.closest("dialog")?.close();
    note(error.message, "bad");
  } finally {
    button.disabled = false;
  }
});
