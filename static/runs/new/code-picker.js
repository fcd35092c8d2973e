// The place for code: drop a folder, files or a zip, choose them, or take the example.
import { post } from "studio/api";
import { bytes, counted } from "studio/sizes";
import { contentOf } from "studio/upload/hash";
import { filesOf, filesOfInput, stepInto } from "studio/upload/walk";
import { readZip } from "studio/upload/zip";

const IGNORE = [".amlignore", ".gitignore"];
const LONGEST_IGNORE = 1024 * 1024;
const byId = (id) => document.getElementById(id);
const total = (files) => files.reduce((sum, { size }) => sum + size, 0);

/** Code that the studio has already, as the API lists it: [[path, size], …]. */
export const snapshotCode = (name, snapshot, files) => ({
  kind: "snapshot",
  name,
  snapshot,
  files: files.map(([path, size]) => ({ path, size })),
});

async function filesCode({ name, files }) {
  if (!files.length) throw new Error("There is no file in it. Choose the folder that holds the script.");
  if (files.length === 1 && files[0].path.toLowerCase().endsWith(".zip")) return zipCode(files[0].file);
  return { kind: "files", name: name || (files.length === 1 ? files[0].path : ""), files, ignore: await ignoreTexts(files) };
}

async function zipCode(file) {
  const { files } = stepInto(await readZip(file));
  return { kind: "zip", name: file.name, file, files, ignore: await ignoreTexts(files) };
}

async function ignoreTexts(files) {
  const texts = {};
  for (const each of files)
    if (IGNORE.includes(each.path) && each.size < LONGEST_IGNORE) texts[each.path] = await (await contentOf(each)).text();
  return texts;
}

/**
 * Watch the page's drop field. onCode(code): { kind: "files" | "zip" | "snapshot", name, files, ignore }.
 * onError(words): it could not be read; the code that was there stays. `busy` tells words meanwhile.
 */
export function pickCode({ api, onCode, onError }) {
  const drop = byId("drop");
  let turn = 0;

  const take = async (reading) => {
    turn += 1;
    const mine = turn;
    try {
      const code = await reading();
      if (mine === turn) onCode(code);
    } catch (error) {
      if (mine === turn) onError(error.message);
    }
  };
  const counting = (count) => (byId("drop-words").textContent = `Reading the folder: ${counted(count, "file")} so far`);

  drop.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  drop.addEventListener("dragleave", ({ relatedTarget }) => {
    if (!drop.contains(relatedTarget)) drop.classList.remove("over");
  });
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    const reading = filesOf(event.dataTransfer.items, counting);
    take(async () => filesCode(await reading));
  });
  // A drop beside the field would make the browser leave the page, and what was typed with it.
  for (const name of ["dragover", "drop"]) addEventListener(name, (event) => event.preventDefault());

  byId("choose-folder").addEventListener("click", () => byId("folder").click());
  byId("choose-files").addEventListener("click", () => byId("files").click());
  for (const id of ["folder", "files"])
    byId(id).addEventListener("change", ({ target }) => {
      const chosen = filesOfInput(target.files);
      target.value = ""; // so that choosing the same again is heard
      if (chosen.files.length) take(() => filesCode(chosen));
    });

  const useExample = (name) =>
    take(async () => {
      const answer = await post(`${api}snapshots/example`, { name });
      const { script, environment, experiment } = answer;
      const code = snapshotCode(`the ${name} example`, answer.snapshot, answer.files);
      return { ...code, fills: { script, arguments: answer.arguments, environment, experiment: experiment ?? name } };
    });
  byId("use-example").addEventListener("click", () => useExample("digits"));
  return { useExample };
}

/** Say in the field what is there now. files: those of it that are sent, where that is known. */
export function showCode(code, files = code?.files) {
  byId("drop").classList.toggle("full", Boolean(code));
  byId("drop-words").textContent = code
    ? `${code.name ? `${code.name} — ` : ""}${counted(files.length, "file")}, ${bytes(total(files))}`
    : "Drop a folder or a zip here";
}
