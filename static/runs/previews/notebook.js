// A notebook: its cells and what they put out, in pages of cells.

import { counted } from "studio/sizes";
import { element } from "studio/words";
import { ansi } from "runs/previews/ansi";
import { framed } from "runs/previews/frame";
import { coloured } from "runs/previews/lines";
import { built } from "runs/previews/markdown";

export function notebook(preview, panel) {
  const cells = element("div", { class: "cells" });
  const more = element("button", { class: "btn", type: "button" });
  const foot = element("p", { class: "more" }, more);
  let next = null;

  function add(page) {
    cells.append(...page.cells.map((cell) => one(cell, panel)));
    next = page.next;
    foot.hidden = next === null;
    more.textContent = `Show more · ${counted(page.cell_count - (next ?? 0), "cell")} left`;
    panel.say(counted(page.cell_count, "cell"));
    panel.changed();
  }

  more.addEventListener("click", () => panel.more({ cell: next }).then(add, panel.fail));
  add(preview);
  return element("div", { class: "shown reading notebook" }, cells, foot);
}

function one(cell, panel) {
  if (cell.kind === "markdown") return element("section", { class: "cell" }, built(cell.tree));
  if (cell.kind === "raw") return element("section", { class: "cell" }, element("pre", { class: "source" }, cell.text));
  const count = element("span", { class: "count" }, `[${cell.count ?? " "}]`);
  const source = element("pre", { class: "source", tabIndex: 0 }, ...coloured(cell.text, cell.marks));
  const outputs = cell.outputs.map((given) => output(given, panel));
  if (cell.more_outputs) outputs.push(element("p", { class: "quiet" }, `${counted(cell.more_outputs, "output")} more; download the notebook.`));
  return element("section", { class: "cell code" }, count, source, ...outputs);
}

function output(given, panel) {
  if (given.kind === "markdown") return element("div", { class: "output" }, built(given.tree));
  if (given.kind === "image") {
    const src = panel.frame({ cell: given.cell, output: given.output });
    return element("div", { class: "output" }, element("img", { src, alt: given.text || "an output of this cell", loading: "lazy" }));
  }
  if (given.kind === "frame") {
    return element("div", { class: "output" }, framed(panel.frame({ cell: given.cell, output: given.output }), "An output of this cell", given.height));
  }
  const name = given.kind === "error" ? "output error" : "output";
  return element("pre", { class: name, tabIndex: 0 }, ...ansi(given.text));
}
