// What is written on a version of a model or dataset, and its aliases, changed in place; its files never change.
import { call } from "studio/api";
import { say } from "studio/live";
import { note } from "studio/notes";
import { tagsIn } from "registry/saving";

// The card asks itself again after each change: what is in it is looked up each time.
const root = document.getElementById("about");
const { own, aliases, number, changed } = root.dataset;
const part = (name) => root.querySelector(`[data-${name}]`);

function show(isEditing) {
  part("form").hidden = !isEditing;
  part("shown").hidden = part("edits").hidden = isEditing;
  if (isEditing) return part("form").elements.description.focus();
  part("edits").focus();
  if (isBehind) say(changed);
}

async function change(json) {
  await call(own, { method: "PATCH", json });
  say(changed);
}

// Whoever writes is not interrupted: what changes meanwhile is shown when they are done.
let isBehind = false;
const isWriting = () => !part("form").hidden;

async function save(form) {
  const json = Object.fromEntries([...new FormData(form)].map(([name, text]) => [name, text.trim()]));
  for (const name of ["tags", "properties"]) if (name in json) json[name] = tagsIn(json[name]);
  const error = form.querySelector(".error");
  try {
    await call(own, { method: "PATCH", json });
    show(false);
    say(changed);
  } catch (refusal) {
    error.textContent = refusal.message;
    error.hidden = false;
  }
}

const aliasAt = (name) => `${aliases}${encodeURIComponent(name)}`;

// What was refused is said until the next attempt: it would contradict one that succeeded.
let unsay = () => {};

async function tried(act) {
  unsay();
  try {
    await act();
  } catch (refusal) {
    unsay = note(refusal.message, "bad");
  }
}

root.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  if (form.matches("[data-form]")) return save(form);
  const name = form.elements.alias.value.trim();
  await tried(async () => {
    await call(aliasAt(name), { method: "PUT", json: { version: Number(number) } });
    const { alias } = form.elements;
    if (alias.value.trim() === name) alias.value = "";
    say(changed);
  });
});
root.addEventListener("click", async ({ target }) => {
  if (target.closest("[data-edits]")) show(true);
  else if (target.closest("[data-leaves]")) show(false);
  const tag = target.closest("[data-removes-tag]")?.dataset.removesTag;
  const alias = target.closest("[data-removes-alias]")?.dataset.removesAlias;
  if (tag) await tried(() => change({ tags: { [tag]: null } }));
  if (alias)
    await tried(async () => {
      await call(aliasAt(alias), { method: "DELETE" });
      say(changed);
    });
});
root.addEventListener("keydown", ({ key, target }) => key === "Escape" && target.closest("[data-form]") && show(false));
// htmx asks for the card again: where one was in it stays, and the alias that is typed.
let focused = "";
let typed = "";
document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.target !== root) return;
  isBehind = detail.shouldSwap && isWriting();
  if (isBehind) detail.shouldSwap = false;
  typed = root.querySelector("[name=alias]")?.value ?? "";
  focused = root.contains(document.activeElement) ? document.activeElement.id || "about" : "";
});
document.body.addEventListener("htmx:afterSwap", ({ detail }) => {
  if (detail.target === root && typed) root.querySelector("[name=alias]").value = typed;
  if (detail.target === root && focused) (document.getElementById(focused === "about" ? "alias" : focused) ?? part("edits")).focus();
  if (detail.target === root && focused && root.querySelector("[data-form]").hidden && document.activeElement === document.body) part("edits").focus();
});
