// Files on their way in: hash, ask what is missing, send only that. Files that the studio has cost nothing.
import { post } from "studio/api";
import { contentOf, hash } from "studio/upload/hash";
import { patiently, sendOne } from "studio/upload/resumable";

const AT_ONCE = 4;
const MOST_ASKED = 10000;

/** Those of `files` (hashed) that the studio does not have, each content once. */
export async function missing(api, files, options = {}) {
  const byHash = new Map(files.map((each) => [each.sha256, each]));
  const all = [...byHash.keys()];
  const absent = [];
  for (let at = 0; at < all.length; at += MOST_ASKED) {
    const asked = { sha256: all.slice(at, at + MOST_ASKED) };
    const ask = () => post(`${api}blobs/missing`, asked, { signal: options.signal });
    absent.push(...(await patiently(ask, options)).missing);
  }
  return absent.map((sha256) => byHash.get(sha256));
}

const total = (files) => files.reduce((sum, { size }) => sum + size, 0);

async function read(files, { signal, onProgress, onFile }) {
  const all = total(files);
  const done = new Map();
  let sum = 0;
  let number = 0;
  const tell = () => onProgress({ sent: Math.min(sum, all), total: all, words: `Reading file ${number + 1} of ${files.length}` });
  await hash(files, {
    signal,
    onFile: (n) => ((number = n), tell()),
    onRead: (each, bytes) => {
      sum += bytes - (done.get(each) ?? 0);
      done.set(each, bytes);
      onFile(each, { state: "reading", done: bytes });
      tell();
    },
  });
}

async function sendAll(api, toSend, { signal, onProgress, onFile, count }) {
  const all = total(toSend);
  const sent = new Map();
  let sum = 0;
  let isAway = false;
  const tell = () => {
    const words = isAway ? "The studio cannot be reached; it goes on when it is back" : `Sending ${toSend.length} of ${count} files`;
    onProgress({ sent: Math.min(sum, all), total: all, words });
  };
  const add = (each, size) => {
    sum += size - (sent.get(each) ?? 0);
    sent.set(each, size);
    onFile(each, { state: size === each.size ? "sent" : "sending", done: size });
    tell();
  };
  const queue = [...toSend];
  const work = async () => {
    for (let each = queue.shift(); each; each = queue.shift()) {
      const one = each;
      const onAway = (away) => ((isAway = away), tell());
      await sendOne(api, one, await contentOf(one), { signal, onAway, onProgress: (size) => add(one, Math.min(size, one.size)) });
      add(one, one.size);
    }
  };
  tell();
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  } finally {
    queue.length = 0; // when one fails, no further one begins
  }
}

/**
 * Bring `files` ({ path, size, file or open(), sha256 where it is known for sure }) to the studio and
 * return [[path, sha256]]. onProgress({ sent, total, words }) is told in bytes; onFile(each, { state,
 * done }) of one file: "reading", "known" (it was here already), "sending", "sent". While the studio is
 * away it waits, and goes on where it was.
 */
export async function upload(api, files, { signal, onProgress = () => {}, onFile = () => {} } = {}) {
  await read(files, { signal, onProgress, onFile });
  const onAway = (isAway) => isAway && onProgress({ sent: 0, total: 1, words: "The studio cannot be reached; it goes on when it is back" });
  const toSend = await missing(api, files, { signal, onAway });
  const absent = new Set(toSend);
  for (const each of files) if (!absent.has(each)) onFile(each, { state: "known", done: each.size });
  await sendAll(api, toSend, { signal, onProgress, onFile, count: files.length });
  signal?.throwIfAborted();
  return files.map(({ path, sha256 }) => [path, sha256]);
}
