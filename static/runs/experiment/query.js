// The box that says which runs to show: completes as one types, asks when Enter is pressed.

import { get } from "studio/api";
import { element } from "studio/words";
import { asked, change } from "runs/experiment/address";

const WAIT_MS = 80;

export class Query {
  constructor(form, url) {
    Object.assign(this, { url, items: [], text: "", at: -1, timer: 0, asking: null });
    this.box = form.querySelector("input");
    this.list = form.querySelector("ul");
    this.box.addEventListener("input", () => this.#soon());
    this.box.addEventListener("keydown", (event) => this.#key(event));
    this.box.addEventListener("blur", () => setTimeout(() => this.close(), 100));
    form.addEventListener("submit", (event) => (event.preventDefault(), this.apply()));
    this.list.addEventListener("mousedown", (event) => {
      event.preventDefault(); // the box keeps the focus
      const item = event.target.closest("li");
      if (item) this.#take([...this.list.children].indexOf(item));
    });
    document.addEventListener("address-changed", ({ detail }) => detail.isBack && this.#show());
    document.addEventListener("rows-changed", () => this.#judge());
    document.addEventListener("click", ({ target }) => target.closest("[data-clears]") && (this.box.value = ""));
  }

  focus() {
    this.box.focus();
    this.box.select();
  }

  #show() {
    this.box.value = asked().get("q") ?? "";
  }

  #judge() {
    if (document.querySelector('[data-trouble="q"]')) this.box.setAttribute("aria-invalid", "true");
    else this.box.removeAttribute("aria-invalid");
  }

  apply() {
    this.close();
    change({ q: this.box.value.trim() || null, cursor: null, view: null });
  }

  close() {
    clearTimeout(this.timer);
    this.asking?.abort();
    this.#open([]);
  }

  #soon() {
    this.#mark(-1);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#complete(), WAIT_MS);
  }

  async #complete() {
    this.asking?.abort();
    const own = (this.asking = new AbortController());
    const text = this.box.value;
    const query = new URLSearchParams({ q: text, at: this.box.selectionStart });
    const answer = await get(`${this.url}?${query}`, { signal: own.signal }).catch(() => null);
    if (answer && this.asking === own && document.activeElement === this.box) this.#open(answer.items, text);
  }

  /** text: what the items were asked for; more may have been typed since. */
  #open(items, text = "") {
    // An answer that comes late must not take the mark from under the finger that is about to press.
    const marked = this.items[this.at]?.label;
    Object.assign(this, { items, text, at: -1 });
    this.list.replaceChildren(...items.map(({ label, kind }, at) =>
      element("li", { role: "option", id: `query-item-${at}`, "aria-selected": "false" }, element("span", {}, label), element("small", {}, kind))));
    this.list.hidden = !items.length;
    this.box.setAttribute("aria-expanded", String(items.length > 0));
    const again = items.findIndex(({ label }) => label === marked);
    this.#mark(again);
  }

  /** at: -1 for none. */
  #mark(at) {
    this.at = at;
    [...this.list.children].forEach((item, index) => item.setAttribute("aria-selected", String(index === at)));
    if (at < 0) return void this.box.removeAttribute("aria-activedescendant");
    this.list.children[at].scrollIntoView({ block: "nearest" });
    this.box.setAttribute("aria-activedescendant", `query-item-${at}`);
  }

  #take(at) {
    const { insert, from, to } = this.items[at];
    const { value } = this.box;
    // What was typed since the items were asked for is part of the word that they complete.
    const [before, after] = [this.text.slice(0, from), this.text.slice(to)];
    if (value.startsWith(before) && value.slice(from).endsWith(after)) {
      this.box.value = before + insert + after;
      this.box.setSelectionRange(from + insert.length, from + insert.length);
    }
    this.#mark(-1);
    this.#complete();
  }

  #key(event) {
    const way = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const { length } = this.items;
    if (way && length) this.#mark(this.at < 0 && way < 0 ? length - 1 : (this.at + way + length) % length);
    else if (way > 0) this.#complete();
    else if (event.key === "Enter" && this.at >= 0) this.#take(this.at);
    else if (event.key === "Tab" && this.at >= 0 && !event.shiftKey) this.#take(this.at);
    else if (event.key === "Escape" && this.items.length) this.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
