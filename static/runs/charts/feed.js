// Where the tiles' points come from: asked for over HTTP, then told by the socket as the run logs.

import { get } from "studio/api";
import { listen } from "studio/live";
import { Points } from "runs/charts/points";

// A line that outgrew its thinned view is asked for again at most this often.
const AGAIN_MS = 2000;

export class Feed {
  /**
   * tiles: name → tile. The page is told: add(summary) of a new metric, changed(tile) of new points,
   * reshaped() when there are other curves than before, grew() after each delta, failed(text).
   * summaries: where below `api` the summaries are.
   */
  constructor({ api, topic, tiles, page, summaries = "metrics" }) {
    Object.assign(this, { api, tiles, page, summaries, isBehind: false, asking: null });
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

  #take(tile, answer) {
    if (!tile.load(answer)) this.load([tile]);
    this.page.failed("");
    this.page.changed(tile);
  }

  #fail(error, names) {
    for (const name of names) this.tiles.get(name).recent = null;
    this.page.failed(error.message); // the socket's return asks again
  }

  /** Apply what the run just logged; ask for what does not continue what is here. */
  #hear(series) {
    // A page that nobody sees does nothing, and asks once when it is looked at again.
    if (document.hidden) return void (this.isBehind = true);
    const deltas = Object.entries(series).map(([name, delta]) => [this.tiles.get(name), delta]);
    if (deltas.some(([tile]) => !tile)) return void this.catchUp();
    const curves = deltas.filter(([tile]) => tile.isCurve).length;
    const gaps = deltas.filter(([tile, delta]) => !tile.grow(delta) || isOverdue(tile));
    for (const [tile] of deltas) this.page.changed(tile);
    if (deltas.filter(([tile]) => tile.isCurve).length !== curves) this.page.reshaped();
    this.page.grew();
    this.load(gaps.map(([tile]) => tile).filter(isWanted));
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
      for (const summary of answer.series) {
        const tile = this.tiles.get(summary.name);
        if (!tile) this.page.add(summary);
        else if (tile.series.count !== summary.count) tile.renew(summary);
      }
      this.load([...this.tiles.values()].filter((tile) => tile.isStale && isWanted(tile)));
      this.page.reshaped();
    }
  }
}

const isWanted = (tile) => tile.series.points || tile.isSeen;
const isOverdue = (tile) =>
  tile.series.isTooDense(tile.drawn) && Date.now() - tile.loadedAt > AGAIN_MS;
