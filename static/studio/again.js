// What the browser dropped on its way is asked for once more. Browsers give up whatever is under way
// when a network of the machine comes or goes, a container's too: no page may stay half for that.
// A classic script before the others: it hears of those that do not arrive.
(() => {
  const [AGAIN_MS, KEY] = [300, "loaded-again"];
  const [pictures, fragments] = [new WeakMap(), new WeakSet()];
  const { dataset: own } = document.currentScript;
  let isOver = false;

  function say() {
    const words = document.createElement("p");
    words.className = "error";
    words.setAttribute("role", "alert");
    words.textContent = "A part of this page did not arrive, so it does not work. Reload it when the studio can be reached.";
    document.body.prepend(words);
  }

  /** Whether this page may be loaded again: once until it was whole, and not where that would send a form again. */
  function isFirst() {
    try {
      const isAgain = sessionStorage.getItem(KEY) === location.href;
      sessionStorage.setItem(KEY, location.href);
      return !isAgain && !("posted" in own);
    } catch {
      return false; // where nothing can be kept, nobody knows how often it was loaded
    }
  }

  /** A page without one of its scripts or sheets is loaded again; if that does not help, it says so. */
  function reload() {
    if (isOver) return;
    isOver = true;
    if (isFirst()) location.reload();
    else if (document.body) say();
    else addEventListener("DOMContentLoaded", say);
  }

  addEventListener("load", () => {
    try {
      if (!isOver) sessionStorage.removeItem(KEY);
    } catch {
      // Nothing was kept.
    }
  });

  addEventListener(
    "error",
    (event) => {
      const { target } = event;
      if (target instanceof HTMLScriptElement || target instanceof HTMLLinkElement) return reload();
      if (!(target instanceof HTMLImageElement) || pictures.get(target) === target.src) return;
      const { src } = target;
      pictures.set(target, src);
      event.stopImmediatePropagation(); // who tells that it is damaged waits for the second time
      setTimeout(() => target.src === src && (target.src = src), AGAIN_MS);
    },
    true,
  );

  // A fragment; what changes something is never sent twice.
  addEventListener("htmx:sendError", ({ detail }) => {
    const { verb, path, elt, triggeringEvent: event } = detail.requestConfig;
    if (verb !== "get" || fragments.has(elt)) return;
    fragments.add(elt);
    const over = () => fragments.delete(elt);
    setTimeout(() => window.htmx.ajax("get", path, { source: elt, event }).then(over, over), AGAIN_MS);
  });
})();
