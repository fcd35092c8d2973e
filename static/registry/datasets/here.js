// The files of this computer on the page that makes a dataset: picked, shown, and looked up ahead.
import { get } from "studio/api";
import { bytes, counted } from "studio/sizes";
import { hash } from "studio/upload/hash";
import { pathProblem } from "studio/upload/paths";
import { TreeView } from "studio/upload/tree-view";
import { missing } from "studio/upload/upload";
import { check, showError } from "registry/datasets/making";
import { Picked, watchDrop } from "registry/datasets/picked";

const byId = (id) => document.getElementById(id);
// Reading more than this only to say how much is known already would cost more than it tells.
const MOST_READ_AHEAD = 512 * 1024 * 1024;
export const total = (files) => files.reduce((sum, { size }) => sum + size, 0);

/** onChange(): what is picked is not what it was; its `files`, `name` and `problem` say what it is. */
export class Here {
  constructor(api, onChange) {
    Object.assign(this, { api, onChange, picked: new Picked(), files: [], ahead: new AbortController() });
    const remove = (path, isFolder) => [["remove", `Remove ${path}${isFolder ? "/" : ""}`, () => (this.picked.remove(path), this.show())]];
    this.tree = new TreeView(byId("tree"), { actions: remove });
    watchDrop((reading) => this.#take(reading));
  }

  get name() {
    return this.picked.name;
  }

  get problem() {
    return pathProblem(this.files);
  }

  async #take(reading) {
    let problem = "";
    try {
      await this.picked.add(await reading);
    } catch (error) {
      problem = error.message;
    }
    this.show();
    if (problem) showError("files", problem);
  }

  show() {
    this.files = this.picked.files;
    this.tree.show(this.files);
    byId("drop-words").textContent = this.files.length ? "Drop more here" : "Drop folders, files or a zip here";
    byId("drop").classList.toggle("full", this.files.length > 0);
    showError("files", this.problem);
    this.onChange();
    this.look();
  }

  /** Say how much of it has to be sent. */
  async look() {
    this.ahead.abort();
    this.ahead = new AbortController();
    const { signal } = this.ahead;
    const own = this.files.filter(({ isThere }) => !isThere);
    if (!this.files.length) return check("send", "open", "known once the files are there");
    if (!own.length) return check("send", "good", "nothing: all is here already");
    if (total(own) > MOST_READ_AHEAD) return check("send", "good", `at most ${bytes(total(own))}; what is here already is not sent`);
    try {
      check("send", "open", "looking…");
      await hash(own, { signal });
      const absent = new Set(await missing(this.api, own, { signal }));
      for (const each of own) if (!absent.has(each)) this.tree.tell(each, { state: "known", done: each.size });
      check("send", "good", absent.size ? `${counted(absent.size, "file")}, ${bytes(total([...absent]))}` : "nothing: all is here already");
    } catch (error) {
      if (error.name !== "AbortError") check("send", "warn", error.message);
    }
  }

  /** The files of a version that this one begins from: they are here, so nothing of them is sent. */
  async begin(name, number) {
    const base = [];
    const url = `${this.api}datasets/${encodeURIComponent(name)}/${number}/files?count=10000`;
    for (let cursor = ""; cursor !== null; ) {
      const page = await get(cursor ? `${url}&cursor=${encodeURIComponent(cursor)}` : url);
      base.push(...page.items.map(([path, size, sha256]) => ({ path, size, sha256, isThere: true, state: "known", done: size })));
      cursor = page.next;
    }
    this.picked = new Picked(base);
    this.show();
  }
}
