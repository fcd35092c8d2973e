// Views saved under a name: their links, and how they are made, renewed, renamed, deleted.

import { call, post } from "studio/api";
import { note } from "studio/notes";
import { asked, change, go, written } from "runs/experiment/address";
import { refresh } from "runs/experiment/table";

/** What is saved: the whole address but for the page one is on, and which view it was. */
function shown() {
  const query = asked();
  for (const key of ["cursor", "view"]) query.delete(key);
  return written(query).slice(1);
}

export class Views {
  /** menu: <details data-views>.  url: the API's list of views. */
  constructor(menu, url) {
    Object.assign(this, { menu, url, form: menu.querySelector("[data-save]"), said: menu.querySelector("[data-said]"), renaming: null });
    this.form.addEventListener("submit", (event) => (event.preventDefault(), this.#save()));
    menu.addEventListener("click", (event) => this.#click(event));
    menu.addEventListener("toggle", () => menu.open || this.#begin(null));
  }

  #begin(button) {
    this.renaming = button?.dataset.rename ?? null;
    const { name } = this.form.elements;
    name.value = button?.dataset.name ?? "";
    this.form.querySelector("button").textContent = button ? "Rename" : "Save";
    this.said.hidden = true;
    if (button) name.select();
  }

  async #save() {
    const { value: name } = this.form.elements.name;
    const isRenamed = this.renaming;
    await this.#do(async () => {
      if (isRenamed) await call(`${this.url}/${isRenamed}`, { method: "PATCH", json: { name } });
      else {
        const made = await post(this.url, { name, query: shown() });
        change({ view: String(made.id) }, { isStep: false });
      }
      this.#begin(null);
    });
  }

  #click(event) {
    const link = event.target.closest("a");
    const button = event.target.closest("button[data-renew], button[data-rename], button[data-delete]");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      this.menu.open = false;
      go(new URL(link.href).search);
      dispatchEvent(new PopStateEvent("popstate")); // all of the page follows it, as after "back"
    } else if (button?.dataset.rename) this.#begin(button);
    else if (button?.dataset.renew)
      this.#do(async () => {
        await call(`${this.url}/${button.dataset.renew}`, { method: "PATCH", json: { query: shown() } });
        change({ view: button.dataset.renew }, { isStep: false });
        note(`${button.dataset.name} shows what is shown now.`, "good");
      });
    else if (button?.dataset.delete) this.#delete(button);
  }

  #delete(button) {
    const { delete: id, name } = button.dataset;
    // Asked once, where the button is: a second press deletes.
    if (button.dataset.isSure === undefined) {
      button.dataset.isSure = "";
      button.textContent = "Delete?";
      button.setAttribute("aria-label", `Delete ${name}? Press again to delete it.`);
      return;
    }
    this.#do(async () => {
      await call(`${this.url}/${id}`, { method: "DELETE" });
      if (asked().get("view") === id) change({ view: null }, { isStep: false });
    });
  }

  async #do(what) {
    this.said.hidden = true;
    try {
      await what();
      document.activeElement?.closest("[data-views] form")?.querySelector("input").blur();
      await refresh();
    } catch (error) {
      this.said.textContent = Object.values(error.fields ?? {})[0] ?? error.message;
      this.said.hidden = false;
    }
  }
}
