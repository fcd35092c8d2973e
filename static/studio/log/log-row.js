// One line of a log as an element: its number as a link, its text with marks and what was found.

import { bytes } from "studio/sizes";
import { clock, element } from "studio/words";

const WARNING = /\bwarn(ing)?\b|Warning:/i;
const ERROR = /\b(error|exception|fatal|critical)\b|Error:|^Traceback \(most recent/i;

/** The class of a line that brings no colours of its own. */
function tone({ text, marks }) {
  if (marks || text.length > 2000) return "";
  if (ERROR.test(text)) return "tone-error";
  return WARNING.test(text) ? "tone-warning" : "";
}

/** The beginning of every row: its number, a link to the line, and when it came (at, in seconds). */
function begun(number, isTarget, at) {
  const made = element("div", { class: "row" });
  made.dataset.line = String(number - 1);
  if (isTarget) made.classList.add("at");
  const link = element("a", { class: "n", tabindex: "-1", href: `#L${number}` });
  link.dataset.n = String(number);
  link.setAttribute("aria-label", `line ${number}`);
  if (at) {
    link.dataset.at = clock(new Date(at * 1000));
    link.title = new Date(at * 1000).toLocaleString();
  }
  made.append(link);
  return made;
}

/**
 * Build the row of `line`; undefined: it has not come yet.
 * hits: [[start, end, isCurrent], …] found in the line.  number: 1 for the first line.
 * open: the traceback that begins here and is not folded.
 */
export function row(line, { number, hits, isTarget, open }) {
  const made = begun(number, isTarget || hits.some(([, , isCurrent]) => isCurrent), line?.at);
  const text = element("span", { class: "text" });
  if (line) text.append(...pieces(line, hits));
  else made.classList.add("coming");
  const name = line ? tone(line) : "";
  if (name) made.classList.add(name);
  made.append(text);
  if (open) text.append(button("fold", "Fold", { "data-close": String(open.start) }));
  if (line?.rest) {
    const more = `${bytes(line.rest.end - line.rest.offset)} more`;
    text.append(button("fold", more, { "data-more": String(number - 1) }));
  }
  return made;
}

/** The row that stands for the inner lines of a folded traceback. */
export function foldedRow({ start, count }) {
  const made = element("div", { class: "row" });
  made.dataset.line = String(start + 1);
  const words = `${count} lines`;
  const open = button("fold", words, { "data-open": String(start + 1), "aria-expanded": "false" });
  made.append(element("span", { class: "n" }), open);
  return made;
}

// Its words are drawn by the sheet, so that they are not copied with the lines.
const button = (name, words, data) =>
  element("button", { type: "button", class: name, "data-words": words, "aria-label": words, ...data });

/** The text, cut wherever a mark or a hit begins or ends. */
function pieces({ text, marks }, hits) {
  if (!marks && !hits.length) return [text];
  const edges = new Set([0, text.length]);
  for (const [start, end] of [...(marks ?? []), ...hits]) {
    if (start < text.length) edges.add(start);
    if (end < text.length) edges.add(end);
  }
  const sorted = [...edges].sort((one, other) => one - other);
  return sorted.slice(1).map((end, index) => {
    const start = sorted[index];
    const inside = ([first, last]) => first <= start && last >= end;
    const part = text.slice(start, end);
    const look = (marks ?? []).filter(inside).at(-1)?.[2];
    const styled = look ? element("span", { class: look }, part) : part;
    const hit = hits.find(inside);
    return hit ? element("mark", hit[2] ? { class: "now" } : {}, styled) : styled;
  });
}

/** How high a row is, how wide one character, and how much of it the line's number takes, in pixels. */
export function measure(space) {
  const line = { text: "0".repeat(100), marks: null };
  const probe = row(line, { number: 1, hits: [] });
  space.append(probe);
  const { height } = probe.getBoundingClientRect();
  const text = document.createRange();
  text.selectNode(probe.lastChild.firstChild);
  const width = text.getBoundingClientRect().width / 100;
  const gutter = probe.firstChild.getBoundingClientRect().width;
  probe.remove();
  return { height, width, gutter };
}
