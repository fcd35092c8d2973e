// What is in a zip, read from its directory at the end: nothing is unpacked before it is asked for.
const END = 0x06054b50, ENTRY = 0x02014b50, FAR_PLACE = 0x07064b50, FAR_END = 0x06064b50;
const STORED = 0, DEFLATED = 8;
const LONGEST_END = 65557; // 22 bytes and a comment of at most 65,535
const MOST_FILES = 200000;
const FULL = 0xffffffff;

const bad = (why) => new Error(`This is not a zip that can be read: ${why}. Make it again, or drop the folder itself.`);
const view = async (file, start, end) => new DataView(await file.slice(start, end).arrayBuffer());

/**
 * { path, size, open } of every file in a zip; open() unpacks that file into a Blob, at most as large
 * as the zip says it is. What systems put into zips for themselves is left out. Throws Error.
 */
export async function readZip(file) {
  const { count, start, size } = await directoryOf(file);
  if (count > MOST_FILES) throw bad(`it holds more than ${MOST_FILES.toLocaleString("en-US")} files`);
  const entries = read(await view(file, start, start + size), count);
  return entries
    .filter(({ path }) => !path.endsWith("/") && !/^__MACOSX\/|(^|\/)\.DS_Store$/.test(path))
    .map((entry) => ({ path: entry.path, size: entry.size, open: () => unpack(file, entry) }));
}

async function directoryOf(file) {
  const from = Math.max(0, file.size - LONGEST_END);
  const tail = await view(file, from, file.size);
  let at = tail.byteLength - 22;
  while (at >= 0 && tail.getUint32(at, true) !== END) at -= 1;
  if (at < 0) throw bad("its directory is missing, it may be cut off");
  const found = { count: tail.getUint16(at + 10, true), size: tail.getUint32(at + 12, true), start: tail.getUint32(at + 16, true) };
  if (found.count !== 0xffff && found.size !== FULL && found.start !== FULL) return found;
  // Larger than the first form of zip could say: the figures stand in a record before.
  const place = at - 20;
  if (place < 0 || tail.getUint32(place, true) !== FAR_PLACE) return found;
  const far = await view(file, number(tail, place + 8), number(tail, place + 8) + 56);
  if (far.byteLength < 56 || far.getUint32(0, true) !== FAR_END) throw bad("its directory is damaged");
  return { count: number(far, 32), size: number(far, 40), start: number(far, 48) };
}

const number = (data, at) => Number(data.getBigUint64(at, true));

function read(directory, count) {
  const text = new TextDecoder();
  const entries = [];
  let at = 0;
  for (let n = 0; n < count; n += 1) {
    if (at + 46 > directory.byteLength || directory.getUint32(at, true) !== ENTRY) throw bad("its directory is damaged");
    const [long, extra, comment] = [28, 30, 32].map((place) => directory.getUint16(at + place, true));
    const next = at + 46 + long + extra + comment;
    if (next > directory.byteLength) throw bad("its directory is damaged");
    const entry = {
      path: text.decode(new Uint8Array(directory.buffer, at + 46, long)),
      isLocked: Boolean(directory.getUint16(at + 8, true) & 1),
      method: directory.getUint16(at + 10, true),
      packed: directory.getUint32(at + 20, true),
      size: directory.getUint32(at + 24, true),
      offset: directory.getUint32(at + 42, true),
    };
    widen(entry, directory, at + 46 + long, extra);
    entries.push(entry);
    at = next;
  }
  return entries;
}

/** Figures of more than 32 bits stand in an extra field, in this order, where the short one is full. */
function widen(entry, data, from, length) {
  for (let at = from; at + 4 <= from + length; at += 4 + data.getUint16(at + 2, true)) {
    if (data.getUint16(at, true) !== 1) continue;
    let place = at + 4;
    for (const name of ["size", "packed", "offset"]) {
      if (entry[name] !== FULL || place + 8 > from + length) continue;
      entry[name] = number(data, place);
      place += 8;
    }
  }
}

async function unpack(file, { path, method, isLocked, packed, size, offset }) {
  if (isLocked) throw bad(`${path} in it is locked with a password`);
  if (![STORED, DEFLATED].includes(method)) throw bad(`${path} in it is packed in a way that browsers do not know`);
  const local = await view(file, offset, offset + 30);
  if (local.byteLength < 30) throw bad("it is cut off");
  const start = offset + 30 + local.getUint16(26, true) + local.getUint16(28, true);
  const bytes = file.slice(start, start + packed);
  if (method === STORED) return bytes;
  let seen = 0;
  const atMost = new TransformStream({
    transform(piece, stream) {
      seen += piece.byteLength;
      if (seen > size) stream.error(bad(`${path} in it is larger than it says`));
      else stream.enqueue(piece);
    },
  });
  const unpacked = bytes.stream().pipeThrough(new DecompressionStream("deflate-raw")).pipeThrough(atMost);
  return new Response(unpacked).blob();
}
