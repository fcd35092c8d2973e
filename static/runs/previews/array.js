// NumPy arrays: shape, dtype, and the first values. Nothing of them is loaded as code.

import { counted, bytes as size } from "studio/sizes";
import { element } from "studio/words";

export function array({ arrays, more }, panel) {
  panel.say(arrays.length === 1 && !more ? "" : counted(arrays.length + more, "array"));
  const rest = more ? [element("p", { class: "quiet" }, `${counted(more, "array")} more; download the file to see them.`)] : [];
  return element("div", { class: "shown arrays" }, ...arrays.map(one), ...rest);
}

function one({ name, shape, dtype, order, size_bytes: bytes, remark, values, corner }) {
  const facts = element("dl", { class: "pairs" });
  const shapes = shape.length ? shape.map((length) => length.toLocaleString("en-US")).join(" × ") : "one value";
  const pairs = { Shape: shapes, Type: dtype, Order: order, Size: size(bytes) };
  for (const [key, text] of Object.entries(pairs)) {
    facts.append(element("dt", {}, key), element("dd", { class: "mono" }, text));
  }
  const card = element("section", { class: "card" });
  if (name) card.append(element("header", {}, element("h2", { class: "mono" }, name)));
  const inside = element("div", { class: "in" }, facts);
  if (remark) inside.append(element("p", { class: "hint" }, remark));
  if (values?.length) inside.append(...first(values, shape));
  if (corner) inside.append(...grid(corner, shape));
  card.append(inside);
  return card;
}

function first(values, shape) {
  const all = shape.reduce((product, length) => product * length, 1);
  const title = values.length < all ? `First ${counted(values.length, "value")}` : "Values";
  return [element("h3", {}, title), element("p", { class: "values mono" }, values.join("  "))];
}

function grid(corner, shape) {
  const [down, across] = shape.slice(-2);
  const part = shape.length > 2 ? `[${"0, ".repeat(shape.length - 2)}:, :]` : "";
  const isAll = corner.length === down && corner[0].length === across;
  const title = `${isAll ? "Values" : "First rows and columns"}${part ? ` of ${part}` : ""}`;
  const rows = corner.map((row) => element("tr", {}, ...row.map((text) => element("td", { class: "n mono" }, text))));
  return [element("h3", {}, title), element("div", { class: "wide", tabIndex: 0, role: "group", "aria-label": title }, element("table", { class: "corner" }, element("tbody", {}, ...rows)))];
}
