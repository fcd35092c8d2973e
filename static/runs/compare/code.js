// Code and environment of two runs: which two, and which file is open, in the address.

import { read, readAll, write } from "runs/compare/state";

export class Code {
  constructor(root) {
    this.root = root;
    this.form = root.querySelector("[data-pair]");
    if (!this.form) return;
    for (const name of ["a", "b"]) this.#choose(name, read(name));
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.addEventListener("change", () => this.#keep());
    this.form.querySelector("[data-swap]").addEventListener("click", () => this.#swap());
    root.addEventListener("htmx:afterSettle", ({ detail }) => detail.target.id === "code-difference" && this.#open());
    // "toggle" does not bubble: it is heard on its way down.
    root.addEventListener("toggle", ({ target }) => target.dataset.path && this.#toggled(), true);
  }

  #choose(name, value) {
    const field = this.form.elements[name];
    if ([...field.options].some((option) => option.value === value)) field.value = value;
  }

  #keep() {
    write({ a: this.form.elements.a.value, b: this.form.elements.b.value });
  }

  #swap() {
    const { a, b } = this.form.elements;
    [a.value, b.value] = [b.value, a.value];
    this.#keep();
    this.#ask();
  }

  #ask() {
    this.asked = true;
    window.htmx.trigger(this.form, "fetch-pair");
  }

  /** Open the files that the address names. */
  #open() {
    const wanted = new Set(readAll("file"));
    for (const file of this.root.querySelectorAll("details[data-path]")) if (wanted.has(file.dataset.path)) file.open = true;
  }

  #toggled() {
    const open = [...this.root.querySelectorAll("details[data-path][open]")];
    write({ file: open.map((file) => file.dataset.path) });
  }

  async show() {
    if (this.form && !this.asked) this.#ask();
  }
}
