// Mean and band of each group of a tile's runs, as the studio reckons them.

import { bands, pointsOf } from "runs/overlay/asking";
import { bandOf } from "runs/overlay/band";
import { groupsOf } from "runs/overlay/colours";

export class Bands {
  /** tile: whose they are.  requests: how it asks. */
  constructor(tile, requests) {
    Object.assign(this, { tile, requests, all: new Map(), asked: "" });
  }

  /** Ask for them where they are not here, or old; true when there are new ones. */
  async load(isOld) {
    const asked = JSON.stringify([this.tile.page.view.band, this.#groups()]);
    if (asked === this.asked && !isOld) return true;
    const found = await this.#ask("all", {});
    if (!found) return false;
    Object.assign(this, { asked, all: found });
    return true;
  }

  /** Fetch what a zoom shows. */
  async detail(zoom) {
    const [from, to] = zoom.range.map(Math.round);
    zoom.bands = await this.#ask("part", { from, to });
  }

  #groups() {
    const { runs } = this.tile.page;
    const groups = Object.fromEntries(groupsOf(runs).map((name) => [name, []]));
    for (const { id, group = "" } of runs) groups[group].push(id);
    return groups;
  }

  async #ask(kind, part) {
    const { name, plot, page } = this.tile;
    const groups = this.#groups();
    const most = pointsOf(plot.clientWidth, Object.keys(groups).length);
    const wanted = { name, groups, most: Math.min(2000, most), band: page.view.band, ...part };
    const answer = await this.requests.only(`bands ${kind}`, (signal) => bands(page.workspace, wanted, signal));
    if (!answer) return null;
    const there = groupsOf(page.runs).filter((group) => answer[group]?.steps.length);
    return new Map(there.map((group) => [group, bandOf(answer[group])]));
  }
}
