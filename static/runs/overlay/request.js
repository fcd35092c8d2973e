// A tile's requests: of each kind one at a time; a newer takes the place of an older.

export class Requests {
  /** failed(words): why there is no answer. */
  constructor(failed) {
    Object.assign(this, { failed, going: new Map() });
  }

  /** ask(signal) → its answer; null where it failed, or another took its place. */
  async only(kind, ask) {
    this.going.get(kind)?.abort();
    const going = new AbortController();
    this.going.set(kind, going);
    try {
      const answer = await ask(going.signal);
      return this.going.get(kind) === going ? answer : null;
    } catch (error) {
      if (error.name !== "AbortError") this.failed(error.message);
      return null;
    }
  }

  stop() {
    for (const going of this.going.values()) going.abort();
  }
}
