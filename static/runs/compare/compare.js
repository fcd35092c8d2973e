// The Compare page: what is known of the runs, the part that is shown, and what changes meanwhile.

import { listen } from "studio/live";
import { Best } from "runs/compare/best";
import { offerAll, searchWhileTyping } from "runs/compare/chooser";
import { Code } from "runs/compare/code";
import { Curves } from "runs/compare/curves";
import { Facts } from "runs/compare/facts";
import { Parallel } from "runs/compare/parallel";
import { Scatter } from "runs/compare/scatter";
import { markRuns } from "runs/compare/shown";
import { read, write } from "runs/compare/state";
import { Table } from "runs/compare/table";
import { count } from "studio/words";

// A sweep that runs changes all the time; nobody reads faster.
const EVERY_MS = 2000;
const PARTS = { curves: Curves, table: Table, scatter: Scatter, parallel: Parallel, code: Code };

class Page {
  constructor(root) {
    this.root = root;
    const asked = JSON.parse(document.getElementById("compare-asked").textContent);
    this.facts = new Facts(root.dataset.workspace, asked);
    this.best = new Best(root, this.facts, () => this.#tell());
    this.problem = root.querySelector("[data-problem]");
    this.status = root.querySelector("[data-status]");
    this.parts = new Map();
    this.last = 0;
    root.querySelector(".tabs").addEventListener("click", (event) => this.#go(event));
    searchWhileTyping(root, this.facts);
    document.addEventListener("visibilitychange", () => this.isStale && this.#soon());
  }

  async start() {
    await this.#load();
    const topic = `workspace:${this.root.dataset.workspace}`;
    listen(topic, (event) => event.event === "run-changed" && this.#changed(event.run_id), () => this.#soon());
    this.root.addEventListener("overlay-points", () => this.#soon(), true);
    this.#follow();
  }

  /** Points of live runs change values, whatever part is shown: the first of them are listened to. */
  #follow() {
    const live = this.facts.runs.filter((run) => !run.is_final).slice(0, 20);
    this.followed ??= new Set();
    for (const { run_id } of live) {
      if (this.followed.has(run_id)) continue;
      this.followed.add(run_id);
      listen(`run:${run_id}:metrics`, () => this.#soon());
    }
  }

  #changed(runId) {
    if (this.facts.asked.experiment || this.facts.runs.some((run) => run.run_id === runId)) this.#soon();
  }

  /** Ask again, at most every two seconds, and only while somebody looks. */
  #soon() {
    this.isStale = true;
    if (this.timer || document.hidden) return;
    this.timer = setTimeout(() => {
      this.timer = 0;
      if (!document.hidden) this.#load();
    }, Math.max(0, this.last + EVERY_MS - Date.now()));
  }

  async #load() {
    this.isStale = false;
    this.last = Date.now();
    try {
      await this.facts.load();
      markRuns(this.facts.runs);
      await this.#tell();
      this.#say("");
    } catch (error) {
      if (!error.status && error.name !== "ApiError") throw error;
      this.#say(error.message);
    }
    this.last = Date.now();
    if (this.parts.size) this.#follow();
  }

  async #tell() {
    offerAll(this.facts);
    await this.best.renew();
    const live = this.facts.runs.filter((run) => !run.is_final).length;
    this.status.textContent = live ? `${count(live)} of ${count(this.facts.runs.length)} still running · live` : "";
    const title = `Compare ${count(this.facts.runs.length)} ${this.facts.runs.length === 1 ? "run" : "runs"}`;
    this.root.querySelector("[data-title]").textContent = title;
    await this.#show(read("tab", "curves"));
  }

  async #show(tab) {
    const chosen = tab in PARTS ? tab : "curves";
    for (const link of this.root.querySelectorAll("[data-tab]")) {
      const isHere = link.dataset.tab === chosen;
      link.classList.toggle("on", isHere);
      if (isHere) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
      const address = new URLSearchParams(location.search);
      address.set("tab", link.dataset.tab);
      link.href = `?${address}`;
    }
    for (const section of this.root.querySelectorAll("[data-part]")) section.hidden = section.dataset.part !== chosen;
    const section = this.root.querySelector(`[data-part="${chosen}"]`);
    if (!this.parts.has(chosen)) this.parts.set(chosen, new PARTS[chosen](section, this.facts, this.best));
    await this.parts.get(chosen).show();
  }

  async #go(event) {
    const link = event.target.closest("[data-tab]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    write({ tab: link.dataset.tab === "curves" ? "" : link.dataset.tab });
    await this.#show(link.dataset.tab);
  }

  #say(words) {
    this.problem.hidden = !words;
    this.problem.firstElementChild.textContent = words;
  }
}

new Page(document.querySelector("[data-compare]")).start();
