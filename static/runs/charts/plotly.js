// Plotly comes beside the page, which stands and can be used before it is here.

const script = document.querySelector("script[data-plotly]");

/** Call `then` once window.Plotly is there. */
export function whenPlotly(then) {
  if (window.Plotly) then();
  else script?.addEventListener("load", then, { once: true });
}
