// The charts over the table: of the selected runs, or of those on the page.

import { USUAL_SMOOTHING } from "runs/charts/smoothing";
import { Overlay } from "runs/overlay/overlay";
import { asked, change } from "runs/experiment/address";
import { told } from "runs/experiment/table";

const AXES = ["step", "relative", "wall"];
const BANDS = ["range", "deviation"];

export class Charts {
  /** box: where the tiles stand.  workspace: its name.  selection: which runs are selected. */
  constructor(box, { workspace, selection }) {
    box.replaceChildren(); // what kept their room until now
    Object.assign(this, { box, selection, overlay: new Overlay(box, { workspace }) });
    box.addEventListener("overlay-zoom", () => this.#zoomed());
    box.addEventListener("overlay-log", ({ detail }) => this.#log(detail));
    box.addEventListener("overlay-remove", ({ detail }) => this.choose(this.names.filter((name) => name !== detail.metric)));
    box.addEventListener("overlay-painted", () => this.#marks());
    document.addEventListener("address-changed", ({ detail }) => this.show(detail));
    document.addEventListener("rows-changed", () => this.show());
    this.show({ isBack: true });
  }

  get names() {
    const query = asked();
    return query.has("chart") ? query.getAll("chart").filter(Boolean) : told().charts;
  }

  /** Which metrics are drawn, in which order; null: the usual ones. */
  choose(names) {
    change({ chart: names && (names.length ? names : [""]) });
  }

  get view() {
    const query = asked();
    const { group, greatest } = told();
    const smoothing = Number(query.get("smoothing") ?? USUAL_SMOOTHING);
    const band = group && BANDS.includes(query.get("band")) ? query.get("band") : "";
    const colour = !group ? "run" : group.is_number && !band ? "value" : "group";
    return {
      axis: AXES.includes(query.get("axis")) ? query.get("axis") : "step",
      smoothing: smoothing > 0 && smoothing < 1 ? smoothing : 0,
      log: query.getAll("log"),
      label: group?.title ?? "",
      colour, band, greatest,
    };
  }

  show({ isBack = false } = {}) {
    const { runs } = told();
    const { runs: chosen } = this.selection;
    const metrics = this.names;
    this.box.parentNode.hidden = !metrics.length;
    this.overlay.show({ runs: chosen.length ? chosen : runs, metrics, view: this.view, heard: runs });
    this.#marks(); // rows that came anew have the colours of their runs
    if (isBack) this.overlay.setZooms(zooms());
  }

  /** The marks in the table have the colours of the lines. */
  #marks() {
    const { runs } = told();
    const { paint } = this.overlay.painted;
    const isRun = this.overlay.view.colour === "run";
    const byNumber = new Map(runs.map((run) => [run.number, run]));
    for (const row of document.querySelectorAll("#run-table tr[data-number]")) {
      const run = byNumber.get(Number(row.dataset.number));
      const mark = row.querySelector(".run-mark");
      mark.style.color = isRun || !run ? "" : paint(run)?.colour ?? "";
      mark.classList.toggle("grouped", !isRun);
    }
  }

  #zoomed() {
    const zoom = Object.entries(this.overlay.zooms).map(([name, range]) => [name, ...range.map((end) => Number(end.toPrecision(12)))].join(":"));
    change({ zoom }, { isStep: false });
  }

  #log({ metric, log }) {
    const others = asked().getAll("log").filter((name) => name !== metric);
    change({ log: log ? [...others, metric] : others }, { isStep: false });
  }
}

/** `loss:100:250` → { loss: [100, 250] }; a metric's name may hold colons. */
function zooms() {
  const found = asked().getAll("zoom").map((text) => /^(.+):([^:]+):([^:]+)$/s.exec(text)).filter(Boolean);
  const ranges = found.map(([, name, from, to]) => [name, [Number(from), Number(to)]]);
  return Object.fromEntries(ranges.filter(([, [from, to]]) => from < to));
}
