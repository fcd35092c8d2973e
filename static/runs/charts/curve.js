// A series' curve on the page: asked for once, then grown by what comes live.

import { MOST, extend } from "runs/charts/series";

export class Curve {
  constructor(series) {
    Object.assign(this, { series, zoom: null, recent: null });
  }

  /** Take the curve that was asked for, and what came meanwhile; false when something is missing. */
  load(answer) {
    const came = this.recent ?? [];
    Object.assign(this, { recent: null, isStale: false });
    this.series.load(answer);
    return came.every((delta) => this.series.grow(delta));
  }

  /** Take what the run just logged; false when something between is missing. */
  grow(delta) {
    this.recent?.push(delta);
    const fresh = this.series.grow(delta);
    const zoomed = this.zoom?.points;
    // Beyond so many it is asked for anew by whoever drew it: see Tile.draw.
    if (fresh && zoomed && zoomed.steps.length < 4 * MOST) extend(zoomed, fresh);
    return fresh !== null;
  }

  /** Take a newer summary; the curve is asked for when it is in sight. */
  renew(summary) {
    this.series.summarise(summary);
    this.isStale = true;
  }
}
