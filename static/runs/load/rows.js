// The table of a cluster's load: a row for each busy node, changed in place.

import { meters } from "runs/load/meters";
import { Spark } from "runs/load/spark";
import { element } from "studio/words";

const COLUMNS = [
  { key: "cpu", title: "CPU", isDrawn: true },
  { key: "memory", title: "Memory", isDrawn: true },
  { key: "gpu", title: "GPU", isDrawn: true },
  { key: "disk", title: "Disk" },
  { key: "network", title: "Network" },
];

export class Rows {
  constructor(root) {
    this.root = root;
    this.rows = new Map(); // "<run id>/<node's number>" → { row, cells }
    this.columns = "";
  }

  /** nodes: as the studio tells them. frame: { now, span } in seconds, what the lines show. */
  show(nodes, frame) {
    this.root.hidden = !nodes.length;
    const told = nodes.map((node) => [node, meters(node.series, frame.now)]);
    // A machine without a GPU has no column that says so in every row.
    const columns = COLUMNS.filter(({ key }) => key !== "gpu" || told.some(([, all]) => all.gpu));
    this.#head(columns);
    const wanted = told.map(([node, all]) => this.#row(node, all, columns, frame));
    const body = this.root.querySelector("tbody");
    const isShown = body.children.length === wanted.length && wanted.every((row, at) => body.children[at] === row);
    if (!isShown) body.replaceChildren(...wanted);
  }

  #head(columns) {
    const keys = columns.map(({ key }) => key).join();
    if (keys === this.columns) return;
    this.columns = keys;
    this.rows.clear();
    this.hasRun = columns.length < COLUMNS.length; // with GPUs there is no room; the nodes' table tells it
    const titles = columns.map(({ title, isDrawn }) => element("th", { class: isDrawn ? "" : "n" }, title));
    this.root.querySelector("thead tr").replaceChildren(
      element("th", {}, "Node"),
      ...(this.hasRun ? [element("th", {}, "Run")] : []),
      ...titles,
    );
  }

  #row(node, all, columns, frame) {
    const key = `${node.run_id}/${node.number}/${node.ranks}`;
    if (!this.rows.has(key)) this.rows.set(key, this.#make(node, columns));
    const { row, cells, none } = this.rows.get(key);
    none.hidden = Boolean(all.cpu || all.memory);
    for (const { key: name } of columns) {
      const { cell, words, more, spark } = cells[name];
      cell.hidden = !none.hidden;
      const meter = all[name];
      write(words, meter?.words ?? "–");
      write(more, meter?.more ?? "");
      cell.title = meter?.title ?? "";
      spark?.draw(meter, frame);
    }
    return row;
  }

  #make(node, columns) {
    const page = this.root.dataset.runPage.replace("RUN_ID", encodeURIComponent(node.run_id));
    const run = element("td", { class: "grow", title: node.name }, element("a", { class: "name", href: page }, node.name));
    if (node.ranks) run.append(element("small", {}, node.ranks));
    const none = element("td", { class: "quiet", colSpan: columns.length }, "nothing measured yet");
    const row = element("tr", {}, element("td", { title: node.name }, `node ${node.number}`), ...(this.hasRun ? [run] : []), none);
    row.dataset.key = `load-${node.number}`;
    const cells = {};
    for (const { key, isDrawn } of columns) {
      const [words, more] = [element("b"), element("small")];
      const spark = isDrawn ? new Spark() : null;
      const drawn = () => element("div", {}, spark.node, element("span", {}, words, more));
      const cell = spark ? element("td", { class: "meter" }, drawn()) : element("td", { class: "n" }, words);
      cells[key] = { cell, words, more, spark };
      row.append(cell);
    }
    return { row, cells, none };
  }
}

const write = (place, words) => place.textContent !== words && (place.textContent = words);
