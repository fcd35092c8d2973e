// What a node's series say now, in words, and as lines.

import { inWords, unitOf } from "runs/monitoring/charts";

// Sampled once a second and sent in batches: older than this, it is no longer "now".
const FRESH_S = 15;
const GPU = /^gpu\d+_percent$/;

const isFresh = (series, now) => series !== undefined && series.last_time > now - FRESH_S;
const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
const figure = (number) => (number < 9.95 && number % 1 ? number.toFixed(1) : String(Math.round(number)));
const percent = (number) => `${Math.round(number)} %`;
/** What is not told any more is not shown as if it were. */
const said = (isSo, words, more) => (isSo ? { words, more } : { words: "–", more: "" });

/** { cpu, memory, gpu, disk, network }: each { words, more, title, times, values, most }, or undefined. */
export function meters(series, now) {
  return {
    cpu: cpu(series, now),
    memory: memory(series, now),
    gpu: gpu(series, now),
    disk: rate(series, now, "disk", { read: "disk_read_bytes_per_s", written: "disk_write_bytes_per_s" }),
    network: rate(series, now, "network", { in: "network_in_bytes_per_s", out: "network_out_bytes_per_s" }),
  };
}

function cpu({ cpu_percent: own, cores }, now) {
  if (!own) return undefined;
  const more = cores ? `of ${figure(cores.last)} core${cores.last === 1 ? "" : "s"}` : "";
  return { ...own, ...said(isFresh(own, now), percent(own.last), more), most: 100, title: "CPU of this run" };
}

function memory({ memory_bytes: own, memory_limit_bytes: limit }, now) {
  if (!own) return undefined;
  const most = limit?.last ?? Math.max(...own.values, 1);
  const more = limit ? `of ${inWords(limit.last, "bytes")}` : "";
  return { ...own, ...said(isFresh(own, now), inWords(own.last, "bytes"), more), most, title: "Memory of this run" };
}

/** All GPUs of a node as one: how busy on average, and their memory together. */
function gpu(series, now) {
  const names = Object.keys(series).filter((name) => GPU.test(name)).sort();
  if (!names.length) return undefined;
  const all = names.map((name) => series[name]);
  const first = all[0];
  const values = first.values.map((_, at) => sum(all.map((one) => Number(one.values[at] ?? 0))) / all.length);
  const memories = names.map((name) => name.replace("percent", "memory_bytes"));
  const limits = memories.map((name) => series[name.replace("_bytes", "_limit_bytes")]?.last ?? 0);
  const held = of(sum(memories.map((name) => series[name]?.last ?? 0)), sum(limits) || undefined);
  const busy = percent(sum(all.map(({ last }) => Number(last))) / all.length);
  const title = all.map(({ last }, at) => `GPU ${at}: ${percent(last)}`).join(", ");
  return { times: first.times, values, most: 100, ...said(isFresh(first, now), busy, held), title };
}

function rate(series, now, kind, names) {
  const fresh = Object.entries(names).filter(([, name]) => isFresh(series[name], now));
  if (!fresh.length) return undefined;
  const words = inWords(sum(fresh.map(([, name]) => series[name].last)), "rate");
  const title = fresh.map(([label, name]) => `${label} ${inWords(series[name].last, "rate")}`).join(", ");
  return { words, title: `${kind}: ${title}` };
}

/** "1.2 of 7.0 GiB"; each with its own unit where they differ. */
function of(value, limit) {
  if (limit === undefined) return inWords(value, "bytes");
  const [own, whole] = [unitOf("bytes", value), unitOf("bytes", limit)];
  const most = `${figure(limit / whole.size)} ${whole.name}`;
  return own.name === whole.name ? `${figure(value / own.size)} of ${most}` : `${inWords(value, "bytes")} of ${most}`;
}
