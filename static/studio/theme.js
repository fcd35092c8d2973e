// Runs before the first paint, so no page flashes in the wrong theme or with the wrong navigation.
// A classic script in the head: modules run too late for that.
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const read = (key) => {
    try {
      return localStorage.getItem(key);
    } catch {
      return null; // a browser that forbids storage follows the system
    }
  };
  const show = () => {
    const chosen = read("theme");
    const isDark = chosen === "dark" || (chosen !== "light" && dark.matches);
    root.dataset.theme = isDark ? "dark" : "light";
    if (read("nav") === "small") root.dataset.nav = "small";
    else delete root.dataset.nav;
  };
  show();
  dark.addEventListener("change", show);
  addEventListener("storage", show);
  addEventListener("look-changed", show);
})();
