// The box that says which runs to show: completes as one types, asks when Enter is pressed.

import { get } from "studio/api";
import { element } from "studio/words";
import { asked, change } from "runs/experiment/address";

const WAIT_MS = 80;

export class Query {
  constructor(form, url) {
    Object.assign(this, { url, items: [], at: -1, timer: 0, asking: null });
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
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#complete(), WAIT_MS);
  }

  async #complete() {
    this.asking?.abort();
    const own = (this.asking = new AbortController());
    const query = new URLSearchParams({ q: this.box.value, at: this.box.selectionStart });
    const answer = await get(`${this.url}?${query}`, { signal: own.signal }).catch(() => null);
    if (answer && this.asking === own && document.activeElement === this.box) this.#open(answer.items);
  }

  #open(items) {
    Object.assign(this, { items, at: -1 });
    this.list.replaceChildren(...items.map(({ label, kind }, at) =>
      element("li", { role: "option", id: `query-item-${at}`, "aria-selected": "false" }, element("span", {}, label), element("small", {}, kind))));
    this.list.hidden = !items.length;
    this.box.setAttribute("aria-expanded", String(items.length > 0));
    this.box.removeAttribute("aria-activedescendant");
  }

  #mark(at) {
    this.at = (at + this.items.length) % this.items.length;
    [...this.list.children].forEach((item, index) => item.setAttribute("aria-selected", String(index === this.at)));
    this.list.children[this.at].scrollIntoView({ block: "nearest" });
    this.box.setAttribute("aria-activedescendant", `query-item-${this.at}`);
  }

  #take(at) {
    const { insert, from, to } = this.items[at];
    const { value } = this.box;
    this.box.value = value.slice(0, from) + insert + value.slice(to);
    this.box.setSelectionRange(from + insert.length, from + insert.length);
    this.#complete();
  }

  #key(event) {
    const way = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (way && this.items.length) this.#mark(this.at < 0 && way < 0 ? this.items.length - 1 : this.at + way);
    else if (way > 0) this.#complete();
    else if (event.key === "Enter" && this.at >= 0) this.#take(this.at);
    else if (event.key === "Tab" && this.at >= 0 && !event.shiftKey) this.#take(this.at);
    else if (event.key === "Escape" && this.items.length) this.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
