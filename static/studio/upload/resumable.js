// One file on its way: a small one in one request, a large one in pieces that go on after a cut.
import { call, get, post, send } from "studio/api";

const PIECE_BYTES = 8 * 1024 * 1024;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15000;

const isAway = ({ status }) => status === 0 || [429, 502, 503, 504].includes(status);

const pause = (ms, signal) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    const stop = () => (clearTimeout(timer), reject(signal.reason));
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop, { once: true });
  });

/** Ask until the studio answers: while it is away nothing is lost, and onAway(true) says so. */
export async function patiently(ask, { signal, onAway = () => {} } = {}) {
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    try {
      const answer = await ask();
      onAway(false);
      return answer;
    } catch (error) {
      if (!isAway(error)) throw error;
      onAway(true);
      await pause(wait, signal);
    }
  }
}

// Which upload of a content was begun: after a reload of the page it goes on where it was.
const keyOf = (api, sha256) => `upload:${api}${sha256}`;
function remember(key, id) {
  try {
    if (id) localStorage.setItem(key, id);
    else localStorage.removeItem(key);
  } catch {
    // Nothing can be kept here: after a reload it begins anew.
  }
}
function remembered(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

async function begin(api, { sha256 }, size, options) {
  const id = remembered(keyOf(api, sha256));
  if (id) {
    try {
      return await patiently(() => get(`${api}uploads/${id}`, options), options);
    } catch (error) {
      if (error.status !== 404) throw error; // it was cleared away meanwhile
    }
  }
  return patiently(() => post(`${api}uploads`, { size_bytes: size, sha256 }, options), options);
}

async function sendLarge(api, each, blob, options) {
  const { signal, onProgress } = options;
  const key = keyOf(api, each.sha256);
  const upload = await begin(api, each, blob.size, options);
  if (upload.is_there) return;
  remember(key, upload.id);
  const url = `${api}uploads/${upload.id}`;
  let at = upload.at;
  while (at < blob.size) {
    onProgress(at);
    const from = at;
    try {
      const piece = blob.slice(from, from + PIECE_BYTES);
      ({ at } = await send("PATCH", `${url}?offset=${from}`, piece, { signal, onProgress: (sent) => onProgress(from + sent) }));
    } catch (error) {
      if (!isAway(error) && error.code !== "wrong_offset") throw error;
      options.onAway?.(error.code !== "wrong_offset");
      if (isAway(error)) await pause(FIRST_WAIT_MS, signal);
      // What arrived before the cut is kept there: go on behind it.
      ({ at } = await patiently(() => get(url, { signal }), options));
    }
  }
  try {
    await patiently(() => post(`${url}/finish`, undefined, { signal }), options);
  } catch (error) {
    if (error.status >= 400 && error.status < 500) call(url, { method: "DELETE" }).catch(() => {});
    throw error;
  } finally {
    if (!signal?.aborted) remember(key, null);
  }
}

/** Send `blob`, the bytes of `each` (which has its sha256). options: signal, onProgress, onAway. */
export async function sendOne(api, each, blob, options) {
  if (blob.size > PIECE_BYTES) return sendLarge(api, each, blob, options);
  await patiently(() => send("PUT", `${api}blobs/${each.sha256}`, blob, options), options);
}
