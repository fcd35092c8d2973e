// What every tile of the tab has: its name, which opens it alone, what it says of itself, a body.

import { element } from "studio/words";

const FORMS = {
  image: "images",
  confusion_matrix: "charts",
  accuracy_table: "charts",
  residuals: "charts",
  predictions: "charts",
  table: "tables",
};

/** In which group of the page a series stands. */
export const groupOf = ({ form }) => FORMS[form] ?? "texts";

export class Tile {
  /**
   * summary: of the series, as the API has it.  page: what all share: { api, look, isLive, open(name),
   * addressOf(name), draw(tile), tell(tile) }.
   */
  constructor(summary, page) {
    Object.assign(this, { summary, page, isSeen: false, isStarted: false });
    const { name } = summary;
    this.link = element("a", { href: page.addressOf(name), title: name }, name);
    this.said = element("span", { class: "said" });
    this.head = element("header", {}, element("b", {}, this.link), this.said);
    this.problem = element("p", { class: "problem", role: "status", hidden: true });
    this.node = element("article", { class: "tile", "aria-label": name });
    this.node.dataset.form = summary.form;
    this.node.append(this.head, this.problem);
    this.link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      page.open(name);
    });
  }

  get name() {
    return this.summary.name;
  }

  /** It came into sight: begin to load, or catch up. */
  seen() {
    if (this.isStarted) return this.returned();
    this.isStarted = true;
    this.start();
  }

  /** Take a newer summary. */
  renew(summary) {
    const isLonger = summary.count !== this.summary.count;
    this.summary = summary;
    if (isLonger) this.grow(summary.count);
  }

  /** The series has `count` values now. */
  grow(count) {
    if (count < this.summary.count) return;
    this.summary.count = count;
    this.describe();
    if (this.isStarted) this.grew();
  }

  /** Say what keeps the tile from being drawn; "" when nothing does. */
  tell(words) {
    this.problem.textContent = words;
    this.problem.hidden = !words;
  }

  /** The part of the address that is this tile's own, when it stands alone. */
  get address() {
    return {};
  }

  // What the kinds of tiles do in their own way.
  describe() {}
  start() {}
  grew() {}
  returned() {}
  filesChanged() {}
  draw() {}
  resize() {}
}

/** Buttons of which one is pressed. choices: value → words. */
export function switcher(label, choices, { chosen, changed }) {
  const group = element("div", { class: "seg", role: "group", "aria-label": label });
  const press = (value) => {
    for (const button of group.children) {
      button.setAttribute("aria-pressed", String(button.value === value));
    }
  };
  for (const [value, words] of Object.entries(choices)) {
    const button = element("button", { type: "button", value }, words);
    button.addEventListener("click", () => {
      press(value);
      changed(value);
    });
    group.append(button);
  }
  press(chosen);
  return group;
}
