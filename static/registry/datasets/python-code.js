// The same dataset from Python, as one would write it.
const quoted = (text) => JSON.stringify(text);
const listed = (texts) => (texts.length === 1 ? quoted(texts[0]) : `[\n    ${texts.map(quoted).join(",\n    ")}]`);
const SHOWN = 4;

const some = (texts) => (texts.length > SHOWN ? [...texts.slice(0, SHOWN), "…"] : texts);

const ofPaths = ({ partition_format: form }) => (form ? `,\n    partition_format=${quoted(form)}` : "");

function tabular(reading) {
  const { format, separator, header } = reading;
  if (format === "json_lines") return ["from_json_lines_files", (reading.invalid_lines ? ', invalid_lines="drop"' : "") + ofPaths(reading)];
  if (format === "parquet") return ["from_parquet_files", ofPaths(reading)];
  const options = [separator === "," ? "" : `, separator=${quoted(separator)}`, header ? "" : ", header=False"];
  return ["from_delimited_files", options.join("") + ofPaths(reading)];
}

/** What the lines above it leave out, as a comment. */
function besides({ format, steps, types }) {
  if (format === "idx") return ["# pictures with labels: MNIST.get_tabular_dataset() reads such files"];
  return steps?.length || types ? ["# then the types and steps of the version before: its About lists them"] : [];
}

function maker({ way, folder, urls, patterns, form, reading }) {
  const [call, options] = form === "tabular" ? tabular(reading) : ["from_files", ofPaths(reading)];
  const kind = form === "tabular" ? "Tabular" : "File";
  if (way === "urls") return [`data = Dataset.${kind}.${call}(${listed(urls.length ? some(urls) : ["https://…"])}${options})`];
  const store = "store = ws.get_default_datastore()";
  if (way === "store") {
    const paths = patterns.length ? some(patterns) : ["images"];
    const taken = paths.map((path) => `(store, ${quoted(path)})`);
    return [store, `data = Dataset.${kind}.${call}(\n    ${taken.length === 1 ? taken[0] : `[${taken.join(",\n     ")}]`}${options})`];
  }
  const sent = `Dataset.File.upload_directory(\n    "./${folder}", target=(store, ${quoted(folder)}))`;
  if (form !== "tabular") return [store, `data = ${sent}`];
  return [store, sent, `data = Dataset.Tabular.${call}(\n    (store, ${quoted(`${folder}/**`)})${options})`];
}

/** asked: { way, folder, urls, patterns, form, reading, name, description, isNew }. */
export function pythonCode(asked) {
  const words = [`    ws, ${quoted(asked.name || "my-data")}`];
  if (asked.description) words.push(`    description=${quoted(asked.description)}`);
  if (!asked.isNew) words.push("    create_new_version=True");
  return [
    "from trainyard import (\n    Dataset, Workspace)",
    "",
    "ws = Workspace.from_config()",
    ...maker(asked),
    ...besides(asked.reading),
    `data = data.register(\n${words.join(",\n")})`,
  ].join("\n");
}
