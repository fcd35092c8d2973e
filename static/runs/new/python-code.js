// The same submission from Python, as one would write it.
import { ARGUMENT } from "runs/new/inputs";

const quoted = (text) => JSON.stringify(text);
const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?$/;

/** Arguments as Python writes them: numbers bare, since the SDK turns them into text the same way. */
function listed(words, indent, inputs) {
  const items = words.map((word) => inputs.get(word) ?? (NUMBER.test(word) ? word : quoted(word)));
  const lines = [];
  for (const item of items) {
    const last = lines.at(-1);
    // An option and its value stay together on a line.
    if (last !== undefined && `${last}, ${item}`.length < 40 && !item.startsWith('"-')) lines[lines.length - 1] = `${last}, ${item}`;
    else lines.push(item);
  }
  return `[${lines.join(`,\n${indent}`)}]`;
}

function environmentLines(environment) {
  if (!environment) return [];
  const { name, version, definition } = environment;
  if (name) return [`env = Environment.get(ws, ${quoted(name)}${version ? `, version=${quoted(String(version))}` : ""})`];
  if (definition.conda !== undefined)
    return ['env = Environment.from_conda_specification(', '    "my-env", "environment.yml")'];
  return ['env = Environment.from_pip_requirements(', '    "my-env", "requirements.txt")'];
}

const variable = (name) => (/^\d/.test(name) ? `data_${name}` : name);
const HOW = { mount: ".as_mount()", download: ".as_download()", direct: "" };

/** What reads each dataset, and the argument that stands for it → the variable that holds it. */
function inputLines(inputs) {
  const lines = [];
  const words = new Map();
  for (const { name, dataset, mode } of inputs) {
    const [of, version] = (dataset ?? "").split(":");
    if (!of || !name) continue;
    const number = version ? `, version=${version}` : "";
    lines.push(`${variable(name)} = Dataset.get_by_name(\n    ws, ${quoted(of)}${number}\n).as_named_input(${quoted(name)})${HOW[mode]}`);
    words.set(ARGUMENT + name, variable(name));
  }
  return { lines, words };
}

/** How it is spread over nodes, and what is not usual of how long and how often it runs. */
function spreadLines({ node_count: nodes, process_count_per_node: each, distribution }) {
  if (!distribution) return [];
  if (distribution === "Mpi")
    return ["spread = MpiConfiguration(", `    process_count_per_node=${each}, node_count=${nodes})`];
  return ["spread = PyTorchConfiguration(", `    "Gloo", process_count=${nodes * each}, node_count=${nodes})`];
}

/** order: { experiment, script, arguments, environment, cluster, inputs } and what runs/new/spread says. */
export function pythonCode(order) {
  const names = ["Experiment", "ScriptRunConfig", "Workspace"];
  if (order.environment) names.unshift("Environment");
  const inputs = inputLines(order.inputs);
  if (inputs.lines.length) names.unshift("Dataset");
  // From Python a script reads a dataset by an argument that stands for it.
  const unsaid = [...inputs.words].filter(([word]) => !order.arguments.includes(word)).flatMap(([word]) => [`--${word.slice(ARGUMENT.length)}`, word]);
  const words = [...order.arguments, ...unsaid];
  if (order.distribution) names.splice(1, 0, `${order.distribution === "Mpi" ? "Mpi" : "PyTorch"}Configuration`);
  names.sort();
  const fields = ['source_directory="./src"', `script=${quoted(order.script || "train.py")}`];
  if (words.length) fields.push(`arguments=${listed(words, " ".repeat(15), inputs.words)}`);
  if (order.cluster) fields.push(`compute_target=${quoted(order.cluster)}`);
  if (order.environment) fields.push("environment=env");
  if (order.distribution) fields.push("distributed_job_config=spread");
  if (order.max_run_duration_seconds > 0) fields.push(`max_run_duration_seconds=${order.max_run_duration_seconds}`);
  return [
    `from trainyard import (\n    ${names.slice(0, -2).join(",\n    ")},\n    ${names.slice(-2).join(", ")})`,
    "",
    "ws = Workspace.from_config()",
    ...environmentLines(order.environment),
    ...inputs.lines,
    ...spreadLines(order),
    `config = ScriptRunConfig(\n${fields.map((field) => `    ${field}`).join(",\n")})`,
    ...(order.max_retries ? [`config.run_config.max_retries = ${order.max_retries}`] : []),
    `experiment = Experiment(\n    ws, ${quoted(order.experiment || "my-experiment")})`,
    "run = experiment.submit(config)",
    "print(run.get_portal_url())",
  ].join("\n");
}
