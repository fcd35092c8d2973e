// "Before it runs": a line for each part, each a mark and words; and errors beside their fields.
import { bytes, counted } from "studio/sizes";

const MARKS = { good: ["✓", ""], warn: ["!", "w"], bad: ["✕", "x"], open: ["○", "o"] };
const IMAGE = { ready: "good", building: "warn", new: "warn", failed: "warn", wrong: "bad", unknown: "warn" };
// Names the API may blame → the field of this page that shows it.
const SHOWN_AT = { snapshot: "code", files: "code", sha256: "code", conda: "environment", pip: "environment", python: "environment", variables: "environment", definition: "environment", name: "environment", version: "environment", max_run_duration_seconds: "limit" };
/** Fields whose error is about what stood there before. */
export const FIELDS = ["experiment", "script", "cluster", "node_count", "process_count_per_node", "distribution", "parameter_server_count", "max_retries", "limit"];
const byId = (id) => document.getElementById(id);

export function check(name, mark, words) {
  const row = byId(`check-${name}`);
  const [sign, kind] = MARKS[mark];
  row.querySelector("i").textContent = sign;
  row.querySelector("i").className = kind;
  row.querySelector("span").textContent = words;
}

/** inputs: as a submission has them. */
export function showInputs(inputs) {
  const names = inputs.map(({ name, dataset }) => (dataset ? `${dataset} as ${name}` : name)).filter(Boolean);
  check("inputs", names.length ? "good" : "open", names.join(", ") || "none: the code alone");
}

/** field: the experiment's, whose list has the names there are with the number of their runs. */
export function showExperiment(field) {
  const name = field.value.trim();
  if (!name) return check("experiment", "open", "none yet: give it a name");
  const known = [...field.list.options].find(({ value }) => value === name);
  const runs = Number(known?.dataset.runs ?? 0);
  check("experiment", "good", known ? `${name}, which has ${counted(runs, "run")}` : `${name}, made with this run where it is new`);
}

export function showImage({ state, words }) {
  check("image", IMAGE[state] ?? "warn", words);
  showError("environment", state === "wrong" ? words : "");
}

/** nodes: how many are wanted, all at once. */
export function showCluster(select, nodes) {
  const option = select.selectedOptions[0];
  if (!option?.value && nodes > 1) return check("cluster", "warn", "cpu-cluster is made on this machine");
  if (!option?.value) return check("cluster", "good", "cpu-cluster is made on this machine");
  const [busy, idle, most, waiting, fits] = ["busy", "idle", "most", "waiting", "fits"].map((name) => Number(option.dataset[name]));
  const [mark, words] = clusterWords({ busy, idle, most, waiting, fits, nodes });
  check("cluster", mark, words);
}

function clusterWords({ busy, idle, most, waiting, fits, nodes }) {
  if (!(nodes >= 1)) return ["open", "say how many nodes"];
  if (!most) return ["bad", "it may have no node: choose another, or resize it"];
  if (nodes > most) return ["bad", `${nodes} nodes are more than the ${most} it may have: ask for fewer, or resize it`];
  const several = nodes > 1 ? `until ${nodes} nodes are free` : "for a node";
  if (waiting) return ["warn", `waits ${several}, behind ${counted(waiting, "other run")}`];
  if (busy + nodes > most) return ["warn", `${busy} of ${counted(most, "node")} ${busy === 1 ? "is" : "are"} busy: waits ${several}`];
  if (nodes > fits) return ["warn", `other clusters hold the machine: waits ${several}`];
  if (nodes > 1) return ["good", `starts at once, on ${nodes} nodes`];
  return ["good", idle ? "starts at once, on an idle node" : "starts at once; a node comes up"];
}

export function showCommand(script, line, problem) {
  if (problem) check("command", "bad", problem);
  else check("command", script ? "good" : "open", script ? `python ${script} ${line}`.trim() : "");
}

/** Show `words` beside the field `name`, or take them away. Returns whether the page has that place. */
export function showError(name, words) {
  const place = byId(`error-${SHOWN_AT[name] ?? name}`);
  if (!place) return false;
  place.textContent = words;
  if (words && place.closest("details")) place.closest("details").open = true;
  place.hidden = !words;
  const field = byId(SHOWN_AT[name] ?? name);
  if (words) field?.setAttribute("aria-invalid", "true");
  else field?.removeAttribute("aria-invalid");
  return true;
}

export function clearErrors() {
  for (const name of ["top", "code", "arguments", "environment", ...FIELDS]) showError(name, "");
}

/** Show what the studio said no to: beside the fields it blames, else on top. */
export function showRefusal(error) {
  const names = Object.keys(error.fields ?? {});
  // One field's error says more as a whole message than as its short form.
  if (names.length === 1 && showError(names[0], error.message)) return focusOn(names[0]);
  const left = names.filter((name) => !showError(name, error.fields[name]));
  if (!names.length || left.length) showError("top", error.message);
  focusOn(names[0] ?? "top");
}

function focusOn(name) {
  const place = byId(`error-${SHOWN_AT[name] ?? name}`);
  place?.scrollIntoView({ block: "center" });
  byId(SHOWN_AT[name] ?? name)?.focus({ preventScroll: true });
}
