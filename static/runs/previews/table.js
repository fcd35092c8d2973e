// A table page by page: its rows come from the server, a page at a time.

import { counted } from "studio/sizes";
import { count, element } from "studio/words";

const NUMBER = /^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$|^(nan|inf|-inf)$/i;

export function table(preview, panel) {
  const { memory } = panel; // a file that is replaced is shown at the same page
  const before = (memory.before ??= []); // where each earlier page began
  const head = element("thead");
  const body = element("tbody");
  const grid = element("table", {}, head, body);
  const button = (words) => element("button", { class: "btn small", type: "button" }, words);
  const [back, on] = [button("← Previous rows"), button("Next rows →")];
  const place = element("span", { role: "status" });
  const foot = element("p", { class: "foot" }, place, element("span", { class: "right" }, back, " ", on));
  const root = element("div", { class: "shown table-shown" }, element("div", { class: "wide", tabIndex: 0, role: "group", "aria-label": "Rows" }, grid), foot);
  let shown = null;

  function show(page) {
    shown = page;
    const isNumber = page.columns.map((_, column) => page.rows.every((row) => (row[column] ?? "") === "" || NUMBER.test(row[column])));
    const titles = page.columns.map(({ name, type }, column) => title(name || `column ${column + 1}`, type, isNumber[column]));
    head.replaceChildren(element("tr", {}, element("th", { class: "n", scope: "col" }, "#"), ...titles));
    body.replaceChildren(...page.rows.map((row, index) => line(page.row + index + 1, row, isNumber)));
    const last = page.row + page.rows.length;
    const rows = page.rows.length ? `rows ${count(page.row + 1)}–${count(last)}` : "no row";
    const columns = page.column_count > page.columns.length ? `${count(page.columns.length)} of ${counted(page.column_count, "column")}` : counted(page.column_count, "column");
    const all = page.row_count === null ? "" : ` of ${count(page.row_count)}`;
    place.textContent = `${rows}${all}`;
    panel.say(columns);
    back.disabled = !before.length;
    on.disabled = !page.next;
    foot.hidden = !before.length && !page.next;
    root.firstElementChild.scrollTop = 0;
    panel.changed();
  }

  const go = (where) => panel.more(where).then((page) => ((memory.at = where), show(page)), panel.fail);
  on.addEventListener("click", () => {
    before.push(memory.at ?? {});
    go(shown.next);
  });
  back.addEventListener("click", () => go(before.pop()));
  show(preview);
  return root;
}

function title(name, type, isNumber) {
  const made = element("th", { scope: "col", class: isNumber ? "n" : "" }, name);
  if (type) made.append(element("small", {}, ` ${type}`));
  return made;
}

function line(number, row, isNumber) {
  const cells = row.map((text, column) => element("td", { class: isNumber[column] ? "n" : "", title: text?.length > 60 ? text : "" }, text ?? ""));
  return element("tr", {}, element("td", { class: "n quiet" }, count(number)), ...cells);
}
