// Rows of name and value. There is always an empty one to write into.
import { element } from "studio/words";

export class Variables {
  /** root: holds the rows; it hears "input" whenever one changes. */
  constructor(root) {
    this.root = root;
    root.addEventListener("input", () => this.#room());
    root.addEventListener("click", ({ target }) => {
      const button = target.closest("[data-removes]");
      if (!button) return;
      const row = button.closest(".variable");
      const next = row.nextElementSibling ?? row.previousElementSibling;
      row.remove();
      this.#room();
      next?.querySelector("input").focus();
      root.dispatchEvent(new Event("input", { bubbles: true }));
    });
    this.show({});
  }

  /** name → value, without rows that have no name. */
  get value() {
    const rows = [...this.root.children].map((row) => [...row.querySelectorAll("input")]);
    const named = rows.map(([name, value]) => [name.value.trim(), value.value]);
    return Object.fromEntries(named.filter(([name]) => name));
  }

  show(variables) {
    this.root.replaceChildren(...Object.entries(variables).map(([name, value]) => this.#row(name, value)));
    this.#room();
  }

  #room() {
    const last = this.root.lastElementChild;
    const isFree = last && ![...last.querySelectorAll("input")].some(({ value }) => value);
    if (!isFree) this.root.append(this.#row("", ""));
  }

  #row(name, value) {
    const plain = { class: "field mono", autocomplete: "off", spellcheck: false };
    const fields = [
      element("input", { ...plain, "aria-label": "Variable", placeholder: "NAME" }),
      element("input", { ...plain, "aria-label": "Value", placeholder: "value" }),
    ];
    [fields[0].value, fields[1].value] = [name, value];
    return element(
      "div",
      { class: "variable" },
      ...fields,
      element("button", { type: "button", class: "btn small", "data-removes": "", "aria-label": "Remove the variable" }, "✕"),
    );
  }
}
