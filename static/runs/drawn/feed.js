// What the run draws while the page is open: told by the socket, asked for over HTTP.

import { get } from "studio/api";
import { listen } from "studio/live";

const TEXTS = ["text", "json"];
const AGAIN_MS = 400;

/** take(summaries): all of them anew.  failed(words): the studio did not answer; "" when it did. */
export function follow({ api, topic, tiles, take, failed }) {
  let isBehind = false;
  let timer = 0;

  /** Ask for the list again, soon, and once for many reasons. */
  function catchUp() {
    isBehind = true;
    if (!document.hidden) timer ||= setTimeout(ask, AGAIN_MS);
  }

  async function ask() {
    timer = 0;
    isBehind = false;
    try {
      const { series } = await get(`${api}drawn`);
      take(series);
      for (const tile of tiles.values()) tile.filesChanged();
    } catch (error) {
      failed(error.message); // the socket's return asks again
    }
  }

  function hear(series) {
    if (document.hidden) return void (isBehind = true);
    for (const [name, { kind, after, steps }] of Object.entries(series)) {
      if (!TEXTS.includes(kind)) continue;
      const tile = tiles.get(name);
      if (tile && steps.length) tile.grow(after + steps.length);
      else catchUp();
    }
  }

  listen(`${topic}:metrics`, (event) => event.event === "points" && hear(event.series), catchUp);
  listen(topic, ({ event }) => {
    if (event !== "files-changed") return;
    if (document.hidden) return void (isBehind = true);
    for (const tile of tiles.values()) tile.filesChanged();
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && isBehind) catchUp();
  });
}
