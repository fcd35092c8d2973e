// The frame of every page: theme, navigation, menus, notes, errors of fragments, times that pass.
import "studio/live";
import "studio/keyboard";
import "studio/late";
import "studio/palette";
import "studio/pressed";
import { startClock } from "studio/clock";
import { note } from "studio/notes";

function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Nothing can be remembered here; the choice still holds for this page's life elsewhere.
  }
  dispatchEvent(new Event("look-changed"));
  showChoice();
}

function showChoice() {
  const chosen = localStorage.getItem("theme") ?? "system";
  for (const button of document.querySelectorAll("[data-theme-set]"))
    button.setAttribute("aria-pressed", String(button.dataset.themeSet === chosen));
}

export const toggleTheme = () =>
  remember("theme", document.documentElement.dataset.theme === "dark" ? "light" : "dark");
export const toggleNavigation = () =>
  remember("nav", document.documentElement.dataset.nav === "small" ? "full" : "small");

function copy(button) {
  const text = document.getElementById(button.dataset.copies).textContent;
  const done = () => {
    const before = button.textContent;
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = before), 1500);
  };
  // Without https (other than localhost) browsers offer no clipboard: select, so Ctrl C does it.
  if (navigator.clipboard) navigator.clipboard.writeText(text).then(done);
  else getSelection().selectAllChildren(document.getElementById(button.dataset.copies));
}

document.addEventListener("click", (event) => {
  const hit = (selector) => event.target.closest(selector);
  for (const menu of document.querySelectorAll("details.menu[open]"))
    if (!menu.contains(event.target)) menu.open = false;
  if (hit("[data-theme-set]")) remember("theme", hit("[data-theme-set]").dataset.themeSet);
  else if (hit("[data-collapse]")) toggleNavigation();
  else if (hit("[data-copies]")) copy(hit("[data-copies]"));
  else if (hit("#notes button")) hit(".note").remove();
  else if (hit("[data-opens]")) {
    document.querySelectorAll("details.menu[open]").forEach((menu) => (menu.open = false));
    document.dispatchEvent(new CustomEvent("open-dialog", { detail: hit("[data-opens]").dataset.opens }));
  }
});
document.addEventListener("toggle-theme", toggleTheme);
document.addEventListener("toggle-navigation", toggleNavigation);
document.addEventListener("keydown", ({ key }) => {
  if (key !== "Escape") return;
  const menu = document.querySelector("details.menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
// A person's click that failed says why; fragments that ask for themselves stay as they are.
document.body.addEventListener("htmx:responseError", ({ detail }) => {
  const verb = detail.requestConfig.verb;
  if (verb !== "get") note(detail.xhr.responseText.slice(0, 500) || "The studio said no.", "bad");
  else if (detail.xhr.status === 401 || detail.xhr.status === 403) note("You are signed out. Reload the page to sign in.", "bad");
});
// A session that is over answers every fragment with the sign-in page: show that as a page instead.
document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (!new URL(detail.xhr.responseURL, location).pathname.startsWith("/sign-in/")) return;
  detail.shouldSwap = false;
  location.assign(`/sign-in/?next=${encodeURIComponent(location.pathname + location.search)}`);
});
if (/Mac|iPhone|iPad/.test(navigator.platform))
  for (const key of document.querySelectorAll("[data-mod-k]")) key.textContent = "⌘ K";
showChoice();
startClock();
