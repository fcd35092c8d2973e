// Description and tags of a dataset version, changed in place; its files never change.
import { call } from "studio/api";
import { note } from "studio/notes";
import { element } from "studio/words";
import { tagsIn } from "registry/saving";

const root = document.getElementById("about");
const part = (name) => root.querySelector(`[data-${name}]`);
const form = part("form");
const error = form.querySelector(".error");

function show(isEditing) {
  form.hidden = !isEditing;
  part("shown").hidden = part("edits").hidden = isEditing;
  (isEditing ? form.elements.description : part("edits")).focus();
}

function tag([name, value]) {
  const button = element("button", { type: "button", "data-removes-tag": "", "aria-label": `Remove the tag ${name}` }, "✕");
  return element("span", { class: "tag", "data-name": name }, element("span", {}, value ? `${name}=${value}` : name), button);
}

async function change(json) {
  const { description, tags } = await call(root.dataset.api, { method: "PATCH", json });
  part("description").textContent = description || "No description.";
  part("description").classList.toggle("quiet", !description);
  part("tags").replaceChildren(...Object.entries(tags).map(tag));
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { description, tags } = form.elements;
  try {
    await change({ description: description.value, tags: tagsIn(tags.value) });
    tags.value = "";
    error.hidden = true;
    show(false);
  } catch (refusal) {
    error.textContent = refusal.message;
    error.hidden = false;
  }
});
root.addEventListener("click", async ({ target }) => {
  if (target.closest("[data-edits]")) show(true);
  else if (target.closest("[data-leaves]")) show(false);
  const removed = target.closest("[data-removes-tag]")?.closest(".tag");
  if (!removed) return;
  try {
    await change({ tags: { [removed.dataset.name]: null } });
  } catch (refusal) {
    note(refusal.message, "bad");
  }
});
form.addEventListener("keydown", ({ key }) => key === "Escape" && show(false));
// Pressed before this script was there, it would do nothing.
part("edits").disabled = false;
