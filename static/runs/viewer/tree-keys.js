// The tree by keyboard: arrows walk and fold, Home and End, x ticks, Enter opens.

export class TreeKeys {
  constructor(tree) {
    this.tree = tree;
    tree.root.addEventListener("keydown", (event) => this.#press(event));
    tree.root.addEventListener("focusin", ({ target }) => this.#hold(target));
  }

  /** One row can be reached by Tab: the one that had the focus last. */
  #hold(target) {
    if (!target.matches("[data-path], [data-more]")) return;
    for (const row of this.tree.root.querySelectorAll("[tabindex='0']")) row.tabIndex = -1;
    target.tabIndex = 0;
  }

  #rows() {
    return [...this.tree.root.querySelectorAll("[data-path], [data-more]")].filter((row) => row.offsetParent);
  }

  #press(event) {
    const here = event.target.closest("[data-path], [data-more]");
    if (!here || event.ctrlKey || event.metaKey || event.altKey) return;
    const act = { ArrowDown: () => this.#go(here, 1), ArrowUp: () => this.#go(here, -1), Home: () => this.#rows()[0].focus(), End: () => this.#rows().at(-1).focus(), ArrowRight: () => this.#right(here), ArrowLeft: () => this.#left(here), x: () => this.#tick(here) }[event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  #go(here, step) {
    const rows = this.#rows();
    rows[Math.min(rows.length - 1, Math.max(0, rows.indexOf(here) + step))].focus();
  }

  #right(here) {
    if (here.getAttribute("aria-expanded") === "false") this.tree.open(here.dataset.path);
    else if (here.hasAttribute("aria-expanded")) this.#go(here, 1);
  }

  #left(here) {
    if (here.getAttribute("aria-expanded") === "true") return this.tree.fold(here.dataset.path);
    here.closest("ul").parentElement.querySelector(":scope > [data-path]")?.focus();
  }

  #tick(here) {
    const box = here.parentElement.querySelector(":scope > input");
    box?.click();
  }
}
