// Code on its way in: hash, ask what is missing, send only that. Files that the studio has cost nothing.
import { post, send } from "studio/api";

const AT_ONCE = 4;
const MOST_ASKED = 10000;
// Browsers hash only on https and on localhost; elsewhere the studio does it.
export const canHash = Boolean(globalThis.crypto?.subtle);

const hex = (buffer) =>
  [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** Give each file its `sha256`; those that have one keep it. Throws Error for one that is gone. */
export async function hash(files, { signal, onFile = () => {} } = {}) {
  for (const [number, each] of files.entries()) {
    signal?.throwIfAborted();
    onFile(number);
    if (!each.sha256) each.sha256 = hex(await crypto.subtle.digest("SHA-256", await contentOf(each)));
  }
}

async function contentOf({ path, file }) {
  try {
    return await file.arrayBuffer();
  } catch {
    throw new Error(`${path} has changed or gone since it was chosen. Choose the code again.`);
  }
}

/** Those of `files` (hashed) that the studio does not have, each content once. */
export async function missing(api, files, { signal } = {}) {
  const byHash = new Map(files.map((each) => [each.sha256, each]));
  const all = [...byHash.keys()];
  const absent = [];
  for (let at = 0; at < all.length; at += MOST_ASKED) {
    const asked = { sha256: all.slice(at, at + MOST_ASKED) };
    absent.push(...(await post(`${api}blobs/missing`, asked, { signal })).missing);
  }
  return absent.map((sha256) => byHash.get(sha256));
}

/**
 * Bring `files` to the studio and return [[path, sha256]]. onProgress({ sent, total, words }) is told
 * in bytes of what has to be sent.
 */
export async function upload(api, files, { signal, onProgress = () => {} } = {}) {
  let toSend = files;
  // Hashed again although the preflight did: a file may have been saved since.
  for (const each of files) delete each.sha256;
  if (canHash) {
    await hash(files, { signal, onFile: (n) => onProgress({ sent: 0, total: 1, words: `Reading file ${n + 1} of ${files.length}` }) });
    toSend = await missing(api, files, { signal });
  }
  const total = toSend.reduce((sum, { size }) => sum + size, 0);
  const sent = new Map();
  const tell = () => {
    const done = [...sent.values()].reduce((sum, size) => sum + size, 0);
    onProgress({ sent: Math.min(done, total), total, words: `Sending ${toSend.length} of ${files.length} files` });
  };
  const queue = [...toSend];
  const worker = async () => {
    for (let each = queue.shift(); each; each = queue.shift()) {
      const one = each;
      await sendOne(api, one, { signal, onProgress: (size) => (sent.set(one, size), tell()) });
      sent.set(one, one.size);
      tell();
    }
  };
  tell();
  await together(signal, () => Promise.all(Array.from({ length: AT_ONCE }, worker)), () => (queue.length = 0));
  return files.map(({ path, sha256 }) => [path, sha256]);
}

/** When one of several fails, no further one begins. */
async function together(signal, work, stop) {
  try {
    await work();
  } catch (error) {
    stop();
    throw error;
  }
  signal?.throwIfAborted();
}

async function sendOne(api, each, options) {
  if (each.sha256) await send("PUT", `${api}blobs/${each.sha256}`, each.file, options);
  else each.sha256 = (await send("POST", `${api}blobs`, each.file, options)).sha256;
}
