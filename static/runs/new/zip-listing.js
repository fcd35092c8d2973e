// What is in a zip, read from its directory at the end: nothing is unpacked, nothing is sent.
import { stepInto } from "runs/new/walk";

const END = 0x06054b50, ENTRY = 0x02014b50, DEFLATE = 8;
const LONGEST_END = 65557; // 22 bytes and a comment of at most 65,535
const LONGEST_IGNORE = 1024 * 1024;

const bad = (why) => new Error(`This is not a zip that can be read: ${why}. Make it again, or drop the folder itself.`);

/** { files: [{ path, size }], ignore: { ".amlignore": text } } of a zip file. Throws Error. */
export async function listZip(file) {
  const tail = new DataView(await file.slice(-LONGEST_END).arrayBuffer());
  let at = tail.byteLength - 22;
  while (at >= 0 && tail.getUint32(at, true) !== END) at -= 1;
  if (at < 0) throw bad("its directory is missing, it may be cut off");
  const count = tail.getUint16(at + 10, true);
  const size = tail.getUint32(at + 12, true);
  const start = tail.getUint32(at + 16, true);
  if (count === 0xffff || start === 0xffffffff) throw bad("it is larger than the studio takes");
  const entries = read(new DataView(await file.slice(start, start + size).arrayBuffer()), count);
  const { files } = stepInto(entries.filter(({ path }) => !path.endsWith("/")));
  return { files, ignore: await ignoreTexts(file, files) };
}

function read(directory, count) {
  const text = new TextDecoder();
  const entries = [];
  let at = 0;
  for (let number = 0; number < count; number += 1) {
    if (at + 46 > directory.byteLength || directory.getUint32(at, true) !== ENTRY) throw bad("its directory is damaged");
    const length = directory.getUint16(at + 28, true);
    entries.push({
      path: text.decode(new Uint8Array(directory.buffer, at + 46, length)),
      size: directory.getUint32(at + 24, true),
      packed: directory.getUint32(at + 20, true),
      method: directory.getUint16(at + 10, true),
      offset: directory.getUint32(at + 42, true),
    });
    at += 46 + length + directory.getUint16(at + 30, true) + directory.getUint16(at + 32, true);
  }
  return entries;
}

async function ignoreTexts(file, files) {
  const texts = {};
  for (const entry of files)
    if ([".amlignore", ".gitignore"].includes(entry.path) && entry.size < LONGEST_IGNORE)
      texts[entry.path] = await textOf(file, entry);
  return texts;
}

async function textOf(file, { offset, packed, method }) {
  const local = new DataView(await file.slice(offset, offset + 30).arrayBuffer());
  const start = offset + 30 + local.getUint16(26, true) + local.getUint16(28, true);
  const bytes = file.slice(start, start + packed);
  if (method !== DEFLATE) return bytes.text();
  return new Response(bytes.stream().pipeThrough(new DecompressionStream("deflate-raw"))).text();
}
