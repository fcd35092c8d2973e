// A tile of files, one for each step: which is shown, that the latest is followed, what is missing.

import { bytes } from "studio/sizes";
import { count, element } from "studio/words";
import { Items } from "runs/drawn/items";
import { Steps } from "runs/drawn/steps";
import { Tile } from "runs/drawn/tile";

// The socket tells when files come, at most once; what is waited for is asked for again.
const AGAIN_MS = 5000;

export class Stepped extends Tile {
  constructor(summary, page) {
    super(summary, page);
    this.items = new Items(page.api, summary.name);
    this.number = summary.count - 1;
    this.isFollowing = true;
    this.shown = {};
    this.steps = new Steps(summary.name, (number) => this.go(number));
    this.facts = element("span");
    this.open = element("a", { target: "_blank", rel: "noopener", hidden: true }, "Open");
    this.save = element("a", { hidden: true }, "Download");
    this.line = element("div", { class: "line" });
    this.line.append(this.facts, this.open, this.save);
    this.describe();
  }

  describe() {
    this.said.textContent = this.summary.count > 1 ? `${count(this.summary.count)} steps` : "";
    this.steps.show(this.number, this.summary.count, this.item);
  }

  start() {
    const { step } = this;
    if (step === undefined) this.load();
    else this.goTo(step);
  }

  /** Show the value at a step of the training. */
  async goTo(step) {
    this.isStarted = true;
    const number = await this.items.numberAt(step).catch(() => this.summary.count - 1);
    this.go(number);
  }

  /** Show the value of that number; the last one is followed from then on. */
  go(number) {
    this.number = number;
    this.isFollowing = number === this.summary.count - 1;
    this.steps.show(number, this.summary.count);
    this.load();
  }

  grew() {
    this.items.forget();
    if (!this.isSeen) this.isStale = true;
    else if (this.isFollowing) this.go(this.summary.count - 1);
  }

  /** Files came: is what is shown, or waited for, among them? */
  async filesChanged() {
    if (!this.isStarted || !this.mayChange()) return;
    this.items.forget();
    if (!this.isSeen) return void (this.isStale = true);
    const now = await this.items.at(this.number).catch(() => null);
    if (now && (now.version !== this.item?.version || !now.version)) this.load();
  }

  /** It is in sight again. */
  returned() {
    if (!this.isStale) return;
    this.isStale = false;
    if (this.isFollowing) this.go(this.summary.count - 1);
    else this.load();
  }

  /** Fetch what is wanted now; what is wanted meanwhile comes next, not each step between. */
  async load() {
    this.isWanted = true;
    if (this.isLoading) return;
    this.isLoading = true;
    while (this.isWanted) {
      this.isWanted = false;
      const { number } = this;
      try {
        this.take(await this.fetch(number), number);
      } catch (error) {
        this.tell(error.message);
      }
    }
    this.isLoading = false;
  }

  take(item, number) {
    if (!item) return;
    this.item = item;
    // The address says what is shown: never what is only on its way.
    this.shown = this.isFollowing && number === this.number ? {} : { step: item.step };
    if (number === this.number) this.steps.show(number, this.summary.count, item);
    this.page.told(this);
    const isThere = item.size_bytes !== null;
    const url = isThere ? this.urlOf(item) : "";
    this.open.hidden = !isThere || !item.is_shown;
    this.save.hidden = !isThere;
    this.open.href = url;
    this.save.href = `${url}&download=1`;
    this.facts.textContent = isThere ? [...this.measures(item), bytes(item.size_bytes)].join(" · ") : "";
    this.tell(this.#trouble(item));
    this.show(item);
    clearTimeout(this.timer);
    if (!isThere && this.page.isLive) this.timer = setTimeout(() => this.filesChanged(), AGAIN_MS);
  }

  #trouble(item) {
    if (item.problem) return item.problem;
    if (item.replaced) return "A later step wrote its file over the one of this step: choose the latest.";
    if (item.size_bytes !== null) return "";
    if (this.page.isLive) return "Arriving: the script has named it, its file is on the way.";
    return `The file did not arrive before the run ended: ${item.path}`;
  }

  get address() {
    return this.shown;
  }

  urlOf({ path, version }) {
    const encoded = path.split("/").map(encodeURIComponent).join("/");
    return `${this.page.api}files/${encoded}?v=${version}`;
  }

  // What the kinds do in their own way.
  mayChange() {
    return true;
  }
  fetch(number) {
    return this.items.at(number);
  }
  measures() {
    return [];
  }
  show() {}
}
