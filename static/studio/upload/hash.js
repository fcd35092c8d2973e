// Files hashed in workers: who knows a file's hash need not send what the studio has already.

const AT_ONCE = Math.max(1, Math.min(3, (navigator.hardwareConcurrency ?? 2) - 1));

const gone = (path) => new Error(`${path} has changed or gone since it was chosen. Choose it again.`);

/** The bytes of a file: that of the disk, or one unpacked from a zip. */
export const contentOf = ({ file, open }) => (open ? open() : file);

function ask(worker, blob, { signal, onRead }) {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    signal?.addEventListener("abort", stop, { once: true });
    worker.onerror = () => reject(new Error("The browser could not start what reads the files. Reload the page."));
    worker.onmessage = ({ data }) => {
      if (data.read !== undefined) return onRead(data.read);
      signal?.removeEventListener("abort", stop);
      resolve(data);
    };
    worker.postMessage({ blob });
  });
}

/**
 * Give each file its `sha256`; those that have one keep it. onRead(each, bytes): how much of one was
 * read; onFile(number): that one begins. Throws Error for one that is gone.
 */
export async function hash(files, { signal, onFile = () => {}, onRead = () => {} } = {}) {
  const queue = files.filter(({ sha256 }) => !sha256);
  const workers = [];
  let begun = files.length - queue.length;
  const work = async () => {
    const worker = new Worker(import.meta.resolve("studio/upload/hash-worker"));
    workers.push(worker);
    for (let each = queue.shift(); each; each = queue.shift()) {
      signal?.throwIfAborted();
      onFile(begun++);
      const one = each;
      const told = await ask(worker, await contentOf(one), { signal, onRead: (read) => onRead(one, read) });
      if (!told.sha256) throw gone(one.path);
      one.sha256 = told.sha256;
      onRead(one, one.size);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, queue.length) }, work));
  } finally {
    queue.length = 0;
    for (const worker of workers) worker.terminate();
  }
}
