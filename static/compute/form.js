// The form of a cluster: what follows from its fields is said while one types.
import { gpuWords, nodeWords, sizeWords, whereWords } from "compute/words";
import { pythonCode } from "compute/python-code";

const MARKS = { good: ["✓", ""], warn: ["!", "w"], bad: ["✕", "x"], open: ["○", "o"] };
const byId = (id) => document.getElementById(id);
const machine = JSON.parse(byId("start").textContent);
const form = byId("cluster-form");
const fields = form.elements;
const name = document.querySelector(".title h1").textContent.replace(/^Resize /, "");

/** What the fields say now; a number that is not one is NaN. */
function wanted() {
  const number = (field) => (fields[field].value.trim() === "" ? NaN : Number(fields[field].value));
  const { cpus, memory, gpus } = fields.size.selectedOptions[0].dataset;
  const isOwn = fields.size.value === "own";
  const where = byId("check-where").dataset;
  return {
    name: fields.name?.value?.trim() ?? name,
    backend: fields.backend?.value ?? where.backend,
    size: fields.size.value,
    cpus: isOwn ? number("cpus") : Number(cpus),
    memory: isOwn ? number("memory_gib") : Number(memory),
    gpus: isOwn ? number("gpus") || 0 : Number(gpus),
    least: number("min_nodes"),
    most: number("max_nodes"),
    idle: number("idle_seconds_before_scaledown"),
    priority: fields.priority.value,
    requireGpu: fields.require_gpu.checked,
    hasNetwork: fields.has_network.checked,
    people: Number(where.people),
    isClosed: where.closed === "1",
  };
}

function check(id, [mark, words]) {
  const row = byId(`check-${id}`);
  const [sign, kind] = MARKS[mark];
  row.querySelector("i").textContent = sign;
  row.querySelector("i").className = kind;
  row.querySelector("span").textContent = words;
}

function refresh() {
  const now = wanted();
  byId("own-size").hidden = now.size !== "own";
  byId("network").hidden = now.backend !== "docker";
  check("size", sizeWords(now, machine));
  check("gpu", gpuWords(now, machine));
  check("nodes", nodeWords(now));
  check("where", whereWords(now));
  byId("python-code").textContent = pythonCode(now);
}

form.addEventListener("input", refresh);
// A field's error is about what stood there before.
form.addEventListener("input", ({ target }) => {
  target.removeAttribute("aria-invalid");
  byId(`${target.id}-error`)?.remove();
});
// Whoever chooses numbers of their own begins with those that were shown.
fields.size.addEventListener("change", () => {
  if (fields.size.value !== "own" || fields.cpus.value) return;
  const [cpus, memory] = [machine.cpus / 2, Math.floor((10 * machine.memory_gib) / 2) / 10];
  Object.assign(fields.cpus, { value: cpus });
  Object.assign(fields.memory_gib, { value: memory });
  Object.assign(fields.gpus, { value: 0 });
  refresh();
});
form.querySelector('[aria-invalid="true"]')?.focus();
refresh();
