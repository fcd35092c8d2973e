// Description and tags of a version, changed in place; what it holds never changes.
import { call } from "studio/api";
import { note } from "studio/notes";
import { say } from "studio/live";
import { tagsIn } from "registry/saving";

const { api, number } = document.querySelector("[data-version]").dataset;
const root = document.getElementById("about");
const part = (name) => root.querySelector(`[data-${name}]`);
const form = part("form");
const error = form?.querySelector(".error");

function show(isEditing) {
  form.hidden = !isEditing;
  part("shown").hidden = part("edits").hidden = isEditing;
  if (isEditing) form.elements.description.focus();
  else part("edits").focus();
}

function tag(name, value) {
  const made = document.createElement("span");
  made.className = "tag";
  made.dataset.name = name;
  const button = document.createElement("button");
  Object.assign(button, { type: "button", textContent: "✕", ariaLabel: `Remove the tag ${name}` });
  button.dataset.removesTag = "";
  const words = document.createElement("span");
  words.textContent = value ? `${name}=${value}` : name;
  made.append(words, button);
  return made;
}

async function change(json) {
  const version = await call(`${api}/versions/${number}`, { method: "PATCH", json });
  const said = part("description");
  said.textContent = version.description || "No description.";
  said.classList.toggle("quiet", !version.description);
  part("shown").querySelector(".tags").replaceChildren(...Object.entries(version.tags).map(([name, value]) => tag(name, value)));
  say("environments-changed"); // the head shows the tags as well
}

form?.addEventListener("submit", async (event) => {
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
// Pressed before this script was there, it would do nothing.
if (form) part("edits").disabled = false;
form?.addEventListener("keydown", ({ key }) => key === "Escape" && show(false));
