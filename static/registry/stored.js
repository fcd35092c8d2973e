// The store's page: a file or a folder goes after its dialog has said what that frees.
import "studio/swaps";
import { call } from "studio/api";
import { note } from "studio/notes";
import { bytes, counted } from "studio/sizes";

const byId = (id) => document.getElementById(id);
const { api, freed } = byId("store").dataset;
const [dialog, button, error] = [byId("ask-delete"), byId("do-delete"), byId("error-delete")];
let going = "";

function refused(words) {
  error.textContent = words;
  error.hidden = false;
}

/** Open the dialog; it is filled by a fragment that looks at what would be freed. */
async function ask(path) {
  going = path;
  byId("delete-title").textContent = `Delete ${path}?`;
  byId("freed").textContent = "Looking at what that frees…";
  error.hidden = true;
  button.disabled = true;
  dialog.showModal();
  const reply = await fetch(`${freed}?path=${encodeURIComponent(path)}`, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (going !== path || !dialog.open) return;
  if (!reply?.ok) {
    byId("freed").replaceChildren();
    return refused(reply ? await reply.text() : "The studio cannot be reached.");
  }
  byId("freed").innerHTML = await reply.text();
  button.disabled = false;
}

async function remove() {
  button.disabled = true;
  const words = going;
  try {
    const path = going.split("/").map(encodeURIComponent).join("/");
    const gone = await call(`${api}/${path}`, { method: "DELETE" });
    const free = gone.freed_bytes ? ` ${bytes(gone.freed_bytes)} are free soon.` : "";
    note(`${words} was deleted: ${counted(gone.removed, "file")}.${free}`, "good");
    dialog.close();
  } catch (problem) {
    button.disabled = false;
    refused(problem.message);
  }
}

document.addEventListener("click", ({ target }) => {
  const path = target.closest("[data-removes]")?.dataset.removes;
  if (path) ask(path);
});
button.addEventListener("click", remove);
