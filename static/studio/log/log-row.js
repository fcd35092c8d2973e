// One line of a log as an element: its number as a link, its text with marks and what was found.

import { element } from "studio/words";

const WARNING = /\bwarn(ing)?\b|Warning:/i;
const ERROR = /\b(error|exception|fatal|critical)\b|Error:|^Traceback \(most recent/i;

/** The class of a line that brings no colours of its own. */
function tone({ text, marks }) {
  if (marks || text.length > 2000) return "";
  if (ERROR.test(text)) return "tone-error";
  return WARNING.test(text) ? "tone-warning" : "";
}

/**
 * Build the row of `line` from character `from` to `to` (a wrapped part of it).
 * hits: [[start, end, isCurrent], …] found in the line.  number: 1 for the first line.
 * isLog: whether words such as "Error" say how to colour the line.
 */
export function row(line, { number, from, to, hits, isTarget, isLog }) {
  const made = element("div", { class: "row" });
  if (hits.some(([, , isCurrent]) => isCurrent) || isTarget) made.classList.add("at");
  const name = isLog ? tone(line) : "";
  if (name) made.classList.add(name);
  const link = element("a", { class: "n", tabindex: "-1" });
  if (from === 0) {
    link.href = `#L${number}`;
    link.dataset.n = String(number);
    link.setAttribute("aria-label", `line ${number}`);
  }
  made.append(link, ...pieces(line, from, to, hits));
  return made;
}

/** The text between two places, cut wherever a mark or a hit begins or ends. */
function pieces({ text, marks }, from, to, hits) {
  if (!marks && !hits.length) return [text.slice(from, to)];
  const edges = new Set([from, Math.min(to, text.length)]);
  for (const [start, end] of [...(marks ?? []), ...hits]) {
    if (start > from && start < to) edges.add(start);
    if (end > from && end < to) edges.add(end);
  }
  const sorted = [...edges].sort((one, other) => one - other);
  return sorted.slice(1).map((end, index) => {
    const start = sorted[index];
    const inside = ([first, last]) => first <= start && last >= end;
    const part = text.slice(start, end);
    const look = (marks ?? []).filter(inside).at(-1)?.[2];
    const styled = look ? element("span", { class: look }, part) : part;
    return hits.some(inside) ? element("mark", {}, styled) : styled;
  });
}

/** How high a row is, how wide one character, and how much of it the line's number takes, in pixels. */
export function measure(space) {
  const line = { text: "0".repeat(100), marks: null };
  const probe = row(line, { number: 1, from: 0, to: 100, hits: [], isTarget: false });
  space.append(probe);
  const text = document.createRange();
  text.selectNode(probe.lastChild);
  const { height } = probe.getBoundingClientRect();
  const width = text.getBoundingClientRect().width / 100;
  const gutter = probe.firstChild.getBoundingClientRect().width;
  probe.remove();
  return { height, width, gutter };
}
