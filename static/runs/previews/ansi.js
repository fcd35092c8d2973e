// Text with a terminal's colours as elements: what notebooks keep of tracebacks.

import { element } from "studio/words";

const CODE = /\u001b\[([\d;]*)m/g;
const OTHER = /\u001b(?:\[[0-9;?]*[A-Za-ln-z]|\][^\u0007]*\u0007|[()][A-Z0-9])/g;
const COLOURS = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

/** The nodes of a text; classes as those of logs (t-red, t-bold …). */
export function ansi(text) {
  const made = [];
  const look = { colour: "", bold: "" };
  let at = 0;
  const clean = text.replace(OTHER, "");
  const add = (part) => {
    const name = [look.colour, look.bold].filter(Boolean).join(" ");
    if (part) made.push(name ? element("span", { class: name }, part) : part);
  };
  for (const found of clean.matchAll(CODE)) {
    add(clean.slice(at, found.index));
    at = found.index + found[0].length;
    change(look, found[1].split(";").map(Number));
  }
  add(clean.slice(at));
  return made;
}

function change(look, codes) {
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at];
    if (code === 38 || code === 48) {
      const isIndexed = codes[at + 1] === 5;
      if (code === 38 && isIndexed && codes[at + 2] < 16) look.colour = `t-${COLOURS[codes[at + 2] % 8]}`;
      at += isIndexed ? 2 : 4;
    } else if (code === 0) Object.assign(look, { colour: "", bold: "" });
    else if (code === 1) look.bold = "t-bold";
    else if (code === 22) look.bold = "";
    else if (code === 39) look.colour = "";
    else if ((code >= 30 && code < 38) || (code >= 90 && code < 98)) look.colour = `t-${COLOURS[code % 10]}`;
  }
}
