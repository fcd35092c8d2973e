// The pages of a model and of its versions: archive, restore, delete.
import "studio/swaps";
import { call } from "studio/api";
import { say } from "studio/live";
import { note, noteNext } from "studio/notes";
import { bytes } from "studio/sizes";

const { api, number, afterDelete } = document.querySelector("[data-model]").dataset;
const own = number ? `${api}/versions/${number}` : api;

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
  async delete() {
    isLeaving = true;
    const gone = await call(own, { method: "DELETE" });
    const freed = gone.freed_bytes ? ` ${bytes(gone.freed_bytes)} are free soon.` : "";
    noteNext(`${gone.deleted.join(", ")} ${gone.deleted.length === 1 ? "is" : "are"} deleted.${freed}`);
    location.assign(afterDelete);
  },
};

document.addEventListener("click", async ({ target }) => {
  if (target.closest("[data-asks-freed]")) say("ask-freed");
  const button = target.closest("[data-act]");
  if (!button || button.disabled) return;
  button.disabled = true;
  try {
    await ACTS[button.dataset.act]();
  } catch (error) {
    isLeaving = false;
    button.closest("dialog")?.close();
    note(error.message, "bad");
    button.disabled = false;
  }
});
