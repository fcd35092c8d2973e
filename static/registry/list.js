// The list of environments: each row's builds are heard, and the table asks itself again.
import { listen, say } from "studio/live";

const heard = new Set();

/** catchUp: for rows that came later: a build may have ended before we listened. */
function listenToRows(catchUp) {
  for (const row of document.querySelectorAll("#environments tr[data-key]")) {
    for (const topic of [row.dataset.topicLocal, row.dataset.topicDocker]) {
      if (!topic || heard.has(topic)) continue;
      heard.add(topic);
      listen(topic, (event) => say(event.event, event), catchUp);
    }
  }
}

document.body.addEventListener("htmx:afterSwap", () => listenToRows(() => say("build-changed")));
listenToRows();
