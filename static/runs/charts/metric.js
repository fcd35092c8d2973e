// One metric of the page: its curve, its colour, and the tile it is drawn in.

import { Curve } from "runs/charts/curve";
import { Series } from "runs/charts/series";

export class Metric extends Curve {
  /** colour: how many curves were there before it; it keeps its colour for good. */
  constructor(summary) {
    super(new Series(summary));
    Object.assign(this, { tile: null, colour: null });
  }

  get name() {
    return this.series.name;
  }

  get isCurve() {
    return this.series.isNumber && this.series.count > 1;
  }

  get isSeen() {
    return Boolean(this.tile?.isSeen);
  }

  /** The points to draw: of the part that is zoomed to, once they are here, or of the whole. */
  get shown() {
    return this.zoom?.points ?? this.series.shown;
  }

  /** Let go what takes room: a page of 2,000 metrics holds the points of those in sight. */
  forget() {
    this.series.forget();
    this.zoom = this.zoom && { ...this.zoom, points: null, isAsked: false };
  }
}
