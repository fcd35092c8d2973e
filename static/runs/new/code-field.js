// The code of the new run: what was picked, what the studio says of it, its scripts, its tree of files.
import { TreeView } from "studio/upload/tree-view";
import { checkCode, readAhead, scriptsOf } from "runs/new/code-check";
import { showCode } from "runs/new/code-picker";
import { showIgnored } from "runs/new/ignored";
import * as preflight from "runs/new/preflight";

// A folder of this size is data rather than code: it is offered to become a dataset.
const LARGE_BYTES = 10 * 1024 * 1024;
const byId = (id) => document.getElementById(id);

export class CodeField {
  /** select: the field of the script. onChange(): what follows from it is shown anew. toDataset(folder). */
  constructor({ api, select, onChange, toDataset }) {
    Object.assign(this, { api, select, onChange, code: null, checked: null, checking: new AbortController() });
    const offer = (path, isFolder, size) =>
      isFolder && size >= LARGE_BYTES && this.code?.kind !== "snapshot" ? [["to a dataset", `Make ${path}/ a dataset that the run reads`, () => toDataset(path)]] : [];
    this.tree = new TreeView(byId("code-tree"), { actions: offer, isLargestFirst: true });
  }

  get files() {
    return this.checked?.kept ?? this.code?.files ?? [];
  }

  /** Take the code that was picked (null: none), and choose the script. */
  async set(picked, wantedScript) {
    this.code = picked;
    this.checked = null;
    showCode(picked);
    showIgnored(null);
    preflight.showError("code", "");
    this.#showScripts(wantedScript);
    this.tree.show([]);
    this.onChange();
    this.checking.abort();
    this.checking = new AbortController();
    if (!picked) return preflight.check("code", "open", "none yet");
    preflight.check("code", "open", "looking…");
    try {
      await this.#look(picked, wantedScript, this.checking.signal);
    } catch (error) {
      if (error.name === "AbortError") return;
      preflight.check("code", "bad", "cannot be sent as it is");
      preflight.showError("code", error.message);
    }
  }

  async #look(code, wantedScript, signal) {
    this.checked = await checkCode(this.api, code, { signal });
    this.#showScripts(wantedScript);
    this.onChange();
    const { problem, words, kept, ignored } = this.checked;
    // What is ignored is no part of the code: the field counts what is sent.
    showCode(code, kept);
    showIgnored(code, kept);
    preflight.check("code", problem ? "bad" : "good", words);
    preflight.showError("code", problem ?? "");
    this.tree.show(kept);
    const more = problem ? null : await readAhead(this.api, code, kept, { signal });
    if (!more) return;
    preflight.check("code", "good", `${more}${ignored && `; ${ignored}`}`);
    this.tree.show(kept);
  }

  #showScripts(wanted) {
    const scripts = scriptsOf(this.files);
    const chosen = [wanted, this.select.value, scripts[0]].find((path) => path && scripts.includes(path));
    const none = this.code ? "there is no .py file in the code" : "the code comes first";
    const choices = scripts.length ? scripts.map((path) => new Option(path, path)) : [new Option(none, "")];
    this.select.replaceChildren(...choices);
    this.select.disabled = !scripts.length;
    if (chosen) this.select.value = chosen;
  }
}
