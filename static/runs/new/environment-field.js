// The environment of a new run: none, a registered one, conda YAML or pip requirements.
import { post } from "studio/api";
import { Editor } from "studio/editor";
import { tooLong } from "studio/editor-limit";
import { note } from "studio/notes";
import { choose, environmentChoice } from "runs/new/environment-choice";

const ASK_MS = 400;
const byId = (id) => document.getElementById(id);

/** "digits:2" → { name: "digits", version: 2 }; a name has no colon. */
function reference(text) {
  const [name, version] = text.split(":");
  return { name, version: Number(version) || null };
}

/** Watch the environment's fields. onImage({ state, words }) is told when the studio has answered. */
export function environmentField({ form, imageUrl, onImage, onChange }) {
  const editors = Object.fromEntries(["conda", "pip"].map((name) => [name, new Editor(byId(name).closest(".editor"))]));
  let timer = 0;
  let asking = new AbortController();
  let past = {}; // of a past run's definition: what the form has no field for is kept
  let fault = null; // why a past run's environment could not be built, until its lines are changed

  const kind = () => form.elements.kind.value;
  const value = () => {
    if (kind() === "registered") return byId("registered").value ? reference(byId("registered").value) : null;
    if (kind() === "conda") return { definition: { ...past, conda: byId("conda").value } };
    if (kind() === "other") return { definition: past };
    if (kind() === "pip") {
      const python = byId("python").value.trim();
      return { definition: { ...past, pip: byId("pip").value, ...(python && { python }) } };
    }
    return null;
  };

  const mark = (answer) => {
    for (const [name, editor] of Object.entries(editors)) {
      const isWrong = answer?.state === "wrong" && answer.line && name === kind();
      if (isWrong) editor.mark([answer.line], answer.words);
      else editor.mark(fault?.lines[name] ?? [], fault?.message);
    }
    byId("environment-fault").hidden = !fault;
  };
  const tell = (answer) => (mark(answer), onImage(answer));
  const ask = async () => {
    asking.abort();
    asking = new AbortController();
    try {
      tell(await post(imageUrl, value(), { signal: asking.signal }));
    } catch (error) {
      if (error.name !== "AbortError") tell({ state: "unknown", words: error.message });
    }
  };
  const changed = () => {
    for (const part of form.querySelectorAll(".kind")) part.hidden = part.dataset.kind !== kind();
    byId("keeping").hidden = !value()?.definition;
    if (fault && JSON.stringify(value()?.definition) !== fault.definition) fault = null;
    mark(null);
    clearTimeout(timer);
    timer = setTimeout(ask, ASK_MS);
    onChange();
  };

  /** Show a definition or a reference, as the API has it; null is Python only. */
  const fill = (environment) => {
    const { conda, pip, python, ...others } = environment?.definition ?? {};
    past = others;
    let chosen = "default";
    if (environment?.name) choose(`${environment.name}:${environment.version}`);
    if (environment?.name) chosen = "registered";
    else if (conda !== undefined) chosen = "conda";
    else if (pip || (pip !== undefined && Object.keys(past).length)) chosen = "pip";
    else if (Object.keys(past).length) chosen = "other";
    editors.conda.value = conda ?? editors.conda.value;
    editors.pip.value = pip ?? editors.pip.value;
    byId("python").value = python ?? "";
    byId("kind-other").hidden = chosen !== "other";
    form.elements.kind.value = chosen;
    changed();
  };

  /** Show why this definition could not be built: words, and the lines at fault. */
  const blame = ({ message, guilty, lines }) => {
    fault = { message, lines, definition: JSON.stringify(value()?.definition) };
    const because = !guilty.split(", ").every((part) => message.includes(part)) ? ` because of ${guilty}` : "";
    byId("environment-fault").textContent = `It could not be built${because}: ${message}`;
    changed();
    const [line] = lines[kind()] ?? [];
    byId("environment-fault").scrollIntoView({ block: "center" });
    if (line) editors[kind()].focus(line);
  };

  for (const each of form.querySelectorAll("[name=kind], #registered")) each.addEventListener("change", changed);
  for (const id of ["conda", "pip", "python"]) byId(id).addEventListener("input", changed);
  environmentChoice({ chosen: changed });
  readFiles((target, text) => {
    editors[target].value = text;
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
  return { value, fill, blame, changed, settled };
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
    input.value = "";
    const text = tooLong(file.size / 4) ? null : await file.text();
    const words = tooLong(text?.length ?? file.size);
    if (words) return note(`${file.name}: ${words}`, "bad");
    const named = /\.ya?ml$/i.test(file.name) ? "conda" : /\.txt$/i.test(file.name) ? "pip" : target;
    onText(named, text);
  });
}
