// The page that makes an environment version: its parts joined. Nothing is kept before Save.
import { Editor } from "studio/editor";
import { checker } from "registry/check";
import { definitionOf, fieldsOf, lacking, written } from "registry/definition";
import { draft } from "registry/draft";
import { naming } from "registry/naming";
import { readFiles } from "registry/read-file";
import { saving } from "registry/saving";
import { Variables } from "registry/variables";

const byId = (id) => document.getElementById(id);
const start = JSON.parse(byId("start").textContent);
const form = byId("environment");
const names = ["conda", "pip", "list-conda", "list-pip", "dockerfile"];
const editors = Object.fromEntries(names.map((name) => [name, new Editor(byId(name).closest(".editor"))]));
const variables = new Variables(byId("variables"));
const kept = draft(form, `environment:${start.key}`, variables);
let others = {}; // keys of the definition that the form has no field for
let fault = start.fault; // why the last build failed, until what is at fault was changed

const values = () => Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]));
const definition = () => definitionOf(values(), variables.value, others);
const ask = checker({ api: start.api, onProblem: showProblem });

/** The editor that holds the text of the kind that is chosen; null for an image's name. */
const editor = () => editors[form.elements.kind.value] ?? null;

/** The editor and line that an answer speaks of: an entry of a list is a line that holds something. */
function placeOf({ problem, line }) {
  if (form.elements.kind.value !== "lists") return [editor(), line];
  const [, list, entry] = /^(conda|pip), entry (\d+)/.exec(problem) ?? [];
  if (!list) return [null, null];
  const at = editors[`list-${list}`];
  return [at, written(at.value)[entry - 1]?.number];
}

function showProblem(answer) {
  const place = byId("error-definition");
  place.textContent = answer?.problem ?? "";
  place.hidden = !answer;
  for (const each of Object.values(editors)) {
    each.mark([]);
    each.area.removeAttribute("aria-invalid");
  }
  if (!answer && fault) return blame();
  const [at, line] = answer ? placeOf(answer) : [null, null];
  if (answer) at?.area.setAttribute("aria-invalid", "true");
  if (line) at.mark([line], answer.problem);
}

/** Mark what the last build failed on. */
function blame() {
  for (const [name, lines] of Object.entries(fault.lines)) editors[name].mark(lines, fault.message);
}

/** Show the parts of the form that the chosen kind has. */
function arrange() {
  const { kind, base } = values();
  const isOwnImage = kind === "image" || kind === "dockerfile";
  for (const part of form.querySelectorAll("[data-kinds]")) {
    part.hidden = !part.dataset.kinds.split(" ").includes(kind);
  }
  // What brings its own image can be built by Docker alone.
  const needsDocker = isOwnImage || base === "dockerfile";
  form.elements.built.options[0].disabled = needsDocker;
  if (needsDocker) form.elements.built.value = "docker";
  byId("base-part").hidden = isOwnImage;
  byId("image-part").hidden = isOwnImage ? kind !== "image" : base !== "image";
  byId("dockerfile-part").hidden = isOwnImage ? kind !== "dockerfile" : base !== "dockerfile";
  for (const each of Object.values(editors)) each.draw();
}

function changed() {
  arrange();
  const wanted = definition();
  ask(wanted, lacking(wanted));
  kept.write();
}

const blamedTexts = () =>
  Object.entries(fault.lines).map(([name, lines]) => {
    const texts = editors[name].value.split("\n");
    return lines.map((line) => texts[line - 1]);
  });

/** A fault is shown until one of its lines was changed: then it is no longer true. */
function forgive() {
  if (fault && JSON.stringify(blamedTexts()) !== fault.texts) fault = null;
}

function fill(fields) {
  for (const [name, value] of Object.entries(fields)) {
    if (editors[name]) editors[name].value = value;
    else if (form.elements[name]) form.elements[name].value = value;
  }
}

function begin() {
  // A new one begins empty, as the page came: what was typed before this script ran stays.
  if (start.definition) {
    const from = fieldsOf(start.definition);
    others = from.kept;
    fill({ ...from.fields, name: start.name, description: start.description, tags: start.tags, built: start.built });
    variables.show(from.variables);
  }
  const before = kept.read();
  if (before) {
    fill(before.fields);
    variables.show(before.variables);
  }
  if (fault) fault.texts = JSON.stringify(blamedTexts());
  changed();
  name.ask();
  for (const [name, [line]] of Object.entries(fault?.lines ?? {})) if (line) editors[name].focus(line);
}

form.addEventListener("input", () => (forgive(), changed()));
byId("clear").addEventListener("click", () => (kept.clear(), location.reload()));
readFiles({
  editors,
  chosen: () => form.elements.kind.value,
  onText: (kind, text) => {
    form.elements.kind.value = kind;
    editors[kind].value = text;
    changed();
  },
});
const name = naming({ field: form.elements.name, hint: byId("name-hint"), url: start.named });
begin();
saving({ form, start, name, definition, saved: kept.clear });
for (const id of ["save", "save-and-build"]) byId(id).disabled = false;
