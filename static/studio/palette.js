// Ctrl K: pages and actions at once, experiments, runs and models as the studio finds them.
const ASK_MS = 120;
const dialog = document.getElementById("palette");
const input = dialog?.querySelector("input");
const list = dialog?.querySelector("ul");
const fixed = [...(dialog?.querySelector("template")?.content.querySelectorAll("a") ?? [])];
let timer = 0;
let asking = new AbortController();

const links = () => [...list.querySelectorAll("a")];

function choose(link) {
  for (const each of links()) each.setAttribute("aria-selected", String(each === link));
  link?.scrollIntoView({ block: "nearest" });
  if (link) input.setAttribute("aria-activedescendant", link.id);
}

function show(found) {
  const words = input.value.trim().toLowerCase();
  const items = fixed.filter((link) => link.textContent.toLowerCase().includes(words));
  list.replaceChildren(
    ...[...items, ...found].map((link, number) => {
      const item = document.createElement("li");
      const copy = link.cloneNode(true);
      copy.id = `found-${number}`;
      copy.tabIndex = -1;
      copy.setAttribute("role", "option");
      item.setAttribute("role", "presentation");
      item.append(copy);
      return item;
    }),
  );
  choose(links()[0]);
  if (!links().length) list.innerHTML = '<li class="empty">Nothing here has that name.</li>';
}

async function ask() {
  asking.abort();
  asking = new AbortController();
  const words = input.value.trim();
  if (!dialog.dataset.find || !words) return show([]);
  try {
    const url = `${dialog.dataset.find}?q=${encodeURIComponent(words)}`;
    const reply = await fetch(url, { signal: asking.signal, headers: { "HX-Request": "true" } });
    if (!reply.ok) return;
    const page = new DOMParser().parseFromString(await reply.text(), "text/html");
    show([...page.querySelectorAll("a")]);
  } catch (error) {
    if (error.name !== "AbortError") show([]);
  }
}

function onKey(event) {
  const all = links();
  const at = all.findIndex((link) => link.getAttribute("aria-selected") === "true");
  const way = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (way && all.length) {
    event.preventDefault();
    choose(all[(at + way + all.length) % all.length]);
  } else if (event.key === "Enter" && all[at]) {
    event.preventDefault();
    location.assign(all[at].href);
  }
}

if (dialog) {
  input.addEventListener("input", () => {
    show([]);
    clearTimeout(timer);
    timer = setTimeout(ask, ASK_MS);
  });
  input.addEventListener("keydown", onKey);
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  const reset = () => {
    input.value = "";
    show([]);
  };
  dialog.addEventListener("close", reset);
  reset();
}
