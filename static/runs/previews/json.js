// JSON as a tree that folds. What is folded is made when it is opened.

import { counted } from "studio/sizes";
import { element } from "studio/words";
import { read } from "runs/previews/json-read";

const AT_ONCE = 200;
const LONG = 400;

export function json(preview, panel) {
  let top;
  try {
    top = read(preview.text);
  } catch (error) {
    return panel.instead("text", `This is ${error.message}: here is its text.`);
  }
  const tree = element("div", { class: "shown json" }, node(null, top, panel, 0));
  panel.say(words(top));
  return tree;
}

const words = ({ kind, items }) => (items ? counted(items.length, kind === "object" ? "key" : "item") : "");

function node(key, value, panel, depth) {
  const name = key === null ? [] : [element("span", { class: "k-name" }, String(key)), ": "];
  if (!value.items) return element("div", { class: "leaf" }, ...name, leaf(value, panel));
  const [left, right] = value.kind === "object" ? "{}" : "[]";
  if (!value.items.length) return element("div", { class: "leaf" }, ...name, left + right);
  const summary = element("summary", {}, ...name, left, element("small", {}, ` ${words(value)} `), right);
  const made = element("details", {}, summary);
  const inside = element("div", { class: "inside" });
  made.append(inside);
  made.addEventListener("toggle", () => {
    if (made.open && !inside.childElementCount) more(inside, value, panel, depth);
  });
  // Small things are seen at once; a list of a thousand records is not unrolled.
  made.open = depth === 0 || (depth < 3 && value.items.length <= 12);
  if (made.open) more(inside, value, panel, depth);
  return made;
}

function more(inside, value, panel, depth) {
  const from = inside.childElementCount;
  const some = value.items.slice(from, from + AT_ONCE);
  inside.append(...some.map(([key, one]) => node(key, one, panel, depth + 1)));
  const left = value.items.length - from - some.length;
  if (left) {
    const button = element("button", { class: "btn small", type: "button" }, `${counted(left, "more")} …`);
    button.addEventListener("click", () => {
      button.remove();
      more(inside, value, panel, depth);
    });
    inside.append(button);
  }
  panel.changed();
}

function leaf({ kind, text }) {
  const shown = kind === "string" ? JSON.stringify(text) : text;
  const role = kind === "string" ? "string" : /^[-\dIN]/.test(text) ? "number" : "keyword";
  const made = element("span", { class: `k-${role}` }, shown.length > LONG ? `${shown.slice(0, LONG)}…` : shown);
  if (shown.length > LONG) made.title = `${shown.length} characters; see the text`;
  return made;
}
