// What the colours mean, where they are not simply the runs'.

import { sequential } from "runs/overlay/colours";
import { element, value } from "studio/words";

const SHADES = 24;
const MOST_GROUPS = 24;

/** Fill `node` for a painter's answer: a scale of numbers, or the groups; nothing for runs. */
export function tellLegend(node, { scale, groups }, { label = "", look, runs }) {
  node.hidden = !scale && !groups;
  if (scale) {
    const bar = element("span", { class: "shades" });
    for (let at = 0; at < SHADES; at += 1) {
      const shade = element("i");
      shade.style.background = sequential(at / (SHADES - 1), look);
      bar.append(shade);
    }
    node.replaceChildren(element("b", {}, label), value(scale.low), bar, value(scale.high));
  } else if (groups) {
    const count = (name) => runs.filter((run) => (run.group ?? "") === name).length;
    const drawn = [...groups].filter(([name]) => count(name));
    const chips = drawn.slice(0, MOST_GROUPS).map(([name, { colour }]) => {
      const mark = element("i", { class: "sw" });
      mark.style.background = colour;
      return element("span", {}, mark, name || "without", element("small", {}, String(count(name))));
    });
    const more = drawn.length - chips.length;
    node.replaceChildren(element("b", {}, label), ...chips, ...(more > 0 ? [`and ${more} more`] : []));
  } else node.replaceChildren();
}
