// The environment of a new run: none, a registered one, conda YAML or pip requirements.
import { post } from "studio/api";

const ASK_MS = 400;
const byId = (id) => document.getElementById(id);

/** "digits:2" → { name: "digits", version: 2 }; a name has no colon. */
function reference(text) {
  const [name, version] = text.split(":");
  return { name, version: Number(version) || null };
}

/** Watch the environment's fields. onImage({ state, words }) is told when the studio has answered. */
export function environmentField({ form, imageUrl, onImage, onChange }) {
  let timer = 0;
  let asking = new AbortController();
  let variables = null; // of a past run's definition: the form has no field for them, and keeps them

  const kind = () => form.elements.kind.value;
  const value = () => {
    if (kind() === "registered") return reference(byId("registered").value);
    const more = variables && { variables };
    if (kind() === "conda") return { definition: { conda: byId("conda").value, ...more } };
    if (kind() === "pip") {
      const python = byId("python").value.trim();
      return { definition: { pip: byId("pip").value, ...(python && { python }), ...more } };
    }
    return null;
  };

  const ask = async () => {
    asking.abort();
    asking = new AbortController();
    try {
      onImage(await post(imageUrl, value(), { signal: asking.signal }));
    } catch (error) {
      if (error.name !== "AbortError") onImage({ state: "unknown", words: error.message });
    }
  };
  const changed = () => {
    for (const part of form.querySelectorAll(".kind")) part.hidden = part.dataset.kind !== kind();
    byId("keeping").hidden = !value()?.definition;
    clearTimeout(timer);
    timer = setTimeout(ask, ASK_MS);
    onChange();
  };

  /** Show a definition or a reference, as the API has it; null is Python only. */
  const fill = (environment) => {
    const definition = environment?.definition;
    let chosen = "default";
    variables = definition?.variables ?? null;
    if (definition?.conda !== undefined) {
      chosen = "conda";
      byId("conda").value = definition.conda;
    } else if (definition?.pip || variables) {
      chosen = "pip";
      byId("pip").value = definition.pip ?? "";
      byId("python").value = definition.python ?? "";
    } else if (environment?.name) {
      chosen = "registered";
      choose(`${environment.name}:${environment.version}`);
    }
    form.elements.kind.value = chosen;
    changed();
  };

  for (const each of form.querySelectorAll("[name=kind], #registered")) each.addEventListener("change", changed);
  for (const id of ["conda", "pip", "python"]) byId(id).addEventListener("input", changed);
  readFiles((target, text) => {
    byId(target).value = text;
    form.elements.kind.value = target;
    changed();
  });
  /** What a submission names: a definition that is to be kept is registered first. */
  const settled = async (api, options) => {
    const name = byId("keep").value.trim();
    const { definition } = value() ?? {};
    if (!definition || !name) return value();
    const { version } = await post(`${api}environments`, { name, definition }, options);
    return { name, version };
  };
  return { value, fill, changed, settled };
}

/** Choose a registered version; an older one than the list has is added to it. */
function choose(text) {
  const list = byId("registered");
  if (![...list.options].some((option) => option.value === text)) list.add(new Option(text, text));
  list.form.querySelector("[name=kind][value=registered]").disabled = false;
  list.value = text;
}

/** "Read it from a file": the file's name decides where it goes when it says so. */
function readFiles(onText) {
  const input = byId("environment-file");
  let target = "conda";
  for (const button of document.querySelectorAll("[data-reads]"))
    button.addEventListener("click", () => {
      target = button.dataset.reads;
      input.click();
    });
  input.addEventListener("change", async () => {
    const [file] = input.files;
    if (!file) return;
    const text = await file.text();
    input.value = "";
    const named = /\.ya?ml$/i.test(file.name) ? "conda" : /\.txt$/i.test(file.name) ? "pip" : target;
    onText(named, text);
  });
}
