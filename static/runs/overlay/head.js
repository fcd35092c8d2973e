// The head of a tile: its metric, how many runs are drawn, and what can be done with the chart.

import { unplaced } from "runs/charts/reach";
import { count, element, value } from "studio/words";

export class Head {
  constructor(tile) {
    this.tile = tile;
    const { name } = tile;
    this.badge = element("em", { hidden: true });
    this.words = element("span");
    const button = (words, act) => element("button", { type: "button", onclick: () => this.#close(act) }, words);
    this.log = button("Log scale", () => tile.page.say("overlay-log", { metric: name, log: !tile.isLog }));
    this.all = button("Show all of the axis", () => tile.zoomTo(null));
    const picture = button("Save as picture", () => this.#save());
    const remove = button("Remove this chart", () => tile.page.say("overlay-remove", { metric: name }));
    const summary = element("summary", { "aria-label": `Chart of ${name}`, title: "What this chart shows" }, "⋯");
    const sheet = element("div", { class: "sheet" }, this.log, this.all, picture, remove);
    this.menu = element("details", { class: "menu" }, summary, sheet);
    this.node = element("header", {}, element("b", { title: name }, name), this.badge, this.words, this.menu);
  }

  renew() {
    const { tile } = this;
    const runs = tile.store.lines(null).filter(({ steps }) => steps.length);
    const broken = tile.page.view.band ? [] : runs.filter((line) => line.odd != null);
    const odd = broken.length;
    const drawn = tile.page.view.band ? tile.shown : runs;
    const lost = unplaced(tile.shown.flatMap(({ exact }) => exact));
    write(this.words, tile.store.isLoaded ? `${count(drawn.length)} shown${lost && ", not all to scale"}` : "");
    this.words.title = lost;
    this.badge.hidden = !odd;
    const what = whatOf(broken);
    write(this.badge, odd === 1 ? `${what} at step ${count(broken[0].odd)}` : `${what} in ${count(odd)} runs`);
    this.badge.title = odd === 1 ? broken[0].run.name : "";
    this.log.setAttribute("aria-pressed", String(tile.isLog));
    this.all.hidden = !tile.zoom;
  }

  #close(act) {
    this.menu.open = false;
    this.menu.querySelector("summary").focus();
    act();
  }

  #save() {
    const { chart, name, page } = this.tile;
    const filename = name.replaceAll(/[^\w.-]+/g, "-");
    const look = { paper_bgcolor: page.look.surface, plot_bgcolor: page.look.surface };
    const size = { format: "png", scale: 2, width: chart.clientWidth, height: chart.clientHeight };
    window.Plotly.downloadImage({ data: chart.data, layout: { ...chart.layout, ...look } }, { ...size, filename });
  }
}

/** "NaN", "+Inf" or "−Inf", where the first of each line that was no number was that. */
function whatOf(broken) {
  const words = new Set(broken.map(({ oddValue }) => (oddValue === undefined ? "" : value(oddValue))));
  return (words.size === 1 && [...words][0]) || "no number";
}

const write = (place, words) => place.textContent !== words && (place.textContent = words);
