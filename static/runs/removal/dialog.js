// Before runs are deleted: what that frees, what stays, which of them cannot go. One click then does it.

import { bytes as size, counted } from "studio/sizes";
import { count, element } from "studio/words";

const bold = (words) => element("b", {}, words);

export class Removal {
  /** dialog: the element that templates/runs/_delete.html makes. */
  constructor(dialog) {
    this.dialog = dialog;
    const part = (name) => dialog.querySelector(`[data-removal="${name}"]`);
    this.parts = Object.fromEntries(["title", "words", "said", "progress", "do", "keep"].map((name) => [name, part(name)]));
    this.parts.do.addEventListener("click", () => this.#act());
    this.parts.keep.addEventListener("click", () => dialog.close());
    // What has begun goes on: closing the dialog would only hide it.
    dialog.addEventListener("cancel", (event) => this.isGoing && event.preventDefault());
  }

  /**
   * title, button: what is asked, of one run or of several.  look(): the removal as docs/api.md has it.  act(told, progress): does
   * it, and goes elsewhere or closes; progress(done, of, words).  isWhole: none may stay behind.
   */
  async ask(asked) {
    const { title, words, said, progress, do: button, keep } = this.parts;
    Object.assign(this, { asked, told: null, isGoing: false });
    title.textContent = asked.title;
    button.textContent = asked.button;
    button.disabled = true;
    keep.disabled = false;
    said.hidden = progress.hidden = true;
    words.replaceChildren(element("p", { class: "quiet" }, "Looking at what that frees…"));
    if (!this.dialog.open) this.dialog.showModal();
    keep.focus();
    try {
      const told = await asked.look();
      if (this.asked !== asked) return;
      this.told = told;
      words.replaceChildren(...paragraphs(told, asked));
      if (!asked.isWhole) button.textContent = `Delete ${counted(told.runs, "run")}`;
      button.disabled = asked.isWhole ? told.refused.length > 0 : told.runs === 0;
    } catch (error) {
      if (this.asked !== asked) return;
      words.replaceChildren();
      this.#say(error.message);
    }
  }

  close() {
    this.isGoing = false;
    this.dialog.close();
  }

  async #act() {
    const { said, do: button, keep } = this.parts;
    this.isGoing = button.disabled = keep.disabled = true;
    said.hidden = true;
    try {
      await this.asked.act(this.told, (...how) => this.progress(...how));
    } catch (error) {
      this.isGoing = button.disabled = keep.disabled = false;
      this.parts.progress.hidden = true;
      this.#say(error.message);
    }
  }

  progress(done, of, words) {
    const { progress } = this.parts;
    progress.hidden = false;
    progress.querySelector("p").textContent = words;
    progress.querySelector("progress").value = of ? done / of : 0;
  }

  #say(words) {
    this.parts.said.textContent = words;
    this.parts.said.hidden = false;
  }
}

/** The words of the dialog, as paragraphs. */
function paragraphs(told, { isWhole }) {
  const more = [];
  if (told.log_bytes) more.push(element("span", {}, bold(size(told.log_bytes)), " of logs"));
  if (told.points) more.push(element("span", {}, bold(counted(told.points, "point")), " of metrics"));
  const frees = told.files
    ? [bold(size(told.size_bytes)), ` in ${counted(told.files, "file")} that nothing else of this studio has`]
    : ["no file: others have the same ones"];
  const list = [element("span", {}, ...frees), ...more].flatMap((one, at, all) => [at ? (at === all.length - 1 ? " and " : ", ") : "", one]);
  const none = told.runs === 0 && !told.files;
  const made = none ? [] : [element("p", {}, "This frees ", ...list, ". It cannot be undone.")];
  if (told.stay_count) made.push(stays(told));
  if (told.refused.length) made.push(...refused(told, isWhole));
  return made.length ? made : [element("p", {}, "Nothing is in it.")];
}

function stays({ stays: named, stay_count: all }) {
  const links = named.flatMap(({ name, page }, at) => [at ? ", " : "", element("a", { class: "link", href: page }, name)]);
  const others = all > named.length ? ` and ${count(all - named.length)} more` : "";
  return element("p", {}, "What stays: ", ...links, `${others}, made of ${all === 1 ? "its" : "their"} files, with all that ${all === 1 ? "it holds" : "they hold"}.`);
}

function refused({ refused: some }, isWhole) {
  const words = isWhole ? "It cannot be deleted now:" : `${counted(some.length, "run")} of the selected stay${some.length === 1 ? "s" : ""}:`;
  const rows = some.slice(0, 8).map(({ name, why }) => element("li", {}, bold(name), `: ${why}`));
  if (some.length > rows.length) rows.push(element("li", {}, `and ${count(some.length - rows.length)} more`));
  return [element("p", {}, words), element("ul", { class: "plain" }, ...rows)];
}

/** What a note says afterwards. */
export const freed = (told) => (told.size_bytes ? ` ${size(told.size_bytes)} are free soon.` : "");
