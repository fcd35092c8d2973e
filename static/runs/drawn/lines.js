// A table's columns of numbers, drawn over the first of them.

import { get } from "studio/api";
import { CONFIG, layout } from "studio/charts";
import { element } from "studio/words";

const DASHES = ["solid", "dot", "dash"];
const WORDS = ["", " dotted", " dashed"]; // the same in the key

export class Lines {
  constructor(tile) {
    this.tile = tile;
    this.plot = element("div", { class: "plot", role: "img", tabindex: "0" });
    this.keys = element("span", { class: "keys-of-lines" });
    this.node = element("div", { hidden: true }, this.plot, element("div", { class: "line" }, this.keys));
  }

  async load() {
    const { page, name } = this.tile;
    try {
      this.found = await get(`${page.api}drawn/lines?${new URLSearchParams({ name })}`);
      page.draw(this.tile);
    } catch (error) {
      this.tile.tell(error.message);
    }
  }

  draw() {
    if (!this.found || this.node.hidden) return;
    const { look } = this.tile.page;
    const { x, lines, more, is_rising: isRising } = this.found;
    const colourOf = (at) => look.colours[at % look.colours.length];
    const traces = lines.map((line, at) => ({
      // Lines between points that jump to and fro would hide them.
      type: "scatter", mode: isRising ? "lines" : "markers", x: line.x, y: line.y, connectgaps: false,
      line: { color: colourOf(at), width: 1.6, dash: DASHES[Math.floor(at / look.colours.length) % DASHES.length] },
      marker: { color: colourOf(at), size: 4 },
      hovertemplate: `${escaped(line.name)} <b>%{y:.5~g}</b>${at ? "" : `<br>${escaped(x)} %{x:.6~g}`}<extra></extra>`,
    }));
    const title = { text: escaped(x), font: { size: 11, color: look.faint }, standoff: 6 };
    const drawn = layout(look, { margin: { l: 58, r: 16, t: 10, b: 44 }, xaxis: { title } });
    window.Plotly.react(this.plot, traces, drawn, CONFIG);
    if (!this.hasPlot) this.plot.on("plotly_doubleclick", () => window.Plotly.relayout(this.plot, { "xaxis.autorange": true }));
    this.hasPlot = true;
    const keys = lines.map(({ name }, at) => {
      const dash = WORDS[Math.floor(at / look.colours.length) % WORDS.length];
      return element("small", { class: `line-${(at % look.colours.length) + 1}${dash}` }, name);
    });
    if (more) keys.push(element("small", {}, `and ${more} more columns`));
    this.keys.replaceChildren(...keys);
    this.plot.setAttribute("aria-label", `${this.tile.name}: ${lines.map(({ name }) => name).join(", ")} over ${x}`);
  }

  resize() {
    if (this.hasPlot && !this.node.hidden) window.Plotly.Plots.resize(this.plot);
  }
}

/** A column's name is anyone's text; Plotly reads some tags in it. */
export const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll("%{", "% {");
