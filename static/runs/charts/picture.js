// A tile as a PNG file, with its name and the page's own background.

import { note } from "studio/notes";
import { element } from "studio/words";

const SCALE = 2;

/** Hand the browser `<run>-<metric>.png`.  tile: one that is drawn. */
export async function save(tile, { look, runId }) {
  const { plot, title, roles, figure } = tile;
  const { layout } = figure;
  const words = [title, roles.length ? roles.join(" · ") : "", runId].filter(Boolean).join("   ");
  const shown = {
    ...layout,
    paper_bgcolor: look.surface,
    plot_bgcolor: look.surface,
    margin: { ...layout.margin, t: 40 },
    title: { text: escaped(words), font: { size: 13, color: look.text }, x: 0.02, xanchor: "left", y: 0.97, yanchor: "top" },
  };
  const size = { width: Math.max(480, plot.clientWidth), height: Math.max(240, plot.clientHeight + 32) };
  try {
    const url = await window.Plotly.toImage(
      { data: figure.traces, layout: shown }, { format: "png", scale: SCALE, ...size },
    );
    element("a", { href: url, download: `${fileName(`${runId}-${title}`)}.png` }).click();
  } catch (error) {
    note(`The picture of ${title} could not be made: ${error.message ?? error}`, "bad");
  }
}

/** What no system allows in a file's name becomes "_". */
export const fileName = (name) => name.replace(/[/\\:*?"<>|\u0000-\u001f]/g, "_");

/** Plotly reads a title as a small part of HTML. */
const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
