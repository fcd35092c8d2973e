// The datasets that a run reads: which version, under which name, how its node comes by the files.
import { bytes, counted } from "studio/sizes";
import { element } from "studio/words";

const MODES = [["mount", "mounted"], ["download", "copied"], ["direct", "id alone"]];
const NAME = /^[A-Za-z0-9_]{1,100}$/;
const byId = (id) => document.getElementById(id);
export const ARGUMENT = "DatasetConsumptionConfig:";
const asName = (text) => text.replace(/[^A-Za-z0-9_]+/g, "_").replace(/^_+|_+$/g, "").slice(0, 100) || "data";
const option = ([value, words]) => new Option(words, value);

/**
 * The rows of the section "Data". datasets: [{ name, numbers, form, file_count, size_bytes }], newest
 * number first. onChange(): something is not what it was. onArgument(word): it shall be an argument.
 */
export class Inputs {
  constructor({ datasets, onChange, onArgument }) {
    Object.assign(this, { datasets: new Map(datasets.map((each) => [each.name, each])), onChange, onArgument, rows: [] });
    byId("add-input").addEventListener("click", () => this.add({}, true));
    byId("add-input").disabled = false;
  }

  /** As a submission has them. What stands for files without a name keeps its tree. */
  get value() {
    return this.rows.map(({ fields, given }) => {
      const name = fields.name.value.trim();
      const rest = { name, mode: fields.mode.value, path: given.path ?? "" };
      if (given.tree && !fields.dataset.value) return { ...rest, tree: given.tree };
      const chosen = fields.version.value;
      return { ...rest, dataset: fields.dataset.value.trim() + (chosen ? `:${chosen}` : "") };
    });
  }

  /** What cannot be, in words; "" when all can. */
  get problem() {
    const names = this.value.map(({ name }) => name);
    for (const { name, dataset, tree } of this.value) {
      if (!tree && !dataset) return "Choose a dataset, or remove the line.";
      if (!NAME.test(name)) return "An input's name has letters, digits and underscores only.";
      if (names.filter((other) => other === name).length > 1) return `Two inputs are named ${name}: a name stands for one.`;
    }
    return "";
  }

  /** Name a dataset that was made just now. */
  learn(dataset) {
    const before = this.datasets.get(dataset.name)?.numbers ?? [];
    this.datasets.set(dataset.name, { ...dataset, numbers: [...new Set([dataset.version, ...before])] });
    byId("datasets").append(new Option(dataset.name));
  }

  fill(given) {
    for (const each of given) this.add(each);
  }

  /** Add a line. given: { name, dataset: "name" or "name:3", mode, path, tree }. */
  add(given, isByPerson = false) {
    const [dataset, version] = (given.dataset ?? "").split(":");
    const fields = {
      dataset: element("input", { class: "field", placeholder: given.tree && !dataset ? "files without a name" : "a dataset", autocomplete: "off", spellcheck: false, value: dataset, "aria-label": "Dataset" }),
      version: element("select", { class: "field", "aria-label": "Version" }),
      name: element("input", { class: "field mono", placeholder: "its name", autocomplete: "off", spellcheck: false, value: given.name ?? "", "aria-label": "Name in the script", maxLength: 100 }),
      mode: element("select", { class: "field", "aria-label": "How the node gets it" }, ...MODES.map(option)),
    };
    fields.dataset.setAttribute("list", "datasets");
    fields.mode.value = given.mode ?? "mount";
    const words = element("p", { class: "hint" });
    const remove = element("button", { type: "button", class: "btn quiet small", "aria-label": "Remove this input" }, "✕");
    const root = element("div", { class: "input-row" }, fields.dataset, fields.version, fields.name, fields.mode, remove, words);
    const row = { fields, given, root, words, isNamed: Boolean(given.name) };
    this.rows.push(row);
    byId("inputs").append(root);
    this.#showVersions(row, version);
    fields.dataset.addEventListener("input", () => (this.#showVersions(row), this.#suggest(row)));
    fields.name.addEventListener("input", () => (row.isNamed = true));
    remove.addEventListener("click", () => {
      this.rows.splice(this.rows.indexOf(row), 1);
      root.remove();
      byId("add-input").focus();
      this.onChange();
    });
    this.#suggest(row);
    if (isByPerson) fields.dataset.focus();
    this.onChange();
  }

  #suggest(row) {
    const dataset = row.fields.dataset.value.trim();
    const found = this.datasets.get(dataset);
    if (!found) return;
    if (!row.isNamed) row.fields.name.value = asName(dataset);
    // A table is read by the SDK, which needs to know which it is; files are read from a folder.
    if (!row.given.mode) row.fields.mode.value = found.form === "tabular" ? "direct" : "mount";
  }

  #showVersions({ fields }, wanted = "") {
    const numbers = this.datasets.get(fields.dataset.value.trim())?.numbers ?? [];
    const choices = numbers.map((number, at) => [String(number), at ? `version ${number}` : `${number}, newest`]);
    // One that is not among those that are offered is taken at its word; the studio knows.
    if (wanted && !numbers.includes(Number(wanted))) choices.push([wanted, `version ${wanted}`]);
    fields.version.replaceChildren(...(choices.length ? choices : [["", "–"]]).map(option));
    if (wanted) fields.version.value = wanted;
  }

  /** Say below each line how the script gets it. words: the arguments. */
  describe(words) {
    for (const { fields, words: place } of this.rows) {
      const name = fields.name.value.trim();
      const found = this.datasets.get(fields.dataset.value.trim());
      if (!name) {
        place.replaceChildren("");
        continue;
      }
      const folder = fields.mode.value === "mount" ? "a read-only folder" : "a copy that it may change";
      const files = found ? ` of ${counted(found.file_count, "file")}, ${bytes(found.size_bytes)}` : "";
      const what = fields.mode.value === "direct" ? "its id" : `${folder}${files}`;
      const variable = element("code", {}, name);
      const parts = [`The script gets ${what}, by the variable `, variable];
      if (words.includes(ARGUMENT + name)) place.replaceChildren(...parts, " and where the arguments say ", element("code", {}, ARGUMENT + name), ".");
      else {
        const add = element("button", { type: "button", class: "link" }, "make it an argument, too");
        add.addEventListener("click", () => this.onArgument(name));
        place.replaceChildren(...parts, "; ", add, ".");
      }
    }
  }
}
