// The output datasets of a submission, as Python writes them.
const MARK = "DatasetOutputConfig:";
const quoted = (text) => JSON.stringify(text);
const given = (words) => words.filter(Boolean).join(", ");
const said = (name, value) => (value === undefined || value === null || value === "" || value === false ? "" : `${name}=${typeof value === "boolean" ? "True" : JSON.stringify(value)}`);
const USUAL = "dataset/{run-id}/{output-name}";

/** How the files are read, of one that becomes a table. */
function asTable({ form, reading }) {
  if (form !== "tabular") return "";
  if (reading.format === "parquet") return ".read_parquet_files()";
  return `.read_delimited_files(${given([`separator=${quoted(reading.separator ?? ",")}`, reading.header === false ? "header=False" : ""])})`;
}

function line({ name, mode, destination, path, overwrite, globs, register }, variable) {
  const place = destination === USUAL ? "" : `destination=(store, ${quoted(destination)})`;
  const made = `${variable} = OutputFileDatasetConfig(\n    ${given([quoted(name), place, said("source", path)])}\n)`;
  const upload = mode === "upload" ? `.as_upload(${given([said("overwrite", overwrite), globs.length ? said("source_globs", globs) : ""])})` : "";
  if (!register) return made + upload;
  const { name: dataset, description, tags } = register;
  const words = given([quoted(dataset), said("description", description), Object.keys(tags).length ? said("tags", tags) : ""]);
  return `${made}${upload}${asTable(register)}.register_on_complete(\n    ${words})`;
}

/** What makes each output → the argument that stands for it, and the variable that holds it.

    outputs: as a submission has them.   variable: name → the variable's. */
export function outputLines(outputs, variable) {
  const store = outputs.some(({ destination }) => destination !== USUAL) ? ["store = ws.get_default_datastore()"] : [];
  return {
    lines: [...store, ...outputs.map((one) => line(one, variable(one.name)))],
    words: new Map(outputs.map(({ name }) => [MARK + name, variable(name)])),
    besides: (words) =>
      outputs.filter(({ name }) => !words.includes(MARK + name)).map(({ name }) => `config.run_config.output_data[\n    ${quoted(name)}] = ${variable(name)}`),
  };
}
