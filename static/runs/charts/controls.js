// The bar over the charts, and all that the page remembers: both follow the address.

import { read, write } from "runs/charts/address";

const CHECKS = ["log", "flat", "apart", "together"];
// Typing does not write the address at each letter: browsers refuse more than some in a second.
const WRITE_MS = 150;

export class Controls {
  /** form: the bar. changed(): called after each change. */
  constructor(form, changed) {
    Object.assign(this, { form, changed, state: read(), timer: 0 });
    this.#show();
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", ({ target }) => {
      if (!target.name) return;
      const { find, axis, smoothing } = form.elements;
      const checks = CHECKS.map((name) => [name, form.elements[name].checked !== isTurned(name)]);
      this.set({
        find: find.value,
        axis: axis.value,
        smoothing: Number(smoothing.value),
        isChosen: this.state.isChosen || target === smoothing,
        ...Object.fromEntries(checks),
      });
    });
  }

  /** Change what the page shows, in the bar and in the address. */
  set(changes) {
    Object.assign(this.state, changes);
    this.#show();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => write(this.state), WRITE_MS);
    this.changed(changes);
  }

  #show() {
    const { find, axis, smoothing, smoothing_value: words } = this.form.elements;
    if (find.value !== this.state.find) find.value = this.state.find;
    axis.value = this.state.axis;
    smoothing.value = String(this.state.smoothing);
    words.value = this.state.smoothing.toFixed(2);
    for (const name of CHECKS) this.form.elements[name].checked = this.state[name] !== isTurned(name);
  }
}

/** Two boxes are on where nothing is said, so the address names what is off. */
const isTurned = (name) => name === "flat" || name === "apart";
