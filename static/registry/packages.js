// The exact packages: a filter as one types, and the raw lock copied without being on the page.
// The table comes with the first build, so everything is heard on what holds it.
import { counted } from "studio/sizes";
import { note } from "studio/notes";

const root = document.querySelector("[data-packages]");
const field = () => document.getElementById("find-package");
const address = () => new URL(location);

function filter() {
  if (!field()) return;
  const words = field().value.trim().toLowerCase();
  const rows = [...root.querySelectorAll("tbody tr")];
  let left = 0;
  for (const row of rows) {
    row.hidden = !row.dataset.key.toLowerCase().includes(words);
    if (!row.hidden) left += 1;
  }
  root.querySelector("[data-tally]").textContent = words ? `${left} of ${counted(rows.length, "package")}` : counted(rows.length, "package");
}

root.addEventListener("input", () => {
  filter();
  const url = address();
  const words = field().value.trim();
  if (words) url.searchParams.set("find", words);
  else url.searchParams.delete("find");
  history.replaceState(null, "", url);
});
root.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-copies-lock]");
  if (!button) return;
  try {
    const answer = await fetch(button.dataset.copiesLock);
    if (!answer.ok) throw new Error(`the studio answered ${answer.status}`);
    await navigator.clipboard.writeText(await answer.text());
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy the lock"), 1500);
  } catch (error) {
    note(`The lock could not be copied (${error.message}); Download has the same text.`, "bad");
  }
});
root.addEventListener("htmx:afterSwap", filter);
if (field()) field().value = address().searchParams.get("find") ?? "";
filter();
