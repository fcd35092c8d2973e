// Which runs are selected: by their boxes, with shift a range, by `x`; kept in the address by number.

import { asked, change } from "runs/experiment/address";
import { told } from "runs/experiment/table";

const rows = () => [...document.querySelectorAll("#run-table tr[data-key]")];
const boxOf = (row) => row.querySelector("input[type=checkbox]");

export class Selection {
  constructor() {
    Object.assign(this, { known: new Map(), numbers: new Set(), last: null });
    document.addEventListener("click", (event) => this.#click(event));
    document.addEventListener("rows-changed", () => this.#learn());
    document.addEventListener("address-changed", ({ detail }) => detail.isBack && this.#read());
    this.#learn();
    this.#read();
  }

  /** The selected runs as the studio told them, in the order they were selected. */
  get runs() {
    return [...this.numbers].map((number) => this.known.get(number)).filter(Boolean);
  }

  #learn() {
    const { runs, others } = told();
    for (const run of [...others, ...runs]) this.known.set(run.number, run);
    this.#show();
  }

  #read() {
    const numbers = (asked().get("runs") ?? "").split(",").map(Number).filter(Boolean);
    this.numbers = new Set(numbers);
    this.#show();
  }

  #click(event) {
    const box = event.target.closest("#run-table input[type=checkbox]");
    if (!box) return;
    if (box.matches("[data-all]")) return this.set(rows(), box.checked);
    const row = box.closest("tr");
    const all = rows();
    const [from, to] = [all.indexOf(this.last), all.indexOf(row)].sort((one, other) => one - other);
    this.set(event.shiftKey && from >= 0 ? all.slice(from, to + 1) : [row], box.checked);
    this.last = row;
  }

  /** Select the row, or no more. */
  toggle(row) {
    this.set([row], !boxOf(row).checked);
    this.last = row;
  }

  set(some, isSelected) {
    for (const row of some) {
      const number = Number(row.dataset.number);
      if (isSelected) this.numbers.add(number);
      else this.numbers.delete(number);
    }
    this.#kept();
  }

  clear() {
    this.numbers.clear();
    this.#kept();
  }

  #kept() {
    this.#show();
    change({ runs: [...this.numbers].join(",") || null }, { isStep: false });
  }

  // Boxes come disabled: one that was ticked before this script was there would lose its tick.
  #show() {
    const all = rows();
    let count = 0;
    for (const row of all) {
      const isSelected = this.numbers.has(Number(row.dataset.number));
      count += isSelected;
      Object.assign(boxOf(row), { checked: isSelected, disabled: false });
      row.classList.toggle("sel", isSelected);
    }
    const box = document.querySelector("#run-table [data-all]");
    if (box) Object.assign(box, { disabled: false, checked: count > 0 && count === all.length, indeterminate: count > 0 && count < all.length });
  }
}
