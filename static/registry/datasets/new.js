// The page that makes a dataset version: its parts joined. Nothing is sent before Make it.
import { bytes, counted } from "studio/sizes";
import { TreeView } from "studio/upload/tree-view";
import { draft } from "registry/draft";
import { tagsIn } from "registry/saving";
import { urlsIn } from "registry/datasets/fetched";
import { Here, total } from "registry/datasets/here";
import { check, making, showError } from "registry/datasets/making";
import { naming } from "registry/datasets/name";
import { pythonCode } from "registry/datasets/python-code";
import { patternsIn, storePicker } from "registry/datasets/stored";

const byId = (id) => document.getElementById(id);
const start = JSON.parse(byId("start").textContent);
const form = byId("new-dataset");
const fields = form.elements;
const kept = draft(form, `dataset:${start.api}${start.source?.id ?? ""}`, { value: null });

let inStore = null; // { tree, file_count, size_bytes } of the patterns

const fetchedTree = new TreeView(byId("fetched"));

/** What the fields say, besides what they do not show of the version that this one follows: columns of paths, types, steps. */
const reading = () => {
  const before = start.source?.form === fields.form.value ? start.source.reading : {};
  const { partition_format } = before;
  if (fields.form.value !== "tabular") return partition_format ? { partition_format } : {};
  const format = fields.format.value;
  const said = format !== "delimited" ? { format } : { format, separator: fields.separator.value, header: Boolean(fields.header.value) };
  return before.format === format ? { ...before, ...said } : said;
};

function showCheckOfFiles(way) {
  const { files } = here;
  if (way === "here") return check("files", files.length ? "good" : "open", files.length ? `${counted(files.length, "file")}, ${bytes(total(files))}` : "none yet");
  const { urls } = urlsIn(fields.urls.value);
  if (way === "urls") check("files", urls.length ? "good" : "open", urls.length ? `${counted(urls.length, "URL")}` : "none yet");
  else check("files", inStore ? "good" : "open", inStore ? `${counted(inStore.file_count, "file")}, ${bytes(inStore.size_bytes)}` : "none yet");
  check("send", "good", way === "urls" ? "nothing: the studio fetches them" : "nothing: they are here");
}

function refresh() {
  const way = fields.way.value;
  for (const part of form.querySelectorAll("[data-way]")) part.hidden = part.dataset.way !== way;
  for (const part of form.querySelectorAll("[data-form-of]")) part.hidden = part.dataset.formOf !== fields.form.value;
  for (const part of form.querySelectorAll("[data-delimited]")) part.hidden = fields.format.value !== "delimited";
  showCheckOfFiles(way);
  const folder = here.name || fields.name.value.trim() || "images";
  byId("python-code").textContent = pythonCode({
    way, folder, urls: urlsIn(fields.urls.value).urls, patterns: patternsIn(fields.patterns.value), form: fields.form.value,
    reading: reading(), name: fields.name.value.trim(), description: fields.description.value, isNew: !name.newest(),
  });
  kept.write();
}

function sources(way) {
  if (way === "urls") return urlsIn(fields.urls.value).urls;
  if (way === "store") return patternsIn(fields.patterns.value).map((path) => `('workspaceblobstore', '${path}')`);
  return start.source && here.files.some(({ isThere }) => isThere) ? ["upload", start.source.id] : ["upload"];
}

function ready() {
  const way = fields.way.value;
  const wanted = urlsIn(fields.urls.value);
  const none = { here: !here.files.length && "Drop a folder, files or a zip, or choose them.", urls: !wanted.urls.length && "Name at least one URL.", store: !inStore && "Name paths in the store." }[way];
  const problem = none || (way === "here" && here.problem);
  const lacks = [];
  if (problem) lacks.push(["files", byId("error-files").textContent || problem]);
  if (!fields.name.value.trim()) lacks.push(["name", "Give it a name: runs choose it by that."]);
  const words = { name: fields.name.value.trim(), description: fields.description.value, tags: tagsIn(fields.tags.value), form: fields.form.value, reading: reading(), source: sources(way) };
  return { lacks, asked: { way, files: here.files, wanted, tree: inStore?.tree, words, newest: name.newest() } };
}

const name = naming({
  field: fields.name,
  url: start.named,
  onWords: (mark, words, problem) => (check("name", mark, words), showError("name", problem), refresh()),
});
const here = new Here(start.api, () => {
  if (!fields.name.value && here.name) (fields.name.value = here.name), name.ask();
  refresh();
});
const store = storePicker({ api: start.api, field: fields.patterns, onFound: (found, problem) => ((inStore = found), showError("files", problem), refresh()) });
making({
  form, api: start.api, ready,
  begun: () => here.ahead.abort(),
  views: { tell: (each, change) => here.tree.tell(each, change), showFetched: (found) => fetchedTree.show(found) },
  made: (version) => {
    kept.clear();
    location.assign(start.page.replace("NAME", encodeURIComponent(version.name)).replace("NUMBER", version.version));
  },
});

function fill(from) {
  for (const [field, value] of Object.entries(from)) if (fields[field] && value !== undefined) fields[field].value = value;
}

function begin() {
  const { source } = start;
  if (source) {
    const { format, separator, header } = source.reading;
    const tags = Object.entries(source.tags).map(([key, value]) => (value ? `${key}=${value}` : key)).join(", ");
    fill({ form: source.form, description: source.description, tags, format, separator, header: header === false ? "" : "1" });
  }
  fill(kept.read()?.fields ?? {});
  if (start.name) fields.name.value = start.name;
  if (["here", "urls", "store"].includes(start.way)) fields.way.value = start.way;
  if (source) here.begin(start.name, source.number).catch((error) => showError("top", error.message));
  name.ask();
  refresh();
  if (fields.way.value === "store") store.open();
}

form.addEventListener("input", refresh);
for (const each of form.querySelectorAll("[name=way]"))
  each.addEventListener("change", () => (showError("files", ""), each.value === "store" ? store.open() : here.look()));
for (const each of ["name", "description", "tags"]) fields[each].addEventListener("input", () => showError(each, ""));
byId("clear").addEventListener("click", () => (kept.clear(), location.reload()));
begin();
byId("make").disabled = false;
