// Search in all files of the code: the server looks, lines that match are links to their place.

import { get } from "studio/api";
import { counted } from "studio/sizes";
import { element } from "studio/words";

const WAIT_MS = 250;

/** remember({ text, regex, case }): keeps it in the address. found(path, line): a person chose a line. */
export function startSearch(root, { address, remember, found }) {
  const form = root.querySelector("[data-search]");
  const list = root.querySelector("[data-matches]");
  const field = form.elements.text;
  const options = [...form.querySelectorAll("[data-option]")];
  let timer = 0;
  let asked = 0;

  async function look() {
    clearTimeout(timer);
    const own = (asked += 1);
    const text = field.value;
    const chosen = options.map((option) => [option.dataset.option, option.getAttribute("aria-pressed") === "true" ? "1" : ""]);
    remember({ text, ...Object.fromEntries(chosen) });
    if (!text) return list.replaceChildren();
    const query = new URLSearchParams([["text", text], ...chosen.filter(([, isOn]) => isOn)]);
    const answer = await get(`${address}?${query}`).catch((error) => ({ error }));
    if (own !== asked) return;
    list.replaceChildren(...shown(answer));
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    look();
  });
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, WAIT_MS);
  });
  for (const option of options) {
    option.addEventListener("click", () => {
      option.setAttribute("aria-pressed", String(option.getAttribute("aria-pressed") !== "true"));
      look();
    });
  }
  list.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-line]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    found(link.dataset.file, Number(link.dataset.line));
  });
  return {
    focus: () => field.focus(),
    /** Search for what the address names: { text, regex, case }. */
    start: (asked) => {
      field.value = asked.text;
      for (const option of options) option.setAttribute("aria-pressed", String(asked[option.dataset.option] === "1"));
      look();
    },
  };
}

function shown({ error, matches = [], is_cut: isCut, skipped }) {
  if (error) return [element("p", { role: "status", class: "tone-error" }, error.message)];
  const left = skipped ? `; ${counted(skipped, "file")} not looked through: too large, or no text` : "";
  const made = [element("p", { role: "status" }, `${isCut ? "The first " : ""}${counted(matches.length, "line")}${left}`)];
  let file = null;
  for (const { path, line, text, start, end } of matches) {
    if (path !== file) made.push(element("h3", { title: path }, path));
    file = path;
    const query = new URLSearchParams({ path });
    const link = element("a", { href: `?${query}#L${line}`, "data-file": path, "data-line": String(line) });
    link.append(element("small", {}, String(line)), element("span", {}, text.slice(0, start).trimStart(), element("mark", {}, text.slice(start, end)), text.slice(end)));
    made.push(link);
  }
  return made;
}
