// What strangers' pages are shown in: a frame that runs nothing, loads nothing and knows nobody.

import { element } from "studio/words";

/** An empty `sandbox` takes everything away: scripts, forms, pop-ups, its own origin, the page above. */
export function framed(address, title, height = 0) {
  const frame = element("iframe", { title, loading: "lazy", referrerpolicy: "no-referrer" });
  frame.setAttribute("sandbox", "");
  // By what its text says: the frame itself can tell nobody how high it is.
  if (height) frame.setAttribute("height", height);
  frame.setAttribute("src", address);
  return frame;
}

export function page(preview, panel) {
  panel.say("shown without its scripts; it can reach nothing");
  return element("div", { class: "shown page-shown" }, framed(panel.frame(), preview.path));
}
