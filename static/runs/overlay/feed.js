// Points of runs that go on, as the socket tells them.

import { listen } from "studio/live";

// A socket hears 200 topics: the page's own and its other parts want some.
const MOST_RUNS = 100;
// Many topics begin to be heard in the same moment: their runs are asked for together.
const JOIN_MS = 250;

export class Feed {
  /** heard(id, series): what a run just logged.  doubted(ids): runs that may have logged more. */
  constructor({ heard, doubted }) {
    Object.assign(this, { heard, doubted, stops: new Map(), missed: new Set(), timer: 0 });
    document.addEventListener("visibilitychange", () => document.hidden || this.#join());
  }

  /** Hear these runs, and no others. */
  follow(ids) {
    const wanted = new Set(ids.slice(0, MOST_RUNS));
    for (const [id, stop] of this.stops) if (!wanted.has(id)) stop(this.stops.delete(id));
    for (const id of wanted) {
      if (this.stops.has(id)) continue;
      const hear = ({ event, series }) => event === "points" && this.#hear(id, series);
      this.stops.set(id, listen(`run:${id}:metrics`, hear, () => this.#miss(id)));
    }
  }

  #hear(id, series) {
    // A page that nobody sees does nothing, and asks once when it is looked at again.
    if (document.hidden) return void this.missed.add(id);
    this.heard(id, series);
  }

  #miss(id) {
    this.missed.add(id);
    this.#join();
  }

  #join() {
    this.timer ||= setTimeout(() => {
      this.timer = 0;
      if (document.hidden || !this.missed.size) return;
      const ids = [...this.missed];
      this.missed.clear();
      this.doubted(ids);
    }, JOIN_MS);
  }
}
