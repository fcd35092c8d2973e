// A line of two minutes, as high as a row's text: its height is the share of what there is.

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT] = [60, 20];
// Without a sample for so long, the line is broken: nobody measured in between.
const GAP_S = 10;

function made(name, attributes) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}

export class Spark {
  constructor() {
    this.node = made("svg", { class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true" });
    this.line = made("path", {});
    this.node.append(this.line);
  }

  /** meter: { times, values, most }; frame: { now, span }. */
  draw(meter, { now, span }) {
    if (!meter?.times) return this.line.setAttribute("d", "");
    const { times, values, most } = meter;
    let before = -Infinity;
    const steps = times.map((time, at) => {
      const x = WIDTH - ((now - time) / span) * WIDTH;
      const share = Math.min(1, Math.max(0, Number(values[at]) / most || 0));
      const move = time - before > GAP_S ? "M" : "L";
      before = time;
      return `${move}${x.toFixed(1)} ${(HEIGHT - 1 - share * (HEIGHT - 2)).toFixed(1)}`;
    });
    this.line.setAttribute("d", steps.join(""));
  }
}
