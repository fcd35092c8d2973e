// What is pressed stays until it is let go. A click whose place is drawn anew between its press and
// its release reaches nobody, so fragments and tables that change meanwhile wait for it.

const waiting = new Set();
let pressed = null; // where the pointer is down

const isPressed = (place) => pressed !== null && place.contains(pressed);

/** Resolves once nothing in `place` is pressed: at once, or when what the press does was done. */
export function released(place) {
  return isPressed(place) ? new Promise((resolve) => waiting.add(resolve)) : Promise.resolve();
}

function release() {
  if (pressed === null) return;
  pressed = null;
  // The click comes after the pointer is up, in the same turn.
  setTimeout(() => {
    for (const go of waiting) go();
    waiting.clear();
  });
}

addEventListener("pointerdown", ({ button, target }) => button === 0 && (pressed = target), true);
for (const name of ["pointerup", "pointercancel", "dragend", "blur"]) addEventListener(name, release, true);

// A fragment whose place is pressed is asked for again afterwards: what has come may be old by then.
document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const { verb, path, elt, triggeringEvent: event } = detail.requestConfig;
  if (verb !== "get" || !detail.shouldSwap || !isPressed(detail.target)) return;
  detail.shouldSwap = false;
  released(detail.target).then(() => elt.isConnected && window.htmx.ajax("get", path, { source: elt, event }));
});
