// A definition (docs/api.md) as fields of the form, and back. What the form has no field for is kept.
const KNOWN = ["conda", "pip", "packages", "python", "variables", "base_image", "dockerfile"];

/** The lines of a box that hold something, and which line of the box each one is. */
export function written(text) {
  const lines = text.split("\n").map((line, index) => ({ text: line.trim(), number: index + 1 }));
  return lines.filter(({ text: line }) => line && !line.startsWith("#"));
}

const texts = (box) => written(box).map(({ text }) => text);
const words = (text) => text.split(/[\s,]+/).filter(Boolean);

/** What the fields say, as a definition. fields: names → texts; variables: name → value. */
export function definitionOf(fields, variables, kept = {}) {
  const more = { ...kept };
  if (Object.keys(variables).length) more.variables = variables;
  if (fields.kind === "image") return { base_image: fields.image.trim(), ...more };
  if (fields.kind === "dockerfile") return { dockerfile: fields.dockerfile, ...more };
  if (fields.base === "image") more.base_image = fields.image.trim();
  if (fields.base === "dockerfile") more.dockerfile = fields.dockerfile;
  if (fields.kind === "conda") return { conda: fields.conda, ...more };
  const python = fields.python.trim();
  if (python) more.python = python;
  if (fields.kind === "pip") return { pip: fields.pip, ...more };
  const [conda, pip] = [texts(fields["list-conda"]), texts(fields["list-pip"])];
  return { packages: { conda, pip, channels: words(fields.channels) }, ...more };
}

/** The reverse: { fields, variables, kept } of a definition. */
export function fieldsOf(definition) {
  const { conda, pip, packages, python, variables, base_image: image, dockerfile } = definition;
  const fields = {
    kind: "conda",
    conda: conda ?? "",
    pip: pip ?? "",
    "list-conda": (packages?.conda ?? []).join("\n"),
    "list-pip": (packages?.pip ?? []).join("\n"),
    channels: (packages?.channels ?? []).join(", "),
    python: python ?? "",
    image: image ?? "",
    dockerfile: dockerfile ?? "",
    base: image !== undefined ? "image" : dockerfile !== undefined ? "dockerfile" : "own",
  };
  if (pip !== undefined) fields.kind = "pip";
  else if (packages) fields.kind = "lists";
  else if (conda === undefined && image !== undefined) fields.kind = "image";
  else if (conda === undefined && dockerfile !== undefined) fields.kind = "dockerfile";
  const kept = Object.fromEntries(Object.entries(definition).filter(([key]) => !KNOWN.includes(key)));
  return { fields, variables: variables ?? {}, kept };
}

/** What lacks before a definition can be asked about, as words; "" for nothing. */
export function lacking(definition) {
  if (definition.base_image === "") return "Name a Docker image, such as python:3.11-slim.";
  if (definition.dockerfile !== undefined && !definition.dockerfile.trim()) return "Write a Dockerfile; it begins with FROM.";
  return "";
}

/** Where a file of that name belongs, null where its name does not say. */
export function kindOfFile(name) {
  if (/\.ya?ml$/i.test(name)) return "conda";
  if (/dockerfile/i.test(name)) return "dockerfile";
  return /\.(txt|in)$/i.test(name) ? "pip" : null;
}
