// What differs from another run's code: the list of files, and the difference of one.

const COLUMNS = "diff-columns";

function columns(given) {
  try {
    if (given !== undefined) localStorage.setItem(COLUMNS, given);
    return localStorage.getItem(COLUMNS) ?? "";
  } catch {
    return given ?? "";
  }
}

/** A fragment of the studio's own, as nodes: its text is escaped where it is made. */
async function fragment(address) {
  const answer = await fetch(address, { headers: { "HX-Request": "true" }, credentials: "same-origin" });
  const text = await answer.text();
  if (!answer.ok) throw new Error(text.slice(0, 300));
  return new DOMParser().parseFromString(text, "text/html").body.childNodes;
}

export class Changes {
  /** remember({ against, path, look }): keeps it in the address. opened(): a difference takes the place. */
  constructor(root, { remember, opened }) {
    Object.assign(this, { remember, opened, asked: 0 });
    ({ changes: this.listAddress, difference: this.fileAddress } = root.dataset);
    [this.select, this.list, this.shows] = ["[data-against]", "[data-changed]", "[data-diff]"].map((part) => root.querySelector(part));
    this.select?.addEventListener("change", () => this.#against(this.select.value, ""));
    this.list?.addEventListener("click", (event) => {
      const link = event.target.closest("a[data-path]");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.#open(link.dataset.path);
    });
    this.list?.addEventListener("keydown", (event) => this.#walk(event));
    this.shows.addEventListener("click", ({ target }) => {
      const look = target.closest("[data-look]")?.dataset.look;
      if (look !== undefined) this.#open(this.path, columns(look));
    });
  }

  /** Show what the address names. */
  start(against, path, look) {
    if (!this.select) return;
    this.select.value = against;
    if (this.select.value === against) this.#against(against, path, look || columns());
  }

  close() {
    this.asked += 1;
    this.shows.hidden = true;
    this.#mark(null);
  }

  async #against(run, path, look = columns()) {
    this.run = run;
    this.remember({ against: run, path, look: "" });
    if (!run) return this.list.replaceChildren();
    try {
      this.list.replaceChildren(...(await fragment(`${this.listAddress}?${new URLSearchParams({ against: run })}`)));
    } catch (error) {
      return this.list.replaceChildren(error.message);
    }
    const wanted = path || this.list.querySelector("a[data-path]")?.dataset.path;
    if (wanted) await this.#open(wanted, look);
  }

  async #open(path, look = columns()) {
    this.path = path;
    const own = (this.asked += 1);
    this.remember({ against: this.run, path, look });
    this.#mark(path);
    this.opened();
    this.shows.hidden = false;
    const query = new URLSearchParams({ against: this.run, path, look });
    const nodes = await fragment(`${this.fileAddress}?${query}`).catch((error) => [error.message]);
    if (own === this.asked) this.shows.replaceChildren(...nodes);
  }

  #mark(path) {
    for (const link of this.list?.querySelectorAll("a[data-path]") ?? []) {
      if (link.dataset.path === path) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }

  #walk(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const links = [...this.list.querySelectorAll("a[data-path]")];
    const at = links.indexOf(document.activeElement);
    if (!step || at < 0) return;
    event.preventDefault();
    links[Math.min(links.length - 1, Math.max(0, at + step))].focus();
  }
}
