// Find in what a preview shows: the browser paints the places, no element is changed.

import { count } from "studio/words";

const MOST = 5000;
const BLOCKS = ".line, .leaf, summary, td, th, li, p, pre, h2, h3, dd";
const isAble = () => globalThis.CSS?.highlights && globalThis.Highlight;

export class Find {
  /** bar: the element with the field and its buttons. body: () → the element that is looked through. */
  constructor(bar, body) {
    Object.assign(this, { bar, body, ranges: [], at: -1 });
    const part = (name) => bar.querySelector(`[data-find="${name}"]`);
    [this.field, this.tally] = ["field", "tally"].map(part);
    this.field.addEventListener("input", () => this.restart());
    this.field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.go(event.shiftKey ? -1 : 1);
      else if (event.key === "Escape") this.clear();
      else return;
      event.preventDefault();
    });
    part("next").addEventListener("click", () => this.go(1));
    part("previous").addEventListener("click", () => this.go(-1));
    bar.hidden = !isAble();
  }

  clear() {
    this.field.value = "";
    this.restart();
  }

  restart() {
    this.at = -1;
    this.again();
  }

  /** Look again: what is shown has changed. */
  again() {
    const wanted = this.field.value.toLowerCase();
    this.ranges = wanted && isAble() ? this.#found(wanted) : [];
    this.at = Math.min(this.at, this.ranges.length - 1);
    this.#paint();
  }

  #found(wanted) {
    const nodes = []; // [where it begins in the whole text, node]
    const walker = document.createTreeWalker(this.body(), NodeFilter.SHOW_TEXT);
    let [text, block] = ["", null];
    while (walker.nextNode()) {
      const own = walker.currentNode.parentElement.closest(BLOCKS);
      if (own !== block) text += "\u0000";
      block = own;
      nodes.push([text.length, walker.currentNode]);
      text += walker.currentNode.data;
    }
    const low = text.toLowerCase();
    const ranges = [];
    if (low.length !== text.length) return ranges; // letters whose small form is longer: places would lie
    for (let at = low.indexOf(wanted); at >= 0 && ranges.length < MOST; at = low.indexOf(wanted, at + wanted.length)) {
      ranges.push(range(nodes, at, at + wanted.length));
    }
    return ranges;
  }

  #paint() {
    const { ranges, at } = this;
    if (isAble()) {
      CSS.highlights.set("found", new Highlight(...ranges));
      CSS.highlights.set("found-now", new Highlight(...(ranges[at] ? [ranges[at]] : [])));
    }
    const most = ranges.length === MOST ? "+" : "";
    const place = at < 0 ? "" : `${count(at + 1)} of `;
    this.tally.textContent = this.field.value ? `${place}${count(ranges.length)}${most}` : "";
  }

  go(step) {
    const { length } = this.ranges;
    if (!length) return;
    this.at = this.at < 0 ? (step > 0 ? 0 : length - 1) : (this.at + step + length) % length;
    this.#paint();
    this.ranges[this.at].startContainer.parentElement.scrollIntoView({ block: "center", inline: "nearest" });
  }
}

function range(nodes, from, to) {
  const made = new Range();
  const [start, end] = [place(nodes, from), place(nodes, to - 1)];
  made.setStart(...start);
  made.setEnd(end[0], end[1] + 1);
  return made;
}

/** The node and the place in it of a place in the whole text. */
function place(nodes, at) {
  let [low, high] = [0, nodes.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (nodes[middle][0] <= at) low = middle;
    else high = middle - 1;
  }
  return [nodes[low][1], at - nodes[low][0]];
}
