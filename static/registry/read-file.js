// A definition out of a file: dropped on an editor, or chosen. Its name says what it is when it can.
import { kindOfFile } from "registry/definition";
import { tooLong } from "studio/editor-limit";
import { note } from "studio/notes";

const LISTS = { "list-conda": "conda", "list-pip": "pip" };

/** chosen(): the kind the form shows. onText(name of an editor, text). */
export function readFiles({ editors, chosen, onText }) {
  const input = document.getElementById("definition-file");
  let wanted = null;

  const read = async (file, target) => {
    if (!file) return;
    // A byte is at least a quarter of a character: what is larger need not be read to be refused.
    const text = tooLong(file.size / 4) ? null : await file.text();
    const words = tooLong(text?.length ?? file.size);
    if (words) {
      note(`${file.name}: ${words}`, "bad");
      return;
    }
    const kind = kindOfFile(file.name) ?? LISTS[target] ?? target;
    onText(kind in editors ? kind : "pip", text);
  };

  for (const button of document.querySelectorAll("[data-reads]")) {
    button.addEventListener("click", () => {
      wanted = button.dataset.reads;
      input.click();
    });
  }
  input.addEventListener("change", async () => {
    const [file] = input.files;
    await read(file, wanted ?? chosen());
    input.value = ""; // so that choosing the same again is heard
  });
  for (const [name, { root }] of Object.entries(editors)) {
    const over = (isOver) => root.classList.toggle("over", isOver);
    root.addEventListener("dragover", (event) => (event.preventDefault(), over(true)));
    root.addEventListener("dragleave", () => over(false));
    root.addEventListener("drop", (event) => {
      over(false);
      const [file] = event.dataTransfer.files;
      if (!file) return; // text that was dragged goes where it was dropped
      event.preventDefault();
      read(file, name);
    });
  }
  // A file dropped beside an editor would make the browser leave the page, and what was typed with it.
  for (const type of ["dragover", "drop"]) {
    addEventListener(type, (event) => event.dataTransfer?.types.includes("Files") && event.preventDefault());
  }
}
