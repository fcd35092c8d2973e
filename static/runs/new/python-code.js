// The same submission from Python, as one would write it: it runs as it stands, beside the files that it names.
import { ARGUMENT } from "runs/new/inputs";
import { outputLines } from "runs/new/output-code";

const quoted = (text) => JSON.stringify(text);
const WHOLE = /^(0|-?[1-9]\d{0,14})$/;
const DECIMAL = /^-?(0|[1-9]\d*)\.(0|\d*[1-9])$/;
// What the code calls other things, and the words that Python keeps for itself.
const TAKEN = /^(ws|store|env|spread|config|experiment|run|print|None|True|False|and|as|assert|async|await|break|class|continue|def|del|elif|else|except|finally|for|from|global|if|import|in|is|lambda|nonlocal|not|or|pass|raise|return|try|while|with|yield)$/;

/** Whether Python writes the number that stands in `word` as this very text, so that it may stand bare. */
function isNumber(word) {
  if (WHOLE.test(word)) return true;
  const size = Math.abs(Number(word));
  return DECIMAL.test(word) && word.replace(/\D/g, "").length <= 15 && (size === 0 ? word === "0.0" : size >= 1e-4);
}

/** Arguments as Python writes them: numbers bare, since the SDK turns them into text the same way. */
function listed(words, indent, inputs) {
  const items = words.map((word) => inputs.get(word) ?? (isNumber(word) ? word : quoted(word)));
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
  const { conda, pip, python, base_image: image, dockerfile } = definition;
  if (conda !== undefined) return ["env = Environment.from_conda_specification(", '    "my-env", "environment.yml")'];
  if (pip === undefined && image) return [`env = Environment.from_docker_image(\n    "my-env", ${quoted(image)})`];
  if (pip === undefined && dockerfile) return ['env = Environment.from_dockerfile(\n    "my-env", "Dockerfile")'];
  const lines = pip === undefined ? ['env = Environment("my-env")'] : ["env = Environment.from_pip_requirements(", '    "my-env", "requirements.txt")'];
  const isVersion = /^\d+(\.\d+)*$/.test(python ?? "");
  return isVersion ? [...lines, `env.python.conda_dependencies.set_python_version(${quoted(python)})`] : lines;
}

/** A variable of its own for the input `name`; every dataset's input is read by one. */
function variable(name) {
  const isFree = !/^\d/.test(name) && !TAKEN.test(name);
  return isFree ? name : `data_${name}`;
}
const HOW = { mount: "as_mount", download: "as_download" };

/** What reads each dataset → the argument that stands for it, and the variable that holds it. */
function inputLines(inputs) {
  const lines = [];
  const words = new Map();
  for (const { name, dataset, mode, path } of inputs) {
    const [of, version] = (dataset ?? "").split(":");
    if (name && !of) lines.push(`# ${name}: files without a name; register them as a dataset to read them here`);
    if (!of || !name) continue;
    const number = version ? `, version=${version}` : "";
    const how = HOW[mode] ? `.${HOW[mode]}(${path ? quoted(path) : ""})` : "";
    lines.push(`${variable(name)} = Dataset.get_by_name(\n    ws, ${quoted(of)}${number}\n).as_named_input(${quoted(name)})${how}`);
    words.set(ARGUMENT + name, variable(name));
  }
  return { lines, words };
}

const CONFIGURATION = { Mpi: "MpiConfiguration", PyTorch: "PyTorchConfiguration", TensorFlow: "TensorflowConfiguration" };

/** How it is spread over nodes, and what is not usual of how long and how often it runs. */
function spreadLines({ node_count: nodes, process_count_per_node: each, distribution, parameter_server_count: servers }) {
  if (!distribution) return [];
  if (distribution === "Mpi")
    return ["spread = MpiConfiguration(", `    process_count_per_node=${each}, node_count=${nodes})`];
  if (distribution === "TensorFlow")
    return ["spread = TensorflowConfiguration(", `    worker_count=${nodes * each}, parameter_server_count=${servers})`];
  return ["spread = PyTorchConfiguration(", `    "Gloo", process_count=${nodes * each}, node_count=${nodes})`];
}

/** order: { experiment, script, arguments, environment, cluster, inputs } and what runs/new/spread says. */
export function pythonCode(order) {
  const names = ["Experiment", "ScriptRunConfig", "Workspace"];
  if (order.environment) names.push("Environment");
  const inputs = inputLines(order.inputs);
  if (inputs.words.size) names.push("Dataset");
  const outputs = outputLines(order.output_datasets ?? [], variable);
  if (outputs.words.size) names.push("OutputFileDatasetConfig");
  if (order.distribution) names.push(CONFIGURATION[order.distribution]);
  names.sort();
  // What no argument stands for is read by its variable alone.
  const unsaid = [...inputs.words].filter(([word]) => !order.arguments.includes(word));
  const fields = ['source_directory="./src"', `script=${quoted(order.script || "train.py")}`];
  if (order.arguments.length) fields.push(`arguments=${listed(order.arguments, " ".repeat(15), new Map([...inputs.words, ...outputs.words]))}`);
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
    ...outputs.lines,
    ...spreadLines(order),
    `config = ScriptRunConfig(\n${fields.map((field) => `    ${field}`).join(",\n")})`,
    ...unsaid.map(([word, name]) => `config.run_config.data[\n    ${quoted(word.slice(ARGUMENT.length))}] = ${name}`),
    ...outputs.besides(order.arguments),
    // A worker has a node of its own, unless servers stand beside it or this is said.
    ...(order.distribution === "TensorFlow" && order.process_count_per_node > 1 && !order.parameter_server_count ? [`config.run_config.node_count = ${order.node_count}`] : []),
    ...(order.max_retries ? [`config.run_config.max_retries = ${order.max_retries}`] : []),
    `experiment = Experiment(\n    ws, ${quoted(order.experiment || "my-experiment")})`,
    "run = experiment.submit(config)",
    "print(run.get_portal_url())",
  ].join("\n");
}
