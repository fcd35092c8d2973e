// The list of environments: each row's builds are heard, and the table asks itself again.
import { listen, say } from "studio/live";

const heard = new Set();

function listenToRows() {
  for (const row of document.querySelectorAll("#environments tr[data-key]")) {
    for (const topic of [row.dataset.topicLocal, row.dataset.topicDocker]) {
      if (!topic || heard.has(topic)) continue;
      heard.add(topic);
      listen(topic, (event) => say(event.event, event));
    }
  }
}

document.body.addEventListener("htmx:afterSwap", listenToRows);
listenToRows();
