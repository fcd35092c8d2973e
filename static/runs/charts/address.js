// What the page shows, as its address says it: a copied link shows another person the same.

import { USUAL_SMOOTHING } from "runs/charts/smoothing";

export const USUAL = { find: "", axis: "step", smoothing: USUAL_SMOOTHING, log: false, flat: false, apart: false,
  together: false, table: false, full: "", pin: [], closed: [], column: [], zoom: [] };
const AXES = ["step", "relative", "wall"];

/** The state that the address asks for; what it does not say is as usual. */
export function read(search = location.search) {
  const asked = new URLSearchParams(search);
  const state = { isChosen: asked.has("smoothing") };
  for (const [key, usual] of Object.entries(USUAL)) {
    if (Array.isArray(usual)) state[key] = asked.getAll(key);
    else state[key] = typeof usual === "boolean" ? asked.has(key) : (asked.get(key) ?? usual);
  }
  const smoothing = Number(state.smoothing);
  state.smoothing = smoothing >= 0 && smoothing < 1 ? smoothing : USUAL.smoothing;
  if (!AXES.includes(state.axis)) state.axis = USUAL.axis;
  return state;
}

export function write(state) {
  const query = new URLSearchParams();
  for (const [key, usual] of Object.entries(USUAL)) {
    const now = state[key];
    if (Array.isArray(usual)) now.forEach((one) => query.append(key, one));
    else if (now !== usual || (key === "smoothing" && state.isChosen)) {
      query.set(key, now === true ? "1" : String(now));
    }
  }
  const words = query.toString();
  history.replaceState(null, "", words ? `?${words}` : location.pathname);
}

/** `list` with `item` where it was not, without it where it was. */
export const toggled = (list, item) =>
  list.includes(item) ? list.filter((one) => one !== item) : [...list, item];
