// What stands beside the tree for a file that is no log: its bar, and the preview that fits it.

import { get } from "studio/api";
import { bytes as size } from "studio/sizes";
import { element } from "studio/words";
import { array } from "runs/previews/array";
import { Find } from "runs/previews/find";
import { page } from "runs/previews/frame";
import { hex } from "runs/previews/hex";
import { json } from "runs/previews/json";
import { showLooks } from "runs/previews/looks";
import { markdown } from "runs/previews/markdown";
import { audio, card, empty, image, pdf, video } from "runs/previews/media";
import { notebook } from "runs/previews/notebook";
import { keepPlaces, versionOf } from "runs/previews/renewing";
import { table } from "runs/previews/table";
import { text } from "runs/previews/text";
import { startWrap } from "runs/previews/wrap";

const SHOWS = { array, audio, empty, hex, image, json, markdown, notebook, page, pdf, table, text, video };
const LINED = new Set(["text", "json", "table", "markdown", "notebook", "array", "hex"]);

export class Panel {
  /** preview, frame: the addresses that answer. changedLook(look): a person chose another look. */
  constructor(root, { preview, frame, changedLook = () => {} }) {
    Object.assign(this, { root, addresses: { preview, frame }, changedLook, follow: () => {} });
    const part = (name) => root.querySelector(`[data-preview="${name}"]`);
    this.parts = Object.fromEntries(["body", "status", "looks", "raw", "download", "name", "wrap", "register"].map((name) => [name, part(name)]));
    this.find = new Find(root.querySelector(".find"), () => this.parts.body);
    startWrap(this.parts.wrap, root);
    this.parts.looks.addEventListener("click", ({ target }) => target.dataset.look !== undefined && this.#look(target.dataset.look));
    root.addEventListener("keydown", (event) => {
      const isFind = (event.ctrlKey || event.metaKey) && event.key === "f";
      if (!isFind || this.find.bar.hidden || !LINED.has(this.shown?.kind)) return;
      event.preventDefault();
      this.find.field.select();
      this.find.field.focus();
    });
    addEventListener("hashchange", () => this.follow());
  }

  /** Show a file: { path, size_bytes, url }; look: "text" or "hex" for another one than its own. */
  async show(item, look = "") {
    Object.assign(this, { item, look, shown: null, memory: {}, download: `${item.url}?download=1`, follow: () => {} });
    this.parts.name.textContent = item.path;
    this.parts.raw.href = item.url;
    this.parts.download.href = this.download;
    if (this.parts.register) this.parts.register.dataset.registers = item.path;
    this.root.setAttribute("aria-busy", "true");
    try {
      const preview = await this.more({}, item);
      if (this.item === item && this.look === look) this.#draw(preview);
    } catch (error) {
      if (this.item === item) this.fail(error);
    }
    this.root.removeAttribute("aria-busy");
  }

  /** Ask for a piece of the file that is shown; where: { offset, row, cell } as its answer said. */
  more(where, { path } = this.item) {
    const query = new URLSearchParams({ path, ...(this.look && { look: this.look }), ...where });
    return get(`${this.addresses.preview}?${query}`);
  }

  /** The address of a page that is to be framed; where: of a notebook, { cell, output }. */
  frame(where = {}) {
    return `${this.addresses.frame}?${new URLSearchParams({ path: this.item.path, ...where })}`;
  }

  /** Show the file as it is now, where it was replaced: in the same place, and without a word. */
  async renew(item) {
    const { shown, memory } = this;
    const isSame = () => this.shown === shown && this.item.path === item.path;
    try {
      if (!shown || !isSame() || (await versionOf(item.url)) === shown.version || !isSame()) return;
      const preview = await this.more(memory.at ?? {}, item);
      if (!isSame()) return;
      if (preview.kind !== shown.kind) return void this.show(item, this.look);
      this.item = item;
      await this.#replace(preview);
    } catch {
      // The next file that comes is another occasion.
    }
  }

  /** Draw aside, and then change the one for the other. */
  async #replace(preview) {
    this.settled = null;
    const drawn = this.#made(preview);
    await this.settled;
    const restore = keepPlaces(this.parts.body); // the reader may have gone on meanwhile
    this.parts.body.replaceChildren(drawn);
    restore();
    this.changed();
  }

  #made(preview) {
    this.shown = preview;
    // A browser that has a picture of this address does not ask for it again.
    this.url = `${this.item.url}?v=${preview.version.slice(0, 16)}`;
    return SHOWS[preview.kind](preview, this);
  }

  #draw(preview) {
    const drawn = this.#made(preview);
    this.root.dataset.shows = preview.kind;
    const isPlain = LINED.has(preview.kind);
    this.root.querySelector(".tools").classList.toggle("bare", !isPlain);
    showLooks(this.parts.looks, preview);
    this.parts.body.replaceChildren(drawn);
    this.find.restart();
    this.follow();
  }

  #look(look) {
    this.changedLook(look);
    this.show(this.item, look);
  }

  /** Show another look in place of one that did not work, and say why. */
  instead(look, words) {
    this.show(this.item, look).then(() => this.say(words));
    return element("p", { class: "shown quiet" });
  }

  say(words) {
    const whole = size(this.item.size_bytes);
    this.parts.status.textContent = [words, words.endsWith(whole) ? "" : whole].filter(Boolean).join(" · ");
    this.parts.status.title = this.parts.status.textContent;
  }

  changed = () => this.find.field.value && this.find.again();

  /** follow(): goes to the lines that the address names. */
  linked(follow) {
    this.follow = follow;
  }

  fail = (error) => {
    this.root.dataset.shows = "card";
    this.say("");
    this.parts.looks.hidden = true;
    const problem = element("div", { class: "shown card-shown" }, card(this.item, this, error.message));
    // What is damaged is still bytes.
    const button = element("button", { class: "btn", type: "button" }, "Show its bytes");
    button.addEventListener("click", () => this.#look("hex"));
    if (error.status === 400 && this.look !== "hex") problem.firstChild.append(" ", button);
    this.parts.body.replaceChildren(problem);
  };
}
