// Metric values of running runs in the table, renewed from what their runs log; at most every 2 s.

import { value } from "studio/words";

const EVERY_MS = 2000;
const PARTS = { last: (old, fresh) => fresh, min: Math.min, max: Math.max };

export class Cells {
  constructor() {
    Object.assign(this, { came: new Map(), timer: 0 });
    document.addEventListener("rows-changed", () => this.came.clear()); // the rows say it themselves
  }

  /** series: what run `id` just logged. */
  hear(id, series) {
    const of = this.came.get(id) ?? this.came.set(id, new Map()).get(id);
    for (const [name, { values }] of Object.entries(series)) {
      const numbers = values.map(Number).filter((number) => !Number.isNaN(number) || values.includes("NaN"));
      if (!numbers.length) continue;
      const before = of.get(name);
      const finite = numbers.filter(Number.isFinite);
      of.set(name, {
        last: numbers.at(-1),
        min: Math.min(before?.min ?? Infinity, ...finite),
        max: Math.max(before?.max ?? -Infinity, ...finite),
      });
    }
    this.timer ||= setTimeout(() => this.#write(), EVERY_MS);
  }

  #write() {
    this.timer = 0;
    const heads = [...document.querySelectorAll("#run-table th")];
    const metrics = heads.flatMap(({ dataset }, at) => (dataset.kind === "metric" ? [{ at, ...dataset }] : []));
    for (const [id, of] of this.came) {
      const row = document.querySelector(`#run-table tr[data-key="${CSS.escape(id)}"]`);
      if (!row) continue;
      for (const { at, name, value: part } of metrics) if (of.has(name)) write(row.cells[at], part || "last", of.get(name));
    }
  }
}

function write(cell, part, fresh) {
  const old = cell.live ?? Number(cell.textContent.replaceAll(",", "").replace("−", "-"));
  const now = PARTS[part](Number.isFinite(old) ? old : fresh[part], fresh[part]);
  if (!Number.isFinite(now) && part !== "last") return;
  cell.live = now;
  const words = value(now);
  if (cell.textContent !== words) cell.textContent = words;
}
