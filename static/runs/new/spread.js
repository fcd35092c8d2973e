// How many nodes and processes a new run has, how often it is started again, how long it may take.
import { duration } from "studio/clock";
import { counted } from "studio/sizes";

const byId = (id) => document.getElementById(id);
const number = (field, none) => (field.value === "" ? none : Number(field.value));

/** A past run of one process had variables too: then one may keep them, or take "none". */
const isForOne = ({ distribution }) => distribution.options[0].value === "";

/** What the form says, by the names of the API, which says no to what cannot be. */
export function spread(fields) {
  const nodes = number(fields.node_count, 1);
  const each = number(fields.process_count_per_node, 1);
  const minutes = number(fields.limit, null);
  const distribution = nodes * each > 1 || isForOne(fields) ? fields.distribution.value : "";
  return {
    node_count: nodes,
    process_count_per_node: each,
    distribution,
    parameter_server_count: distribution === "TensorFlow" ? number(fields.parameter_server_count, 0) : 0,
    max_retries: Number(fields.max_retries.value),
    max_run_duration_seconds: minutes === null ? null : Math.round(minutes * 60),
  };
}

/** Show what follows from it: the summary in words, and the fields that only several processes need. */
export function showSpread(fields) {
  const now = spread(fields);
  const isSeveral = now.node_count * now.process_count_per_node > 1;
  byId("distribution-row").hidden = !isSeveral && !isForOne(fields);
  byId("about-distribution").hidden = !isSeveral;
  byId("about-mpi").hidden = now.distribution !== "Mpi";
  byId("servers-row").hidden = now.distribution !== "TensorFlow";
  byId("about-tensorflow").hidden = now.distribution !== "TensorFlow";
  fields.node_count.max = fields.cluster.selectedOptions[0]?.dataset.most ?? "";
  byId("several-words").textContent = inWords(now);
}

function inWords(now) {
  const each = now.process_count_per_node;
  const words = [counted(now.node_count, "node")];
  if (each > 1) words[0] += ` × ${each} processes`;
  if (now.parameter_server_count) words.push(counted(now.parameter_server_count, "parameter server"));
  if (now.max_retries) words.push(`started again at most ${now.max_retries} ×`);
  if (now.max_run_duration_seconds > 0) words.push(`at most ${duration(now.max_run_duration_seconds)}`);
  return words.join(", ");
}

/** Fill the form with what a past run had, or a draft; what is not usual is not hidden. */
export function fillSpread(fields, past) {
  for (const name of ["node_count", "process_count_per_node", "distribution", "parameter_server_count"])
    if (past[name]) fields[name].value = past[name];
  if (past.distribution && past.node_count * past.process_count_per_node === 1) {
    fields.distribution.add(new Option("none", ""), 0);
    fields.distribution.value = past.distribution;
  }
  const again = String(past.max_retries ?? 0);
  if (![...fields.max_retries.options].some(({ value }) => value === again))
    fields.max_retries.add(new Option(`${again} times`, again));
  fields.max_retries.value = again;
  fields.limit.value = past.max_run_duration_seconds ? past.max_run_duration_seconds / 60 : "";
}

/** Unfold the fields where one of them says something. */
export function openSpread(fields) {
  const { node_count: nodes, process_count_per_node: each, ...others } = spread(fields);
  if (nodes * each > 1 || Object.values(others).some(Boolean)) byId("several").open = true;
}

/** What cannot be, as [field, words]: said before anything is sent. */
export function lackingInSpread(now) {
  const isCount = (count) => Number.isInteger(count) && count >= 1;
  const limit = now.max_run_duration_seconds;
  return [
    ["node_count", isCount(now.node_count) ? "" : "a whole number, at least 1"],
    ["process_count_per_node", isCount(now.process_count_per_node) ? "" : "a whole number, at least 1"],
    ["parameter_server_count", now.parameter_server_count && now.node_count > 1 ? "only on one node, with all workers" : ""],
    ["limit", limit === null || limit >= 1 ? "" : "more than 0 minutes; leave it empty for no limit"],
  ].filter(([, words]) => words);
}
