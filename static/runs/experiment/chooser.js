// A menu with what is chosen, in order, and a search among everything that could be.

import { get } from "studio/api";
import { count, element } from "studio/words";

const WAIT_MS = 120;

/** Put `nodes` in the list, unless they look as those in it: one may be pressed just now, or have the focus. */
function put(list, nodes) {
  const { children } = list;
  if (nodes.length !== children.length || nodes.some((node, at) => !node.isEqualNode(children[at]))) list.replaceChildren(...nodes);
}

export class Chooser {
  /**
   * menu: <details data-chooser>.  url: answers ?for=&find= with { items: [{ key, title, kind }], count }.
   * chosen() → [{ key, title }];  choose(keys, at): the new ones, in order;  isOne: one at most.
   */
  constructor(menu, { url, chosen, choose, isOne = false }) {
    Object.assign(this, { menu, url, chosen, choose, isOne, timer: 0, titles: new Map() });
    this.find = menu.querySelector('input[type="search"]');
    this.list = menu.querySelector("[data-found]");
    this.shown = menu.querySelector("[data-chosen]");
    menu.addEventListener("toggle", () => menu.open && this.#open());
    this.find.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.#search(), WAIT_MS);
    });
    // After the page's own listener, which closes menus that do not hold what was clicked.
    menu.addEventListener("click", ({ target }) => setTimeout(() => this.#click(target)));
    menu.addEventListener("keydown", (event) => this.#key(event));
    menu.querySelector("[data-usual]")?.addEventListener("click", () => this.choose(null));
  }

  #open() {
    this.renew();
    this.find.focus();
    this.#search();
  }

  async #search() {
    this.asking?.abort();
    const own = (this.asking = new AbortController());
    const query = new URLSearchParams({ for: this.menu.dataset.chooser, find: this.find.value });
    const answer = await get(`${this.url}?${query}`, { signal: own.signal }).catch(() => null);
    if (!answer || this.asking !== own) return;
    this.items = answer.items;
    for (const { key, title } of answer.items) this.titles.set(key, title);
    this.more = answer.count - answer.items.length;
    this.#list();
  }

  /** What is chosen changed. */
  renew() {
    if (!this.menu.open) return;
    const chosen = this.chosen();
    const key = this.shown.contains(document.activeElement) ? document.activeElement.closest("li").dataset.key : null;
    const act = document.activeElement?.dataset.move;
    put(this.shown, chosen.map(({ key: one, title }, at) => this.#chosen(one, title ?? this.titles.get(one) ?? one, { at, count: chosen.length })));
    if (key !== null && !this.shown.contains(document.activeElement)) [...this.shown.children].find((item) => item.dataset.key === key)?.querySelector(`[data-move="${act}"]:not(:disabled), [data-move]`)?.focus();
    this.#list();
  }

  #chosen(key, title, { at, count: all }) {
    const act = (name, sign, words) =>
      element("button", { type: "button", "data-move": name, "aria-label": `${words} ${title}`, title: words, disabled: (name === "up" && at === 0) || (name === "down" && at === all - 1) }, sign);
    const moves = this.isOne ? [] : [act("up", "↑", "Move up"), act("down", "↓", "Move down")];
    return element("li", { "data-key": key }, element("span", { title }, title), ...moves, act("remove", "✕", "Remove"));
  }

  #list() {
    const chosen = new Set(this.chosen().map(({ key }) => key));
    const items = (this.items ?? []).filter(({ key }) => !chosen.has(key)).map(({ key, title, kind }) =>
      element("li", {}, element("button", { type: "button", "data-add": key }, element("span", {}, title), element("small", {}, kind))));
    if (this.more > 0) items.push(element("li", { class: "quiet" }, `and ${count(this.more)} more: type to find them`));
    if (this.items && !items.length) items.push(element("li", { class: "quiet" }, this.items.length ? "All of these are shown." : "Nothing has this name."));
    const hadFocus = this.list.contains(document.activeElement);
    put(this.list, items);
    if (hadFocus && !this.list.contains(document.activeElement)) this.find.focus();
  }

  #click(target) {
    const [button, add] = [target.closest("[data-move]"), target.closest("[data-add]")];
    const keys = this.chosen().map(({ key }) => key);
    if (add) this.choose(this.isOne ? [add.dataset.add] : [...keys, add.dataset.add]);
    else if (button) {
      const at = keys.indexOf(button.closest("li").dataset.key);
      const [key] = keys.splice(at, 1);
      const way = { up: -1, down: 1 }[button.dataset.move];
      if (way) keys.splice(at + way, 0, key);
      this.choose(keys);
    } else return;
    this.renew();
  }

  /** Arrows go through what was found; Enter in the box takes the first. */
  #key(event) {
    const buttons = [...this.list.querySelectorAll("button")];
    const at = buttons.indexOf(document.activeElement);
    if (event.key === "Enter" && event.target === this.find) buttons[0]?.click();
    else if (event.key === "ArrowDown" && (at >= 0 || event.target === this.find)) buttons[at + 1]?.focus();
    else if (event.key === "ArrowUp" && at >= 0) (buttons[at - 1] ?? this.find).focus();
    else return;
    event.preventDefault();
  }
}
