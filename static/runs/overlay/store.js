// What a tile has of its metric: a line for each run, asked for once it is in sight, grown live.

import { curves, pointsOf } from "runs/overlay/asking";
import { firstAt, needsTimes, places } from "runs/overlay/axis";
import { Bands } from "runs/overlay/bands";
import { Line } from "runs/overlay/line";
import { Requests } from "runs/overlay/request";

// Lines that miss something, and bands that grew, are asked for again at most this often.
const AGAIN_MS = 2000;
const BANDS_AGAIN_MS = 5000;

export class Store {
  constructor(tile) {
    Object.assign(this, { tile, all: new Map(), problem: "", recent: null, isLoaded: false });
    this.requests = new Requests((words) => this.#failed(words));
    this.groups = new Bands(tile, this.requests);
  }

  /** Lines of the shown runs, in their order; of a zoom, in its detail where that has come. */
  lines(zoom) {
    return this.tile.page.runs.map(({ id }) => zoom?.lines?.get(id) ?? this.all.get(id)).filter(Boolean);
  }

  bands(zoom) {
    return zoom?.bands ?? this.groups.all;
  }

  /** The page shows other runs, or shows them otherwise. */
  renew() {
    for (const run of this.tile.page.runs)
      for (const line of [this.all.get(run.id), this.tile.zoom?.lines?.get(run.id)])
        if (line) Object.assign(line, { run, cache: line.run.started === run.started ? line.cache : null });
    this.load();
  }

  /** Ask for what is missing, once the tile is in sight. */
  async load() {
    const { page } = this.tile;
    if (!this.tile.isSeen || document.hidden) return;
    if (page.view.band) return this.#loadBands();
    const wanted = this.#missing();
    if (!wanted.length) return this.#done();
    const most = pointsOf(this.tile.plot.clientWidth, page.runs.length);
    const recent = (this.recent = []);
    const answer = await this.#ask("all", wanted, { most });
    if (!answer) return;
    this.recent = null;
    for (const run of wanted) {
      const line = new Line(run, most);
      line.load(answer[run.id]);
      this.all.set(run.id, line);
    }
    for (const [id, delta] of recent) this.grow(id, delta);
    if (this.tile.zoom) this.detail(this.tile.zoom);
    this.#done();
  }

  async #loadBands() {
    const isOld = this.areBandsOld;
    this.areBandsOld = false;
    if (await this.groups.load(isOld)) this.#done();
  }

  /** Runs whose line is not here, or not as it is wanted now. */
  #missing() {
    const { view, runs } = this.tile.page;
    const most = pointsOf(this.tile.plot.clientWidth, runs.length);
    return runs.filter(({ id }) => {
      const line = this.all.get(id);
      const isCoarse = line?.bin > 1 && line.most * 2 < most;
      return !line || line.isStale || isCoarse || (needsTimes(view) && line.steps.length && !line.times);
    });
  }

  #ask(kind, runs, more) {
    const { name, page } = this.tile;
    const wanted = { name, runs: runs.map(({ id }) => id), times: needsTimes(page.view), ...more };
    return this.requests.only(kind, (signal) => curves(page.workspace, wanted, signal));
  }

  #failed(words) {
    Object.assign(this, { problem: words, recent: null, isLoaded: true });
    this.tile.page.draw(this.tile);
  }

  #done() {
    Object.assign(this, { problem: "", isLoaded: true });
    this.tile.page.draw(this.tile);
    this.tile.page.say("overlay-loaded", { metric: this.tile.name });
  }

  /** Fetch what a zoom shows, where the whole line is thinned. */
  async detail(zoom) {
    const { view, runs } = this.tile.page;
    if (view.band) await this.groups.detail(zoom);
    else {
      const span = stepsIn(this.lines(null), zoom.range, view);
      if (!span?.lines.some(({ bin }) => bin > 1)) return;
      const most = pointsOf(this.tile.plot.clientWidth, runs.length);
      const inside = span.lines.map(({ run }) => run);
      const answer = await this.#ask("part", inside, { most, from: span.from, to: span.to });
      if (!answer) return;
      zoom.lines = new Map(inside.map((run) => [run.id, new Line(run, most)]));
      for (const [id, line] of zoom.lines) line.load(answer[id]);
    }
    this.tile.page.draw(this.tile);
  }

  grow(id, delta) {
    if (this.tile.page.view.band) return this.#later(BANDS_AGAIN_MS, () => (this.areBandsOld = true));
    if (this.recent) return void this.recent.push([id, delta]);
    const line = this.all.get(id);
    if (!line) return; // not asked for yet
    this.tile.zoom?.lines?.get(id)?.grow(delta);
    if (!line.grow(delta) || line.isLong) this.#later(AGAIN_MS, () => (line.isStale = true));
  }

  doubt(ids) {
    for (const id of ids) if (this.all.has(id)) this.all.get(id).isStale = true;
    this.areBandsOld = true;
    this.load();
  }

  #later(after, mark) {
    mark();
    this.timer ||= setTimeout(() => {
      this.timer = 0;
      this.load();
    }, after);
  }

  stop() {
    this.requests.stop();
    clearTimeout(this.timer);
  }
}

/** The steps that lie in a range of the axis: { from, to, lines }; null for none. */
function stepsIn(lines, [low, high], view) {
  const inside = lines.filter(({ steps }) => steps.length).flatMap((line) => {
    const x = places(line, line.run, view);
    const [first, last] = [Math.max(0, firstAt(x, low) - 1), Math.min(x.length - 1, firstAt(x, high))];
    return x[0] > high || x.at(-1) < low ? [] : [{ line, from: line.steps[first], to: line.steps[last] }];
  });
  if (!inside.length) return null;
  const [from, to] = [Math.min(...inside.map((one) => one.from)), Math.max(...inside.map((one) => one.to))];
  return { from, to, lines: inside.map(({ line }) => line) };
}
