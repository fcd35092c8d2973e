// The slider over the values of a series: one of them is shown, and the latest is followed.

import { count as written, element } from "studio/words";

export class Steps {
  /** changed(number): a person chose the value of that number, counted from 0. */
  constructor(name, changed) {
    Object.assign(this, { changed, number: 0, count: 0 });
    this.range = element("input", { type: "range", min: "0", step: "1", "aria-label": `Step of ${name}` });
    this.output = element("output");
    this.before = this.#button("‹", "Previous step", () => this.number - 1);
    this.after = this.#button("›", "Next step", () => this.number + 1);
    this.latest = this.#button("Latest", "Show the latest step, and go on with it", () => this.count - 1);
    this.latest.classList.add("latest");
    this.node = element("div", { class: "steps", hidden: true });
    this.node.append(this.before, this.range, this.after, this.output, this.latest);
    this.range.addEventListener("input", () => this.#go(Number(this.range.value)));
  }

  #button(words, label, target) {
    const button = element("button", { type: "button", class: "btn small", title: label }, words);
    if (words.length === 1) button.setAttribute("aria-label", label);
    button.addEventListener("click", () => this.#go(target()));
    return button;
  }

  #go(number) {
    const within = Math.min(Math.max(0, number), this.count - 1);
    if (within !== this.number || within === this.count - 1) this.changed(within);
  }

  /** Show where it stands; item: what is known of that value, undefined until it has come. */
  show(number, count, item) {
    Object.assign(this, { number, count });
    this.node.hidden = count < 2;
    const isLast = number === count - 1;
    this.range.max = String(count - 1);
    this.range.value = String(number);
    const words = item ? `step ${written(item.step)}` : `${written(number + 1)} of ${written(count)}`;
    this.output.textContent = words;
    this.range.setAttribute("aria-valuetext", `${words}, ${written(number + 1)} of ${written(count)}`);
    this.before.disabled = number === 0;
    this.after.disabled = isLast;
    this.latest.setAttribute("aria-pressed", String(isLast));
  }
}
