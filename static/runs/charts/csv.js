// All points of a run as one table to open in a spreadsheet: metric, step, time, value.

import { get } from "studio/api";
import { note } from "studio/notes";
import { element } from "studio/words";

const quoted = (value) => `"${String(value).replaceAll('"', '""')}"`;

/** Fetch every point and hand them to the browser as `<name>-metrics.csv`. */
export async function download(api, name) {
  try {
    const { series } = await get(`${api}metrics/points`);
    const url = URL.createObjectURL(new Blob([table(series)], { type: "text/csv" }));
    element("a", { href: url, download: `${name}-metrics.csv` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  } catch (error) {
    note(error.message, "bad");
  }
}

function table(series) {
  const lines = ["metric,step,time,value"];
  for (const [metric, { steps, times, values }] of Object.entries(series)) {
    steps.forEach((step, at) => {
      const time = new Date(times[at] * 1000).toISOString();
      const value = typeof values[at] === "string" ? quoted(values[at]) : values[at];
      lines.push(`${quoted(metric)},${step},${time},${value}`);
    });
  }
  return `${lines.join("\n")}\n`;
}
