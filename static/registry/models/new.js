// Register a model: from files of this computer, or from another version under a new name.
import { post } from "studio/api";
import { bytes, counted } from "studio/sizes";
import { pathProblem } from "studio/upload/paths";
import { TreeView } from "studio/upload/tree-view";
import { upload } from "studio/upload/upload";
import { listed, walk } from "studio/upload/walk";
import { tagsIn } from "registry/saving";

const start = JSON.parse(document.getElementById("start").textContent);
const byId = (id) => document.getElementById(id);
const form = byId("new-model");
const make = byId("make");
let files = [];
let sending = null;

function showError(name, words) {
  const place = byId(`error-${name}`);
  place.textContent = words;
  place.hidden = !words;
}

function tellName() {
  const name = form.elements.name.value.trim();
  const next = (start.newest[name] ?? 0) + 1;
  byId("name-hint").textContent = name ? `It becomes ${name}:${next}.` : "Letters, numbers, - . and _";
}

function ready() {
  make.disabled = Boolean(sending) || (!start.source && !files.length);
}

function take(found) {
  const problem = found.length ? pathProblem(found) : "There is no file in it.";
  showError("files", problem);
  files = problem ? [] : found;
  const size = files.reduce((sum, each) => sum + each.size, 0);
  if (files.length) byId("drop-words").textContent = `${counted(files.length, "file")}, ${bytes(size)}. Drop others to take those instead.`;
  tree.show(files);
  ready();
}

let tree = null;
function wireFiles() {
  tree = new TreeView(byId("tree"));
  const drop = byId("drop");
  for (const kind of ["folder", "files"]) {
    byId(`choose-${kind}`).addEventListener("click", () => byId(kind).click());
    byId(kind).addEventListener("change", ({ target }) => target.files.length && take(listed(target.files)));
  }
  drop.addEventListener("dragover", (event) => (event.preventDefault(), drop.classList.add("over")));
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", async (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    try {
      take(await walk(event.dataTransfer.items));
    } catch (error) {
      showError("files", error.message);
    }
  });
}

function progress({ sent, total, words }) {
  const bar = byId("sending");
  bar.querySelector("progress").value = total ? sent / total : 1;
  bar.querySelector("[role=status]").textContent = `${words} · ${bytes(sent)} of ${bytes(total)}`;
}

async function content() {
  if (start.source) return { copy_of: start.source };
  byId("sending").hidden = false;
  const { signal } = sending;
  return { files: await upload(start.api, files, { signal, onProgress: progress, onFile: (each, change) => tree.tell(each, change) }) };
}

async function register() {
  for (const place of ["top", "name", "description", "tags"]) showError(place, "");
  const { name, description, tags, framework, framework_version: version } = form.elements;
  if (!name.value.trim()) {
    showError("name", "Give it a name: people and scripts ask for it by that.");
    return name.focus();
  }
  sending = new AbortController();
  ready();
  try {
    const words = { name: name.value.trim(), description: description.value, tags: tagsIn(tags.value), framework: framework.value.trim(), framework_version: version.value.trim() };
    const made = await post(`${start.api}models`, { ...words, ...(await content()) });
    location.assign(start.page.replace("NAME", encodeURIComponent(made.name)).replace("NUMBER", made.version));
  } catch (error) {
    if (error.name !== "AbortError") {
      const blamed = Object.keys(error.fields ?? {}).find((field) => ["name", "description", "tags"].includes(field));
      showError(blamed ?? "top", error.message);
    }
    byId("sending").hidden = true;
    sending = null;
    ready();
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!make.disabled) register();
});
byId("stop-sending").addEventListener("click", () => sending?.abort());
form.elements.name.addEventListener("input", tellName);
if (!start.source) wireFiles();
tellName();
ready();
