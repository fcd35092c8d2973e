// The New run page: its parts joined. Each change is shown at once; nothing is sent before Submit.
import { post } from "studio/api";
import { CodeField } from "runs/new/code-field";
import { pickCode, showCode, snapshotCode } from "runs/new/code-picker";
import { draft } from "runs/new/draft";
import { environmentField } from "runs/new/environment-field";
import { ARGUMENT, Inputs } from "runs/new/inputs";
import * as preflight from "runs/new/preflight";
import { pythonCode } from "runs/new/python-code";
import { join, split } from "runs/new/shell";
import { fillSpread, openSpread, showSpread, spread } from "runs/new/spread";
import { submission } from "runs/new/submission";
import { toDataset, without } from "runs/new/to-dataset";

const byId = (id) => document.getElementById(id);
const start = JSON.parse(byId("start").textContent);
const form = byId("new-run");
const fields = form.elements;
const kept = draft(form, `new-run:${start.api}`);

function order() {
  return {
    experiment: fields.experiment.value.trim(),
    script: fields.script.value,
    arguments: split(fields.arguments.value).words,
    environment: environment.value(),
    cluster: fields.cluster.value || null,
    inputs: inputs.value,
    // The page has no fields for them: what "Run again" brings goes along.
    output_datasets: start.past?.output_datasets ?? [],
    ...spread(fields),
  };
}

/** An argument that stands for an input is shown as what the script gets in its place. */
function shownArgument(word) {
  const input = word.startsWith(ARGUMENT) && inputs.value.find(({ name }) => ARGUMENT + name === word);
  if (!input) return word || '""';
  return `${input.mode === "direct" ? "id" : "path"} of ${input.dataset ?? "its files"}`;
}

/** Show what follows from the fields: parsed arguments, command, cluster, Python, draft. */
function refresh() {
  const { words, problem } = split(fields.arguments.value);
  byId("parsed").replaceChildren(
    ...words.map((word) => Object.assign(document.createElement("span"), { textContent: shownArgument(word) })),
  );
  preflight.showError("arguments", problem ?? "");
  preflight.showCommand(fields.script.value, join(words), problem);
  showSpread(fields);
  preflight.showCluster(fields.cluster, spread(fields).node_count);
  byId("python-code").textContent = pythonCode(order());
  preflight.showExperiment(fields.experiment);
  inputs.describe(words);
  preflight.showError("inputs", "");
  preflight.showInputs(inputs.value);
  kept.write(code.code, inputs.value);
}

/** What is picked may bring more than code: an example says how it is run. */
function setCode(picked, wantedScript) {
  if (picked?.fills) fill(picked.fills);
  code.set(picked, wantedScript ?? picked?.fills?.script);
}

/** A past run's cluster may be gone: then another one is chosen, and that is said. */
function chooseCluster(name) {
  const isThere = [...fields.cluster.options].some(({ value }) => value === name);
  if (isThere) fields.cluster.value = name;
  else preflight.showError("cluster", `${name} was deleted: choose where it runs now.`);
}

function fill({ experiment, arguments: words, environment: wanted, cluster }) {
  if (experiment && !fields.experiment.value) fields.experiment.value = experiment;
  if (words) fields.arguments.value = join(words);
  if (cluster) chooseCluster(cluster);
  if (wanted !== undefined) environment.fill(wanted?.conda || wanted?.pip ? { definition: wanted } : wanted);
}

const environment = environmentField({ form, imageUrl: start.image, onImage: preflight.showImage, onChange: refresh });
const inputs = new Inputs({
  datasets: start.datasets,
  onChange: () => refresh(),
  onArgument: (name) => {
    fields.arguments.value = `${fields.arguments.value.trimEnd()} --${name} ${ARGUMENT}${name}`.trimStart();
    refresh();
  },
});
const code = new CodeField({
  api: start.api,
  select: fields.script,
  onChange: refresh,
  toDataset: (folder) =>
    sending.during(async (options) => {
      const made = await toDataset(start.api, { code: code.code, files: code.files, folder }, options);
      inputs.learn(made);
      inputs.add({ dataset: `${made.name}:${made.version}`, name: folder.split("/").at(-1).replace(/[^A-Za-z0-9_]+/g, "_") });
      code.set(without(code.code, folder), fields.script.value);
    }),
});
const picker = pickCode({
  api: start.api,
  onCode: (picked) => setCode(picked),
  onError: (words) => (showCode(code.code, code.files), preflight.showError("code", words)),
});
const sending = submission({
  form,
  api: start.api,
  ready: () => ({ code: code.code, checked: code.checked, order: order(), problem: split(fields.arguments.value).problem, inputs: inputs.problem }),
  submit: async (snapshot, signal) => {
    const settled = await environment.settled(start.api, { signal });
    const run = await post(`${start.api}runs`, { ...order(), environment: settled, snapshot }, { signal });
    kept.clear();
    location.assign(start.runPage.replace("RUN_ID", encodeURIComponent(run.run_id)));
  },
});

form.addEventListener("input", refresh);
for (const name of preflight.FIELDS)
  fields[name].addEventListener("input", () => preflight.showError(name, ""));
byId("clear").addEventListener("click", () => {
  kept.clear();
  location.assign(location.pathname);
});

function begin() {
  const { past, example, experiment, environment: named } = start;
  const before = past || example || named || start.dataset ? null : kept.restore();
  if (experiment) fields.experiment.value = experiment;
  inputs.fill(before?.inputs ?? (start.dataset ? [{ dataset: start.dataset }] : []));
  if (past) {
    fill(past);
    fillSpread(fields, past);
    fields.keep.value = past.fault ? past.keep : "";
    inputs.fill(past.inputs);
    if (past.fault) environment.blame(past.fault);
    setCode(snapshotCode(`the code of ${past.name}`, past.snapshot, past.files), past.script);
  } else if (example) picker.useExample(example);
  else if (before?.code) setCode(snapshotCode(before.code.name, before.code.snapshot, before.code.files), before.script);
  else setCode(null);
  if (named) environment.fill({ name: named.split(":")[0], version: named.split(":")[1] });
  else if (!past) environment.changed();
  openSpread(fields);
}

begin();
// Until here a click would have gone nowhere.
for (const id of ["choose-folder", "choose-files", "use-example", "submit"]) byId(id).disabled = false;
