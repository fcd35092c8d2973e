// The same dataset from Python, as one would write it.
const quoted = (text) => JSON.stringify(text);
const listed = (texts) => (texts.length === 1 ? quoted(texts[0]) : `[\n    ${texts.map(quoted).join(",\n    ")}]`);
const SHOWN = 4;

const some = (texts) => (texts.length > SHOWN ? [...texts.slice(0, SHOWN), "…"] : texts);

function tabular({ format, separator, header }) {
  if (format === "json_lines") return ["from_json_lines_files", ""];
  if (format === "parquet") return ["from_parquet_files", ""];
  const options = [separator === "," ? "" : `, separator=${quoted(separator)}`, header ? "" : ", header=False"];
  return ["from_delimited_files", options.join("")];
}

function maker({ way, folder, urls, patterns, form, reading }) {
  const [call, options] = form === "tabular" ? tabular(reading) : ["from_files", ""];
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
    `data = data.register(\n${words.join(",\n")})`,
  ].join("\n");
}
