// A fragment that replaces itself is gone with its delay, and with the request that waits for its
// turn: what it heard while the one before was under way is said once more to the one in its place.

import { say, saidAt } from "studio/live";

const began = new WeakMap(); // the element that asked → when

document.body.addEventListener("htmx:beforeRequest", ({ detail }) => began.set(detail.elt, performance.now()));
document.body.addEventListener("htmx:afterSettle", ({ detail }) => {
  const { elt } = detail.requestConfig;
  if (elt.isConnected || !began.has(elt)) return;
  const words = elt.getAttribute("hx-trigger") ?? "";
  for (const [name, at] of saidAt)
    if (at >= began.get(elt) && words.includes(`${name} from:body`)) return say(name);
});
