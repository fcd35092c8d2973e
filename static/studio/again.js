// What the browser dropped on its way is asked for once more. Browsers give up whatever is under way
// when a network of the machine comes or goes, a container's too: no page may stay half for that.
// A classic script before the others: it hears of those that do not arrive.
(() => {
  const [AGAIN_MS, APART_MS, KEY] = [300, 10_000, "loaded-again-at"];
  const [pictures, fragments] = [new WeakMap(), new WeakSet()];
  let isOver = false;

  function say() {
    const words = document.createElement("p");
    words.className = "error";
    words.setAttribute("role", "alert");
    words.textContent = "A part of this page did not arrive, so it does not work. Reload it when the studio can be reached.";
    document.body.prepend(words);
  }

  /** A page without one of its scripts or sheets is loaded again; once, and then it says so. */
  function reload() {
    if (isOver) return;
    isOver = true;
    let before = Date.now();
    try {
      before = Number(sessionStorage.getItem(KEY));
      sessionStorage.setItem(KEY, String(Date.now()));
    } catch {
      // Where nothing can be kept, nobody knows how often it was loaded: it says so at once.
    }
    if (Date.now() - before > APART_MS) location.reload();
    else if (document.body) say();
    else addEventListener("DOMContentLoaded", say);
  }

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
