// Where the tiles' points come from: asked for over HTTP, then told by the socket as the run logs.

import { get } from "studio/api";
import { listen } from "studio/live";
import { Points } from "runs/charts/points";

// A line that outgrew its bins, or of which too much came at once, is asked for again this often.
const AGAIN_MS = 1000;
const RETRY_MS = 3000;

export class Feed {
  /**
   * tiles: name → curve. The page is told: add(summary) of a new metric, changed(curve) of new points,
   * reshaped() when there are other curves than before, grew() after each delta, failed(text).
   * summaries: where below `api` the summaries are.  wants(summary): whether it is one of the page's.
   * isLazy: only curves in sight are asked for again; the others when they come into it.
   */
  constructor({ api, topic, tiles, page, summaries = "metrics", wants = () => true, isLazy = false }) {
    Object.assign(this, { api, tiles, page, summaries, wants, isLazy, isBehind: false, asking: null });
    const took = (name, answer) => this.#take(tiles.get(name), answer);
    const failed = (error, names) => this.#fail(error, names);
    this.points = new Points(api, { took, failed });
    listen(topic, (event) => event.event === "points" && this.#hear(event.series), () => this.catchUp());
    document.addEventListener("visibilitychange", () => this.isBehind && this.catchUp());
  }

  /** Ask for the thinned curves of tiles that are not waiting for theirs already. */
  load(some) {
    const asked = some.filter((tile) => !tile.recent);
    for (const tile of asked) tile.recent = [];
    this.points.ask(asked.map(({ series }) => series.name));
  }

  /** Ask for those of `some` that lack points, or have missed some. */
  show(some) {
    this.load(some.filter((tile) => !tile.series.points || tile.isStale));
  }

  #take(tile, answer) {
    if (!tile.load(answer)) this.#again([tile], AGAIN_MS);
    this.page.failed("");
    this.page.changed(tile);
  }

  #fail(error, names) {
    const some = names.map((name) => this.tiles.get(name));
    for (const tile of some) tile.recent = null;
    this.page.failed(error.message);
    this.#again(some, RETRY_MS);
  }

  /** Ask for curves anew, all that lack something together, and not at once. */
  #again(some, wait) {
    for (const tile of some) tile.isStale = true;
    if (!some.length || this.timer) return;
    this.timer = setTimeout(() => {
      this.timer = 0;
      this.#loadStale();
    }, wait);
  }

  #loadStale() {
    if (document.hidden) return void (this.isBehind = true);
    this.load([...this.tiles.values()].filter((tile) => tile.isStale && this.#isWanted(tile)));
  }

  #isWanted(tile) {
    return tile.isSeen || Boolean(tile.series.points && !this.isLazy);
  }

  /** Apply what the run just logged; ask for what does not continue what is here. */
  #hear(series) {
    // A page that nobody sees does nothing, and asks once when it is looked at again.
    if (document.hidden) return void (this.isBehind = true);
    const ours = Object.entries(series).filter(([name, delta]) => this.tiles.has(name) || this.wants(delta));
    const deltas = ours.map(([name, delta]) => [this.tiles.get(name), delta]);
    if (deltas.some(([tile]) => !tile)) return void this.catchUp();
    const curves = deltas.filter(([tile]) => tile.isCurve).length;
    const gaps = deltas.filter(([tile, delta]) => !tile.grow(delta) || tile.series.isTooDense());
    for (const [tile] of deltas) this.page.changed(tile);
    if (deltas.filter(([tile]) => tile.isCurve).length !== curves) this.page.reshaped();
    this.page.grew();
    this.#again(gaps.map(([tile]) => tile), AGAIN_MS);
  }

  /** Ask for all summaries, and anew for the curves that grew; one such request at a time. */
  async catchUp() {
    this.isBehind = true;
    this.asking ??= this.#ask().finally(() => (this.asking = null));
    await this.asking;
  }

  async #ask() {
    while (this.isBehind && !document.hidden) {
      this.isBehind = false;
      const answer = await get(this.api + this.summaries).catch(() => null);
      if (!answer) return;
      for (const summary of answer.series.filter((one) => this.wants(one))) {
        const tile = this.tiles.get(summary.name);
        if (!tile) this.page.add(summary);
        else if (tile.series.count !== summary.count) tile.renew(summary);
      }
      this.#loadStale();
      this.page.reshaped();
    }
  }
}
