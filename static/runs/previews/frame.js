// What strangers' pages are shown in: a frame that runs nothing, loads nothing and knows nobody.

import { element } from "studio/words";

/** An empty `sandbox` takes everything away: scripts, forms, pop-ups, its own origin, the page above. */
export function framed(address, title) {
  const frame = element("iframe", { title, loading: "lazy", referrerpolicy: "no-referrer" });
  frame.setAttribute("sandbox", "");
  frame.setAttribute("src", address);
  return frame;
}

export function page(preview, panel) {
  panel.say("shown without its scripts; it can reach nothing");
  return element("div", { class: "shown page-shown" }, framed(panel.frame(), preview.path));
}
