// When tiles are drawn: only those in sight, all that changed together, at most 20 times a second.

const LEAST_MS = 50;
// What is left over after this long is drawn in the next round, so that typing and scrolling go on.
const MOST_MS = 20;
// Tiles that were scrolled past keep their picture for the way back, so many of them.
const MOST_UNSEEN = 40;

export class Drawing {
  /** drawn(): called after each round. seen(tile): called when a tile comes into sight. */
  constructor({ drawn, seen }) {
    Object.assign(this, { drawn, seen, dirty: new Set(), tiles: new Map(), next: 0, frame: 0 });
    this.unseen = new Set();
    this.sight = new IntersectionObserver((entries) => this.#look(entries), { rootMargin: "200px" });
    this.sizes = new ResizeObserver((entries) => {
      for (const { target } of entries) this.tiles.get(target).isResized = true;
      this.#ask();
    });
    document.addEventListener("visibilitychange", () => this.#ask());
  }

  watch(tile) {
    this.tiles.set(tile.node, tile);
    this.sight.observe(tile.node);
    this.add(tile);
  }

  unwatch(tile) {
    this.sight.unobserve(tile.node);
    this.sizes.unobserve(tile.node);
    this.tiles.delete(tile.node);
    this.dirty.delete(tile);
    this.unseen.delete(tile);
  }

  add(tile) {
    this.dirty.add(tile);
    this.#ask();
  }

  #look(entries) {
    for (const { target, isIntersecting } of entries) {
      const tile = this.tiles.get(target);
      if (!tile) continue;
      tile.isSeen = isIntersecting;
      this.unseen.delete(tile);
      if (isIntersecting) {
        this.sizes.observe(target);
        this.seen(tile);
      } else if (tile.hasPlot) this.unseen.add(tile);
    }
    for (const tile of [...this.unseen].slice(0, -MOST_UNSEEN)) {
      this.unseen.delete(tile);
      tile.forget?.();
    }
    this.#ask();
  }

  #ask() {
    if (this.frame || document.hidden) return;
    const wait = Math.max(0, this.next - performance.now());
    // The timer spaces the rounds, the frame puts each right before the browser paints.
    this.frame = setTimeout(() => requestAnimationFrame(() => this.#round()), wait);
  }

  #round() {
    const began = performance.now();
    this.frame = 0;
    for (const tile of this.tiles.values()) {
      if (tile.isResized && tile.isSeen) tile.resize();
      tile.isResized &&= !tile.isSeen;
    }
    this.again = false;
    for (const tile of this.dirty) {
      if (!tile.isSeen || tile.node.hidden) continue;
      this.again = performance.now() - began > MOST_MS;
      if (this.again) break;
      this.dirty.delete(tile);
      tile.draw();
    }
    this.drawn();
    const now = performance.now();
    // A slow machine spends at most half of its time on drawing.
    this.next = Math.max(began + LEAST_MS, now + (now - began));
    if (this.again) this.#ask();
  }
}
