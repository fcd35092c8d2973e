// What is done to all selected runs at once, after one question.

import { post } from "studio/api";
import { note } from "studio/notes";
import { count, element } from "studio/words";
import { refresh } from "runs/experiment/table";

const runs = (some) => `${count(some.length)} run${some.length === 1 ? "" : "s"}`;
const ASKED = {
  cancel: (some) => {
    const live = some.filter((run) => run.isLive);
    return {
      title: `Cancel ${runs(live)}?`,
      words: live.length ? "They end; what they wrote until now is kept." : "All of the selected runs have ended already.",
      act: "Cancel them", done: "canceled", some: live,
    };
  },
  archive: (some) => ({ title: `Archive ${runs(some)}?`, words: "They leave the table, its counts and its best values. Nothing is deleted: archived runs can be shown and brought back.", act: "Archive", done: "archived", some }),
  restore: (some) => ({ title: `Bring back ${runs(some)}?`, words: "They are in the table again.", act: "Bring back", done: "brought back", some }),
  tag: (some) => ({ title: `Tag ${runs(some)}`, words: "A tag of the same name takes the new value.", act: "Tag", done: "tagged", some }),
};
// The API takes so many at once.
const AT_ONCE = 1000;

export class Bulk {
  /** remove(): asks whether the selected runs are to be deleted. */
  constructor({ actions, api, selection, remove }) {
    Object.assign(this, { api, selection, dialog: document.querySelector("dialog#bulk") });
    const part = (name) => this.dialog.querySelector(`[data-${name}]`);
    Object.assign(this, { words: part("words"), button: part("do"), tag: part("tag"), said: part("said"), form: this.dialog.querySelector("form.in") });
    actions.addEventListener("click", ({ target }) => {
      const button = target.closest("[data-act]");
      if (target.closest("[data-clear]")) selection.clear();
      else if (button?.dataset.act === "delete") remove();
      else if (button) this.ask(button.dataset.act);
    });
    this.form.addEventListener("submit", (event) => {
      if (event.submitter?.value !== "do") return;
      event.preventDefault();
      this.#do();
    });
  }

  ask(action) {
    const asked = ASKED[action](this.selection.runs);
    Object.assign(this, { action, asked });
    this.dialog.querySelector("h2").textContent = asked.title;
    this.words.textContent = asked.words;
    this.button.textContent = asked.act;
    this.button.disabled = !asked.some.length;
    this.button.classList.toggle("danger", action === "cancel");
    this.tag.hidden = action !== "tag";
    this.tag.querySelector("input").value = "";
    this.said.hidden = true;
    this.dialog.showModal();
    if (action === "tag") this.tag.querySelector("input").focus();
  }

  async #do() {
    const { action, asked } = this;
    const wanted = { action, runs: asked.some.map(({ id }) => id).slice(0, AT_ONCE) };
    if (action === "tag") {
      const [name, ...value] = this.tag.querySelector("input").value.split("=");
      if (!name.trim()) return this.#say("Write a tag, or tag=value.");
      wanted.tags = { [name.trim()]: value.join("=").trim() };
    }
    this.button.disabled = true;
    try {
      const { done, refused } = await post(`${this.api}runs/actions`, wanted);
      this.dialog.close();
      note(`${runs(done)} ${asked.done}.`, "good");
      if (refused.length) note(`${runs(refused)} not ${asked.done}: ${refused[0].why}`, "bad");
      if (action === "archive") this.selection.clear();
      await refresh();
    } catch (error) {
      this.#say(Object.values(error.fields ?? {})[0] ?? error.message);
    }
    this.button.disabled = false;
  }

  #say(words) {
    this.said.textContent = words;
    this.said.hidden = false;
  }
}

/** Keys of this page in the list of keys. */
export function tellKeys(keys) {
  const list = document.querySelector("#keys dl");
  for (const [key, words] of keys) list.append(element("dt", {}, element("kbd", {}, key)), element("dd", {}, words));
}
