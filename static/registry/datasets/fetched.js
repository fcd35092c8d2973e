// Files that the studio fetches from URLs: asked for, shown while they come, and waited for.
import { get, post } from "studio/api";
import { listen } from "studio/live";
import { bytes } from "studio/sizes";

const ENDED = ["Completed", "Failed", "Canceled"];
// Who hears nothing (the socket is away) looks by itself.
const LOOK_AGAIN_MS = 3000;

/** "url  sha256" a line → { urls, sha256: { url: hash } }. */
export function urlsIn(text) {
  const urls = [];
  const sha256 = {};
  for (const line of text.split("\n").map((each) => each.trim()).filter(Boolean)) {
    const [url, hash] = line.split(/\s+/);
    urls.push(url);
    if (hash) sha256[url] = hash;
  }
  return { urls, sha256 };
}

const asTree = ({ files }) =>
  files.map(({ url, path, size_bytes: size, done_bytes: done, sha256 }) => ({
    path: path || url, size: size ?? done, done, state: sha256 ? "sent" : done ? "fetching" : "",
  }));

/**
 * Have `urls` fetched; returns the fetch once all is there. onChange(fetch, files): how far it is.
 * Throws Error with the fetch's own words when it failed. The signal cancels it.
 */
export async function fetchAll(api, wanted, { signal, onProgress, onFiles }) {
  let fetch = await post(`${api}fetches`, wanted, { signal });
  const url = `${api}fetches/${fetch.id}`;
  const show = () => {
    onFiles(asTree(fetch));
    const all = fetch.size_bytes;
    const words = `Fetching ${fetch.files.filter(({ sha256 }) => sha256).length} of ${fetch.files.length} files`;
    onProgress({ sent: all ? fetch.done_bytes : 0, total: all ?? 1, words: all ? words : `${words}, ${bytes(fetch.done_bytes)} so far` });
  };
  await new Promise((resolve, reject) => {
    let isAsking = false;
    const look = async () => {
      if (isAsking) return;
      isAsking = true;
      try {
        fetch = await get(url, { signal });
        show();
        if (ENDED.includes(fetch.state)) leave();
      } catch (error) {
        if (error.name === "AbortError" || error.status >= 400) leave(error);
      } finally {
        isAsking = false;
      }
    };
    const timer = setInterval(look, LOOK_AGAIN_MS);
    const stop = listen(`fetch:${fetch.id}`, look, look);
    const leave = (error) => {
      clearInterval(timer);
      stop();
      if (error) reject(error);
      else resolve();
    };
    signal?.addEventListener("abort", () => {
      leave(signal.reason);
      post(`${url}/cancel`).catch(() => {}); // it ends by itself in any case
    });
    show();
    look();
  });
  if (fetch.state !== "Completed") throw new Error(fetch.error || `The fetch was ${fetch.state.toLowerCase()}.`);
  return fetch;
}
