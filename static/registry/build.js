// The tab "Build": the log of the chosen image, followed live in the viewer that runs have.
import { Viewer } from "studio/log/viewer";

const shown = document.querySelector("[data-log]");
const cards = document.getElementById("builds");

if (shown) {
  const { log, raw, topic, name } = shown.dataset;
  new Viewer(document.querySelector(".viewer")).show({ path: name, kind: "log", url: raw, log, topic });
}

// A build that is asked for again writes a new log, under a topic that is heard from its beginning.
cards.addEventListener("htmx:afterSwap", () => {
  const now = cards.querySelector(".card.on")?.dataset.stream;
  if (now && now !== shown?.dataset.stream) location.reload();
});
