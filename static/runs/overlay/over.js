// What lies over a chart while the mouse is there: a rule, the values of all runs at that place,
// best first; and one run's line on top of the others. Drawn beside Plotly, which would draw all anew.

import { element, count } from "studio/words";
import { MARGIN } from "runs/overlay/figure";
import { nearestAt } from "runs/overlay/axis";
import { dashMark } from "runs/overlay/colours";

const SVG = "http://www.w3.org/2000/svg";
const [MOST_ROWS, BOX_PX, NEAR_PX] = [12, 360, 12]; // near: a run that ended farther away does not seem to go on

const made = (name, kind) => {
  const node = document.createElementNS(SVG, name);
  node.setAttribute("class", kind);
  return node;
};

export class Over {
  /** tile: what it lies over: { plot, frame, shown }.  nearest(id or null): the run under the mouse. */
  constructor(tile, nearest) {
    Object.assign(this, { tile, nearest, at: null });
    this.box = element("div", { class: "over-box", hidden: true });
    this.svg = made("svg", "over");
    this.rule = made("path", "rule");
    this.line = made("path", "one");
    this.svg.append(this.rule, this.line);
    tile.plot.addEventListener("mousemove", (event) => this.move(event));
    tile.plot.addEventListener("mouseleave", () => this.leave());
    tile.plot.addEventListener("mousedown", () => this.leave());
  }

  /** After the chart was drawn (anew). */
  renew() {
    this.tile.plot.append(this.svg, this.box);
    this.#one();
    if (this.at) this.move(this.at);
  }

  /** Draw one run on top; null: none. */
  highlight(id) {
    if (this.id === id) return;
    this.id = id;
    this.#one();
  }

  #one() {
    const { frame, shown = [], plot } = this.tile;
    const found = frame && this.id && shown.find(({ line }) => line?.run.id === this.id);
    plot.classList.toggle("dimmed", Boolean(found));
    if (!found) return this.line.setAttribute("d", "");
    const { x, y, colour } = found;
    let isOpen = false;
    const moves = x.flatMap((place, at) => {
      const [left, top] = [this.#left(place), this.#top(y[at])];
      const was = isOpen;
      isOpen = Number.isFinite(top);
      return isOpen ? [`${was ? "L" : "M"}${left.toFixed(1)} ${top.toFixed(1)}`] : [];
    });
    // A lone point would be nothing: a line of no length has a round end.
    this.line.setAttribute("d", moves.length === 1 ? `${moves[0]}h0` : moves.join(""));
    this.line.style.stroke = colour;
  }

  get #size() {
    const { clientWidth: width, clientHeight: height } = this.tile.plot;
    return { width: width - MARGIN.l - MARGIN.r, height: height - MARGIN.t - MARGIN.b };
  }

  #left(place) {
    const { range, scale } = this.tile.frame;
    return MARGIN.l + ((scale.from(place) - range[0]) / (range[1] - range[0])) * this.#size.width;
  }

  #top(value) {
    const { heights, isLog } = this.tile.frame;
    const height = isLog ? Math.log10(value) : value;
    return MARGIN.t + (1 - (height - heights[0]) / (heights[1] - heights[0])) * this.#size.height;
  }

  move(event) {
    const { frame, shown, plot } = this.tile;
    if (!frame || !shown?.length || event.buttons) return this.leave();
    const at = plot.getBoundingClientRect();
    const [left, top] = [event.clientX - at.left, event.clientY - at.top];
    const { width } = this.#size;
    if (left < MARGIN.l - 2 || left > MARGIN.l + width + 2) return this.leave();
    this.at = { clientX: event.clientX, clientY: event.clientY, buttons: 0 };
    const { range, scale } = frame;
    const place = scale.back(range[0] + ((left - MARGIN.l) / width) * (range[1] - range[0]));
    this.#tell(this.#found(place, left, top), left);
  }

  /** What each line is at `place`, best first; with its distance from the mouse. */
  #found(place, left, top) {
    const best = this.tile.moreIsBetter ? -1 : 1;
    return this.tile.shown
      .flatMap((one) => {
        const at = nearestAt(one.x, place);
        const isBeside = place < one.x[0] || place > one.x.at(-1);
        if (isBeside && Math.abs(this.#left(one.x[at]) - left) > NEAR_PX) return [];
        const distance = Math.abs((this.#top(one.y[at]) || 0) - top);
        return [{ ...one, at, distance, value: one.exact[at] }];
      })
      .sort((one, other) => isOdd(one) - isOdd(other) || best * (one.value - other.value) || 0);
  }

  #tell(found, left) {
    if (!found.length) return this.leave();
    const nearest = found.reduce((one, other) => (other.distance < one.distance ? other : one));
    let rows = found.slice(0, MOST_ROWS);
    // The one that is pointed at is told in any case.
    if (!rows.includes(nearest)) rows = [...rows.slice(0, -1), nearest];
    const { words } = this.tile.frame.scale;
    const told = rows.map((row) => this.#row(row, row === nearest, nearest.steps[nearest.at]));
    const more = found.length - rows.length;
    this.box.replaceChildren(element("p", {}, words(nearest.x[nearest.at])), ...told);
    if (more > 0) this.box.append(element("p", {}, `and ${count(more)} more`));
    this.box.hidden = false;
    const line = this.#left(nearest.x[nearest.at]).toFixed(1);
    this.rule.setAttribute("d", `M${line} ${MARGIN.t}v${this.#size.height}`);
    const isRight = this.at.clientX + BOX_PX > innerWidth;
    const [side, other, from] = isRight ? ["right", "left", this.tile.plot.clientWidth - left] : ["left", "right", left];
    Object.assign(this.box.style, { [side]: `${from + 14}px`, [other]: "" });
    if (this.near !== nearest.line?.run.id) this.nearest((this.near = nearest.line?.run.id ?? null));
  }

  #row({ value, colour, dash, name, at, steps }, isNearest, step) {
    const mark = element("i", { class: `sw run-mark ${dashMark(dash)}` });
    mark.style.color = colour;
    const where = steps[at] === step ? "" : `at ${count(steps[at])}`;
    return element("div", { class: isNearest ? "near" : "" }, mark, element("span", {}, name), element("small", {}, where), element("b", {}, exact(value)));
  }

  leave() {
    if (!this.at && this.box.hidden) return;
    this.at = null;
    this.box.hidden = true;
    this.rule.setAttribute("d", "");
    if (this.near) this.nearest((this.near = null));
  }
}

const isOdd = ({ value }) => Number(!Number.isFinite(value));

/** All digits that say something: 0.30000000000000004 → "0.3". */
function exact(value) {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "−Inf";
  return Number.isInteger(value) && Math.abs(value) < 1e15 ? count(value) : String(Number(value.toPrecision(9)));
}
