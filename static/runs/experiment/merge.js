// Puts a fragment in place of what the page shows, and leaves alone whatever did not change.

// Times pass by themselves; that one told another is no change.
const bare = (html) =>
  html.replace(/>[^<]*<\/time>/g, "></time>").replace(/(data-since="[^"]*">)[^<]*/g, "$1").trim();

const sources = new WeakMap(); // what the studio said of a part or row, before anything was done to it
const source = (node) => bare(node.innerHTML);

/** Remember what the page came with. */
export function remember(root = document) {
  for (const node of root.querySelectorAll("[data-part], tr[data-key], thead")) sources.set(node, source(node));
}

const isTypedIn = (place) => place.contains(document.activeElement) && document.activeElement.matches("input:not([type=checkbox])");

/** text: the fragment. */
export function merge(text) {
  const made = document.createElement("template");
  made.innerHTML = text;
  for (const part of made.content.querySelectorAll("[data-part]")) {
    const place = document.getElementById(part.id);
    if (!place || isTypedIn(place)) continue;
    if (part.id === "run-table") mergeTable(place, part);
    else if (sources.get(place) !== source(part)) {
      sources.set(place, source(part));
      place.replaceChildren(...part.childNodes);
    }
  }
  document.getElementById("told").textContent = made.content.getElementById("told").textContent;
}

function mergeTable(place, part) {
  const [old, fresh] = [place, part].map((each) => each.querySelector("table"));
  if (!old || !fresh) {
    if (sources.get(place) === source(part)) return;
    sources.set(place, source(part));
    place.replaceChildren(...part.childNodes);
    return remember(place);
  }
  sources.delete(place);
  mergeHead(old.tHead, fresh.tHead);
  mergeRows(old.tBodies[0], fresh.tBodies[0]);
  const [pager, other] = [place, part].map((each) => each.querySelector(".pager"));
  if (bare(pager.innerHTML) !== bare(other.innerHTML)) pager.replaceChildren(...other.childNodes);
}

function mergeHead(old, fresh) {
  const html = source(fresh);
  if (sources.get(old) === html) return;
  const key = old.contains(document.activeElement) ? document.activeElement.closest("th").dataset.key : null;
  old.replaceChildren(...fresh.childNodes);
  sources.set(old, html);
  if (key !== null) [...old.querySelectorAll("th")].find((th) => th.dataset.key === key)?.querySelector("a")?.focus({ preventScroll: true });
}

/** Rows of the same run stay the same elements where nothing of them changed. */
function mergeRows(old, fresh) {
  const here = new Map([...old.rows].map((row) => [row.dataset.key, row]));
  const wanted = [...fresh.rows].map((row) => {
    const before = here.get(row.dataset.key);
    const html = source(row);
    if (before && sources.get(before) === html) return before;
    sources.set(row, html);
    if (before) carry(before, row);
    return row;
  });
  const kept = new Set(wanted);
  for (const row of here.values()) if (!kept.has(row)) row.remove();
  wanted.forEach((row, at) => {
    if (old.rows[at] !== row) old.insertBefore(row, old.rows[at] ?? null);
  });
  focusAgain?.focus({ preventScroll: true });
  focusAgain = null;
}

let focusAgain = null;

/** What a person did with the row: chosen, at it, in it. */
function carry(before, row) {
  row.className = before.className;
  const box = row.querySelector("input[type=checkbox]");
  box.checked = before.querySelector("input[type=checkbox]").checked;
  if (!before.contains(document.activeElement)) return;
  focusAgain = document.activeElement.matches("input") ? box : row.querySelector("a");
}
