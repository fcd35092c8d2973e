// What the bar over the charts says, kept in the address: find, axis, smoothing, log scale.

const USUAL = { find: "", axis: "step", smoothing: 0.9, log: false };
const AXES = ["step", "relative", "wall"];

export class Controls {
  /** form: the bar. changed(): called after each change. */
  constructor(form, changed) {
    Object.assign(this, { form, state: read() });
    this.#show();
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", () => {
      const { find, axis, smoothing, log } = form.elements;
      this.state = {
        find: find.value,
        axis: axis.value,
        smoothing: Number(smoothing.value),
        log: log.checked,
      };
      this.#show();
      write(this.state);
      changed();
    });
  }

  #show() {
    const { find, axis, smoothing, log, smoothing_value: words } = this.form.elements;
    if (find.value !== this.state.find) find.value = this.state.find;
    axis.value = this.state.axis;
    smoothing.value = String(this.state.smoothing);
    log.checked = this.state.log;
    words.value = this.state.smoothing.toFixed(2);
  }
}

function read() {
  const asked = new URLSearchParams(location.search);
  const smoothing = Number(asked.get("smoothing") ?? USUAL.smoothing);
  return {
    find: asked.get("find") ?? USUAL.find,
    axis: AXES.includes(asked.get("axis")) ? asked.get("axis") : USUAL.axis,
    smoothing: smoothing >= 0 && smoothing < 1 ? smoothing : USUAL.smoothing,
    log: asked.has("log"),
  };
}

function write(state) {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(state)) {
    if (value !== USUAL[key]) query.set(key, value === true ? "1" : String(value));
  }
  const words = query.toString();
  history.replaceState(null, "", words ? `?${words}` : location.pathname);
}
