// An image at a step; the ones beside it are fetched before they are asked for.

import { count, element } from "studio/words";
import { Stepped } from "runs/drawn/stepped";

// So small, pixels are worth seeing.
const TINY = 160;

export class Picture extends Stepped {
  constructor(summary, page) {
    super(summary, page);
    this.image = element("img", { decoding: "async", hidden: true });
    this.image.addEventListener("error", () => {
      this.image.hidden = true;
      this.tell("The picture cannot be shown: its file is damaged, or only half of one.");
    });
    const whole = element("a", { target: "_blank", rel: "noopener" }, this.image);
    this.whole = whole;
    this.frame = element("div", { class: "picture-of" });
    this.frame.append(whole, this.problem);
    this.node.append(this.frame, this.line, this.steps.node);
  }

  /** A picture that is here stays: each has a file of its own. */
  mayChange() {
    return !this.item?.version;
  }

  measures({ width, height }) {
    return width === null ? [] : [`${count(width)} × ${count(height)} px`];
  }

  show(item) {
    const { image, whole } = this;
    const isShown = item.is_shown && !item.replaced;
    whole.hidden = image.hidden = !isShown;
    if (!isShown) return void image.removeAttribute("src");
    const url = this.urlOf(item);
    image.classList.toggle("tiny", item.width <= TINY && item.height <= TINY);
    image.alt = `${this.name} at step ${count(item.step)}`;
    whole.href = url;
    if (image.getAttribute("src") !== url) image.src = url;
    this.#fetchBeside();
  }

  async #fetchBeside() {
    const { number } = this;
    for (const beside of [number + 1, number - 1]) {
      if (beside < 0 || beside >= this.summary.count) continue;
      const item = await this.items.at(beside).catch(() => null);
      if (item?.is_shown) new Image().src = this.urlOf(item);
      if (this.number !== number) return;
    }
  }
}
