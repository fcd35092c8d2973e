// The first bytes of what is no text, and what it seems to be.

import { bytes as size } from "studio/sizes";
import { element } from "studio/words";

const WIDTH = 16;

export function hex(preview, panel) {
  const { bytes: text, size_bytes: all, seems } = preview;
  const data = text.match(/../g)?.map((pair) => Number.parseInt(pair, 16)) ?? [];
  panel.say(data.length < all ? `the first ${size(data.length)} of ${size(all)}` : "");
  const rows = [];
  for (let at = 0; at < data.length; at += WIDTH) rows.push(row(at, data.slice(at, at + WIDTH)));
  const kind = seems ? `This seems to be ${seems}.` : "This is no text, and of no kind that is known here.";
  const get = element("a", { class: "btn small", href: panel.download, download: "" }, `Download · ${size(all)}`);
  const words = element("p", { class: "seems" }, element("span", {}, preview.is === "hex" ? kind : "Its first bytes."), get);
  return element("div", { class: "shown hex-shown" }, words, element("pre", { class: "hex", tabIndex: 0 }, rows.join("\n")));
}

function row(at, bytes) {
  const pairs = bytes.map((byte) => byte.toString(16).padStart(2, "0"));
  const left = [pairs.slice(0, 8).join(" "), pairs.slice(8).join(" ")].join("  ").padEnd(WIDTH * 3);
  const right = bytes.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : "·")).join("");
  return `${at.toString(16).padStart(6, "0")}  ${left}  ${right}`;
}
