// Finds files by a part of their path, among all of them: the tree then lists what was found.

import { get } from "studio/api";
import { counted } from "studio/sizes";
import { element } from "studio/words";

const WAIT_MS = 200;

/** field: what is typed into. address: answers ?find=. chosen(path): a person picked one. */
export function startFind(field, { address, tree, results, chosen }) {
  let timer = 0;
  let asked = 0;

  async function look() {
    const find = field.value.trim();
    const own = (asked += 1);
    const isOn = find !== "";
    tree.root.hidden = isOn;
    results.hidden = !isOn;
    if (!isOn) return;
    const { items } = await get(`${address}?${new URLSearchParams({ find })}`).catch(() => ({ items: [] }));
    if (own !== asked) return;
    const rows = items.map(({ path }) => element("li", {}, element("a", { href: `?${new URLSearchParams({ path })}`, "data-path": path, title: path }, element("span", {}, path))));
    results.replaceChildren(element("p", { role: "status" }, counted(items.length, "file")), element("ul", {}, ...rows));
  }

  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, WAIT_MS);
  });
  field.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") {
      field.value = "";
      look();
    } else if (key === "ArrowDown") (results.hidden ? tree.root : results).querySelector("[data-path]")?.focus();
  });
  results.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-path]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    chosen(link.dataset.path);
  });
}
