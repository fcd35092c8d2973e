// Which charts a node has, which series are lines of which, and how their values are written.

const NAME = /^trainyard\/node-(\d+)\/(\w+)$/;
const GIB = 2 ** 30;
const MIB = 2 ** 20;

/** lines: series → what its line is called. A machine that others use, too, has lines of its own. */
const CHARTS = [
  {
    key: "cpu",
    unit: "percent",
    title: ({ cores }) => (cores ? `CPU, % of ${cores} core${cores === 1 ? "" : "s"}` : "CPU"),
    lines: { cpu_percent: "this run", machine_cpu_percent: "whole machine" },
  },
  {
    key: "memory",
    unit: "bytes",
    title: () => "Memory",
    lines: { memory_bytes: "this run", machine_memory_bytes: "whole machine" },
    limit: /^memory_limit_bytes$/,
  },
  { key: "gpu", unit: "percent", title: () => "GPU, % of the time", gpus: /^gpu(\d+)_percent$/ },
  {
    key: "gpu-memory",
    unit: "bytes",
    title: () => "GPU memory",
    gpus: /^gpu(\d+)_memory_bytes$/,
    limit: /^gpu\d+_memory_limit_bytes$/,
  },
  {
    key: "disk",
    unit: "rate",
    title: () => "Disk, by this run",
    lines: { disk_read_bytes_per_s: "read", disk_write_bytes_per_s: "written" },
  },
  {
    key: "network",
    unit: "rate",
    title: ({ isShared }) => (isShared ? "Network of the whole machine" : "Network of this run"),
    lines: { network_in_bytes_per_s: "in", network_out_bytes_per_s: "out" },
  },
];

/**
 * Where a series belongs: { node, what, chart, label, isLimit, rank }; chart is undefined for what
 * is no line of any, such as the number of cores. null for a name that is no node's.
 */
export function placeOf(name) {
  const found = NAME.exec(name);
  if (!found) return null;
  const [, node, what] = found;
  for (const [rank, chart] of CHARTS.entries()) {
    const gpu = chart.gpus?.exec(what);
    const label = gpu ? `GPU ${gpu[1]}` : chart.lines?.[what];
    const isLimit = Boolean(chart.limit?.test(what));
    if (label || isLimit) return { node: Number(node), what, chart, label, isLimit, rank };
  }
  return { node: Number(node), what };
}

/** How values up to `most` are written: the unit's name, and what a value is divided by. */
export function unitOf(kind, most) {
  if (kind === "percent") return { name: "%", size: 1 };
  const [name, size] = most >= GIB ? ["GiB", GIB] : most >= MIB || kind === "bytes" ? ["MiB", MIB] : ["KiB", 1024];
  return { name: kind === "rate" ? `${name}/s` : name, size };
}

/** One value in words: (12.34, "percent") → "12 %". */
export function inWords(value, kind) {
  const { name, size } = unitOf(kind, value);
  const figure = value / size;
  return `${figure < 9.95 && figure > 0 ? figure.toFixed(1) : Math.round(figure)} ${name}`;
}
