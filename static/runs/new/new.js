// The New run page: its parts joined. Each change is shown at once; nothing is sent before Submit.
import { post } from "studio/api";
import { checkCode, readAhead, scriptsOf } from "runs/new/code-check";
import { pickCode, showCode, snapshotCode } from "runs/new/code-picker";
import { draft } from "runs/new/draft";
import { environmentField } from "runs/new/environment-field";
import * as preflight from "runs/new/preflight";
import { pythonCode } from "runs/new/python-code";
import { join, split } from "runs/new/shell";
import { fillSpread, openSpread, showSpread, spread } from "runs/new/spread";
import { submission } from "runs/new/submission";

const byId = (id) => document.getElementById(id);
const start = JSON.parse(byId("start").textContent);
const form = byId("new-run");
const fields = form.elements;
const kept = draft(form, `new-run:${start.api}`);
let code = null;
let checked = null; // { kept, problem } once the studio has looked at the code's listing
let checking = new AbortController();

function order() {
  return {
    experiment: fields.experiment.value.trim(),
    script: fields.script.value,
    arguments: split(fields.arguments.value).words,
    environment: environment.value(),
    cluster: fields.cluster.value || null,
    ...spread(fields),
  };
}

/** Show what follows from the fields: parsed arguments, command, cluster, Python, draft. */
function refresh() {
  const { words, problem } = split(fields.arguments.value);
  byId("parsed").replaceChildren(
    ...words.map((word) => Object.assign(document.createElement("span"), { textContent: word || '""' })),
  );
  preflight.showError("arguments", problem ?? "");
  preflight.showCommand(fields.script.value, join(words), problem);
  showSpread(fields);
  preflight.showCluster(fields.cluster, spread(fields).node_count);
  byId("python-code").textContent = pythonCode(order());
  kept.write(code);
}

function showScripts(wanted) {
  const scripts = scriptsOf(checked?.kept ?? code?.files ?? []);
  const chosen = [wanted, fields.script.value, scripts[0]].find((path) => path && scripts.includes(path));
  const none = code ? "there is no .py file in the code" : "the code comes first";
  const choices = scripts.length ? scripts.map((path) => new Option(path, path)) : [new Option(none, "")];
  fields.script.replaceChildren(...choices);
  fields.script.disabled = !scripts.length;
  if (chosen) fields.script.value = chosen;
}

async function setCode(picked, wantedScript) {
  code = picked;
  checked = null;
  showCode(code);
  preflight.showError("code", "");
  preflight.showLargest([]);
  if (code?.fills) fill(code.fills);
  showScripts(wantedScript ?? code?.fills?.script);
  refresh();
  checking.abort();
  checking = new AbortController();
  const { signal } = checking;
  if (!code) return preflight.check("code", "open", "none yet");
  preflight.check("code", "open", "looking…");
  try {
    checked = await checkCode(start.api, code, { signal });
    showScripts(wantedScript);
    refresh();
    preflight.check("code", checked.problem ? "bad" : "good", checked.words);
    preflight.showLargest(checked.largest);
    preflight.showError("code", checked.problem ?? "");
    const more = checked.problem ? null : await readAhead(start.api, code, checked.kept, { signal });
    if (more) preflight.check("code", "good", more);
  } catch (error) {
    if (error.name === "AbortError") return;
    preflight.check("code", "bad", "cannot be sent as it is");
    preflight.showError("code", error.message);
  }
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
const picker = pickCode({
  api: start.api,
  onCode: (picked) => setCode(picked),
  onError: (words) => (showCode(code), preflight.showError("code", words)),
});
submission({
  form,
  api: start.api,
  ready: () => ({ code, checked, order: order(), problem: split(fields.arguments.value).problem }),
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
  const before = past || example || named ? null : kept.restore();
  if (experiment) fields.experiment.value = experiment;
  if (past) {
    fill(past);
    fillSpread(fields, past);
    fields.keep.value = past.fault ? past.keep : "";
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
