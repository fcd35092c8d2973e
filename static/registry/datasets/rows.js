// The rows of a table, a page at a time, with the type of each column.
import { get } from "studio/api";
import { count, element, value } from "studio/words";

const ROWS = 50;
const NUMBERS = ["integer", "number"];
const root = document.getElementById("rows");
const { api, path } = root.dataset;
const first = Number(new URLSearchParams(location.search).get("from")) || 0;

const isNumber = ({ kind }) => NUMBERS.includes(kind);

function head(columns) {
  const cells = columns.map((column) =>
    element("th", { class: isNumber(column) ? "n" : "", scope: "col", title: column.type }, column.name, element("small", {}, column.kind)));
  return element("thead", {}, element("tr", {}, element("th", { class: "n" }, element("span", { class: "sr" }, "Row")), ...cells));
}

function cell(given, column) {
  if (given === null) return element("td", { class: isNumber(column) ? "n none" : "none", title: "nothing there" }, "–");
  const words = typeof given === "number" ? value(given) : String(given);
  return element("td", { class: isNumber(column) ? "n" : "", title: String(given) }, words);
}

function table({ columns, rows, from }) {
  const lines = rows.map((row, at) =>
    element("tr", {}, element("td", { class: "n none" }, count(from + at + 1)), ...row.map((given, n) => cell(given, columns[n]))));
  return element("div", { class: "wide", tabIndex: 0 }, element("table", { class: "rows-of" }, head(columns), element("tbody", {}, ...lines)));
}

function foot(page) {
  const { from, rows, next, row_count: all } = page;
  const words = rows.length ? `Rows ${count(from + 1)} to ${count(from + rows.length)}${all === null ? "" : ` of ${count(all)}`}` : "No rows";
  const parts = [element("span", { role: "status" }, words)];
  const go = (text, at) => {
    const button = element("button", { type: "button", class: "btn small" }, text);
    button.addEventListener("click", () => show(at));
    parts.push(button);
  };
  const gap = element("span", { class: "right" });
  parts.push(gap);
  if (from) go("Previous", Math.max(0, from - ROWS));
  if (next !== null) go("Next", next);
  if (page.skipped) parts.push(element("span", { title: page.skipped_text }, `${count(page.skipped)} lines could not be read`));
  if (page.other_columns?.length) parts.push(element("span", {}, `Later files have further columns: ${page.other_columns.join(", ")}`));
  return element("div", { class: "foot rows-foot" }, ...parts);
}

async function show(from) {
  const asked = new URLSearchParams({ from, count: ROWS, ...(path && { path }) });
  try {
    const page = await get(`${api}?${asked}`);
    root.replaceChildren(table(page), foot(page));
    const address = new URLSearchParams(location.search);
    if (from) address.set("from", from);
    else address.delete("from");
    history.replaceState(null, "", `?${address}`);
  } catch (error) {
    root.replaceChildren(element("div", { class: "empty" }, element("h2", {}, "It cannot be shown as a table"), element("p", {}, error.message)));
  }
}

show(first);
