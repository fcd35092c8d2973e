// The axes of parallel coordinates: titles, ticks, and what is selected of each, by mouse or keys.

import { words } from "runs/compare/shown";
import { element } from "studio/words";

const TOP = 46, BELOW = 40, NONE = 18, SIDE = 70;
const NEAR = 0.025;

/** The ends hold runs, and are hard to meet exactly. */
const snapped = (at) => (at < NEAR ? 0 : at > 1 - NEAR ? 1 : at);

export class Axes {
  /** then: changed() after a selection; keys(keys) after axes were moved or taken out. */
  constructor(box, brushes, then) {
    Object.assign(this, { box, brushes, then, axes: [], nodes: new Map() });
  }

  show(axes) {
    const focused = this.box.contains(document.activeElement) ? document.activeElement.dataset.axis : null;
    const text = JSON.stringify(axes.map(({ key, scale }) => [key, scale.ticks]));
    this.axes = axes;
    if (text === this.text) return;
    this.text = text;
    this.nodes = new Map(axes.map((axis) => [axis.key, this.#make(axis)]));
    this.box.replaceChildren(...this.nodes.values());
    if (focused) this.nodes.get(focused)?.querySelector(".strip").focus();
  }

  #make({ key, column, scale }) {
    const strip = element("div", { class: "strip", role: "slider", tabindex: "0", "data-axis": key }, element("i", { class: "range", hidden: true }));
    const ticks = scale.ticks.map(({ at, words: text }) => {
      const tick = element("span", { class: "tick", title: text }, text);
      tick.style.bottom = `${at * 100}%`;
      return tick;
    });
    const title = element("b", { title: key }, column.title + (scale.isLog ? " (log)" : ""));
    const lacking = column.values.some((_, place) => scale.at(place) === null);
    const none = lacking ? [element("span", { class: "none" }, "none")] : [];
    const node = element("div", { class: "axis" }, title, element("div", { class: "rail" }, strip, ...ticks, ...none));
    strip.addEventListener("keydown", (event) => this.#key(event, key));
    strip.addEventListener("pointerdown", (event) => this.#drag(event, strip, key));
    return node;
  }

  /** Lay the axes out in a box of this size; return the shape that lines are drawn in. */
  place(width, height) {
    const gap = this.axes.length > 1 ? (width - 2 * SIDE) / (this.axes.length - 1) : 0;
    const x = this.axes.map((_, at) => SIDE + at * gap);
    this.axes.forEach(({ key }, at) => {
      const node = this.nodes.get(key);
      node.style.left = `${x[at]}px`;
      node.style.setProperty("--gap", `${Math.max(60, gap || width)}px`);
    });
    return { width, height, x, top: TOP, bottom: height - BELOW, none: height - NONE };
  }

  /** Show what is selected. */
  mark() {
    for (const { key, scale, column } of this.axes) {
      const strip = this.nodes.get(key).querySelector(".strip");
      const range = this.brushes.get(key);
      const shown = strip.firstElementChild;
      shown.hidden = !range;
      if (range) [shown.style.bottom, shown.style.top] = [`${range[0] * 100}%`, `${(1 - range[1]) * 100}%`];
      const ends = (range ?? [0, 1]).map((at) => words(scale.valueAt(at), column.form === "time" ? "number" : column.form));
      strip.setAttribute("aria-label", column.title);
      strip.setAttribute("aria-valuemin", "0");
      strip.setAttribute("aria-valuemax", "100");
      strip.setAttribute("aria-valuenow", String(Math.round((range?.[0] ?? 0) * 100)));
      strip.setAttribute("aria-valuetext", range ? `from ${ends[0]} to ${ends[1]}` : "all");
    }
  }

  #key(event, key) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const up = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    const aside = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const isKnown = up || aside || ["Delete", "Backspace", "Escape"].includes(event.key);
    if (!isKnown) return;
    event.preventDefault();
    if (up) this.brushes.move(key, up, event.shiftKey);
    else if (event.key === "Escape") {
      this.brushes.set(key, null);
      this.brushes.keep();
    } else return this.#move(key, aside);
    this.then.changed();
  }

  /** Move an axis to a side; without a side, take it out. The last is the metric's, and stays. */
  #move(key, aside) {
    const keys = this.axes.map((axis) => axis.key);
    const at = keys.indexOf(key);
    if (at === keys.length - 1) return;
    keys.splice(at, 1);
    if (aside) keys.splice(Math.max(0, Math.min(keys.length - 1, at + aside)), 0, key);
    else this.brushes.set(key, null);
    this.then.keys(keys);
  }

  #drag(event, strip, key) {
    const box = strip.getBoundingClientRect();
    const share = ({ clientY }) => snapped((box.bottom - clientY) / box.height);
    const from = share(event);
    strip.setPointerCapture(event.pointerId);
    const move = (now) => {
      this.brushes.set(key, [from, share(now)]);
      this.then.changed();
    };
    const end = (now) => {
      strip.removeEventListener("pointermove", move);
      move(now);
      this.brushes.keep();
    };
    strip.addEventListener("pointermove", move);
    strip.addEventListener("pointerup", end, { once: true });
  }
}
