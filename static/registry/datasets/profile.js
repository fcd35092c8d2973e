// What is in the columns of a table: what is missing, how far values reach, the commonest of them.
import { get } from "studio/api";
import { listen } from "studio/live";
import { count, element, value } from "studio/words";

const WIDTH = 120;
const HEIGHT = 6;
const AGAIN_MS = 4000;
const SHOWN = 3;
const root = document.getElementById("profile");
const SVG = "http://www.w3.org/2000/svg";

/** A quiet bar as long as the share (0 … 1). */
function bar(share) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [name, given] of [["viewBox", `0 0 ${WIDTH} ${HEIGHT}`], ["class", "share"], ["aria-hidden", "true"]]) svg.setAttribute(name, given);
  for (const [kind, width] of [["all", WIDTH], ["part", Math.max(share > 0 ? 1 : 0, share * WIDTH)]]) {
    const box = document.createElementNS(SVG, "rect");
    for (const [name, given] of [["class", kind], ["width", width], ["height", HEIGHT], ["rx", HEIGHT / 2]]) box.setAttribute(name, given);
    svg.append(box);
  }
  return svg;
}

const shown = (given) => (given === null || given === undefined ? "–" : typeof given === "number" ? value(given) : String(given));
const percent = (share) => (share === 0 ? "0 %" : share < 0.001 ? "< 0.1 %" : `${Number((100 * share).toFixed(1))} %`);

function distinct({ distinct: known, distinct_most: most }) {
  return known === null ? `> ${count(most)}` : count(known);
}

function commonest({ values, count: there }) {
  if (!values.length || values[0][1] < 2) return element("span", { class: "quiet" }, values.length ? "all different" : "–");
  const lines = values.slice(0, SHOWN).map(([given, times]) =>
    element("span", {}, element("em", { title: shown(given) }, shown(given)), bar(there ? times / there : 0), element("b", {}, count(times))));
  return element("div", { class: "top-values" }, ...lines);
}

function row(column, rows) {
  const absent = rows ? column.missing / rows : 0;
  const nan = column.nan_count ? ` (${count(column.nan_count)} NaN)` : "";
  return element("tr", {},
    element("td", { class: "long", title: column.name }, element("b", {}, column.name)),
    element("td", { class: "quiet", title: column.type }, column.kind),
    element("td", { class: "n", title: `${count(column.missing)} of ${count(rows)}${nan}` }, percent(absent), bar(absent)),
    element("td", { class: "n" }, distinct(column)),
    ...["least", "mean", "greatest"].map((name) => element("td", { class: "n long", title: shown(column[name]) }, shown(column[name]))),
    element("td", {}, commonest(column)),
  );
}

function table(rows, columns) {
  const names = [["Column", ""], ["Type", ""], ["Missing", "n"], ["Different", "n"], ["Least", "n"], ["Mean", "n"], ["Greatest", "n"], ["Commonest", ""]];
  const head = element("tr", {}, ...names.map(([name, kind]) => element("th", { class: kind, scope: "col" }, name)));
  const body = columns.map((column) => row(column, rows));
  const made = element("table", { class: "profile" }, element("thead", {}, head), element("tbody", {}, ...body));
  return element("div", { class: "wide", tabIndex: 0 }, made);
}

function fail(words) {
  root.replaceChildren(element("div", { class: "empty" }, element("h2", {}, "It cannot be read as a table"), element("p", {}, words)));
}

const { api, topic } = root.dataset;

async function show() {
  const { state, error, row_count: rows, columns, is_whole: isWhole, skipped } = await get(api);
  if (state === "Failed") return fail(error);
  if (state !== "Completed") return wait();
  root.replaceChildren(table(rows, columns));
  const words = isWhole ? `${count(rows)} rows` : `of the first ${count(rows)} rows: all of it would take too long`;
  document.querySelector("[data-rows]").textContent = skipped ? `${words}; ${count(skipped)} lines could not be read` : words;
}

const look = () => show().catch(({ message }) => fail(message));

let isHeard = false;
let again = 0;

/** A large table is read by the worker, which tells; who hears nothing looks again. */
function wait() {
  if (!isHeard) listen(topic, look);
  isHeard = true;
  clearTimeout(again);
  again = setTimeout(look, AGAIN_MS);
}

look();
