// The browser's scroll bar and the place at the top of the page, each of which may move the other.

// Further than a wheel turns at once, nearer than one pixel of a long log's scroll bar.
const NEAR_PX = 5000;

export class ScrollBar {
  constructor(scroller, layout) {
    Object.assign(this, { scroller, layout, at: 0 });
  }

  /** How far it was moved by its reader since it was last looked at, in pixels. */
  get by() {
    return this.scroller.scrollTop - this.at;
  }

  get room() {
    return this.scroller.scrollHeight - this.scroller.clientHeight;
  }

  /** Whether it cannot be moved on. */
  get isAtAnEnd() {
    return this.at <= 1 || this.at >= this.room - 1;
  }

  /** The place at the top now that it was moved; last: the place when the end is in sight. */
  moved(top, last) {
    const { by, layout } = this;
    this.at = this.scroller.scrollTop;
    // A turn of the wheel moves by pixels of the log; the bar itself, dragged, by its share.
    if (Math.abs(by) < NEAR_PX) return layout.walk(top, by);
    return layout.place((this.at / this.room) * layout.value(last));
  }

  /** Bring it to where the place at the top is. */
  align(top, last) {
    const { scroller, layout, room } = this;
    const end = layout.value(last);
    const share = end ? layout.value(top) / end : 0;
    let place = Math.round(share * room);
    // At its ends it cannot be moved on, so it is there only when the lines are.
    if (share > 0 && share < 1) place = Math.max(1, Math.min(room - 1, place));
    if (Math.abs(scroller.scrollTop - place) >= 1) scroller.scrollTop = place;
    this.at = scroller.scrollTop;
  }
}
