// The look every chart starts from: Plotly's layout in the colours of the page's tokens.

const COLOURS = ["--c1", "--c2", "--c3", "--c4", "--c5", "--c6"];
const DASHES = ["solid", "dot", "dash", "dashdot", "longdash", "longdashdot"];
// Overflow: to measure each number, for hiding those that reach out, would take a third of the drawing.
const AXIS = { zeroline: false, ticks: "", automargin: false, ticklabelstandoff: 4, ticklabeloverflow: "allow" };

/** The page's colours and fonts as they are now; see onTheme. */
export function theme() {
  const style = getComputedStyle(document.documentElement);
  const token = (name) => style.getPropertyValue(name).trim();
  return {
    text: token("--text"),
    quiet: token("--text-quiet"),
    faint: token("--text-faint"),
    line: token("--line"),
    strong: token("--line-strong"),
    surface: token("--raised"),
    failed: token("--state-failed"),
    font: token("--font"),
    colours: COLOURS.map(token),
  };
}

/**
 * The colour and dash of line number `position`, from 0: colours that the colour-blind tell apart,
 * and when they are used up the same again, dashed.
 */
export function lineOf({ colours }, position) {
  const dash = DASHES[Math.floor(position / colours.length) % DASHES.length];
  return { colour: colours[position % colours.length], dash };
}

/** Call `changed` whenever the page turns light or dark. */
export function onTheme(changed) {
  const attributeFilter = ["data-theme"];
  new MutationObserver(changed).observe(document.documentElement, { attributeFilter });
}

/** A layout with no frame, quiet axes, and a hover box like the page's other boxes. */
export function layout(look, { xaxis = {}, yaxis = {}, ...rest } = {}) {
  const tickfont = { family: look.font, size: 11, color: look.faint };
  return {
    autosize: true,
    margin: { l: 46, r: 16, t: 8, b: 26 },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: look.font, size: 12, color: look.text },
    showlegend: false,
    hovermode: "x",
    hoverdistance: -1,
    hoverlabel: {
      bgcolor: look.surface,
      bordercolor: look.strong,
      font: { family: look.font, size: 12, color: look.text },
    },
    dragmode: "zoom",
    xaxis: { ...AXIS, showgrid: false, tickfont, nticks: 6, ...xaxis },
    yaxis: { ...AXIS, gridcolor: look.line, tickfont, nticks: 5, fixedrange: true, ...yaxis },
    ...rest,
  };
}

/** No buttons over the chart, no logo, no link elsewhere; zoom by dragging. */
export const CONFIG = {
  displayModeBar: false,
  displaylogo: false,
  doubleClick: false,
  scrollZoom: false,
  showTips: false,
};

/**
 * The smallest "round" range around [low, high], so that a growing line seldom moves: its ends, and
 * the step between its grid lines.
 */
export function roundRange(low, high, parts = 4) {
  // Nearer to each other than a number has digits for, grid lines would be one and the same.
  if (high - low <= 1e-13 * Math.max(Math.abs(low), Math.abs(high))) {
    const room = Math.abs(low) * 0.1 || 1;
    [low, high] = [low - room, high + room];
  }
  // Small beside its greatest value, a series is better read from zero.
  if (low > 0 && low < high / 2) low = 0;
  if (high < 0 && high > low / 2) high = 0;
  const step = roundStep((high - low) / parts);
  return [Math.floor(low / step + 1e-9) * step, Math.ceil(high / step - 1e-9) * step, step];
}

/** 1, 2, 2.5 or 5 times a power of ten, at least `rough`. */
function roundStep(rough) {
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 2.5, 5, 10].find((times) => times * power >= rough * (1 - 1e-9)) * power;
}
