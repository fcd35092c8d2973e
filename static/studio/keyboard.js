// Keys of every page. A page with more of its own listens for itself and lists them in its help.
const GO_MS = 1200;
let goUntil = 0;

const isTyping = (target) => target.closest("input, textarea, select, [contenteditable]");

function open(id) {
  const dialog = document.getElementById(id);
  if (dialog && !dialog.open) dialog.showModal();
}

const rows = () => [...document.querySelectorAll("main tr[data-key]")];
const here = () => document.querySelector("main tr.at");

/** Move the mark to the next (1) or previous (-1) row and keep it in sight. */
function step(way) {
  const all = rows();
  if (!all.length) return;
  const at = all.indexOf(here());
  mark(all[at < 0 ? (way > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + way))]);
}

function mark(row) {
  here()?.classList.remove("at");
  row.classList.add("at");
  row.scrollIntoView({ block: "nearest" });
  row.querySelector("a")?.focus({ preventScroll: true });
}

function go(key) {
  const link = document.querySelector(`nav.side a[data-keys="${key}"]`);
  if (link) link.click();
}

const say = (name) => document.dispatchEvent(new Event(name));
const KEYS = {
  "?": () => open("keys"),
  "[": () => say("toggle-navigation"),
  t: () => say("toggle-theme"),
  j: () => step(1),
  k: () => step(-1),
  n: () => newRun(),
  g: () => (goUntil = Date.now() + GO_MS),
};

function newRun() {
  const first = document.querySelector("#palette template")?.content.querySelector("a");
  if (first) location.assign(first.href);
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    return open("palette");
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
  if (Date.now() < goUntil) {
    goUntil = 0;
    return go(event.key);
  }
  KEYS[event.key]?.();
});
document.addEventListener("open-dialog", ({ detail }) => open(detail));

// Fragments replace their rows: keep the mark on the row of the same key.
let marked = null;
document.body.addEventListener("htmx:beforeSwap", () => {
  const row = here();
  marked = row && { key: row.dataset.key, hadFocus: row.contains(document.activeElement) };
});
document.body.addEventListener("htmx:afterSwap", () => {
  const row = marked && !here() && rows().find((each) => each.dataset.key === marked.key);
  if (!row) return;
  row.classList.add("at");
  if (marked.hadFocus) row.querySelector("a")?.focus({ preventScroll: true });
});
