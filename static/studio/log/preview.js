// What to show of a file that is no log: its text, its picture, or a card to download it from.

import { bytes as size } from "studio/sizes";
import { element } from "studio/words";

const MOST_TEXT_BYTES = 1024 * 1024;
const PART_BYTES = 256 * 1024;
const PICTURES = /\.(png|jpe?g|gif|webp|bmp)$/i;
const TEXTS =
  /\.(txt|log|csv|tsv|md|rst|json|jsonl|ya?ml|toml|ini|cfg|py|ipynb|sh|sql|r|js|css|html?|xml|conf)$/i;

/**
 * Fetch what can be shown of { path, size_bytes, url }.
 * Returns { text, note } for text and { node } for everything else.
 */
export async function bodyOf(item) {
  if (PICTURES.test(item.path)) return { node: picture(item) };
  const isSmall = item.size_bytes <= MOST_TEXT_BYTES;
  if (!isSmall && !TEXTS.test(item.path)) return { node: card(item, "too large to show here") };
  const headers = isSmall ? {} : { range: `bytes=0-${PART_BYTES - 1}` };
  const answer = await fetch(item.url, { headers });
  if (!answer.ok) throw new Error(`${item.path} could not be read: ${answer.status}`);
  const text = decode(await answer.arrayBuffer(), { isWhole: isSmall });
  if (text === null) return { node: card(item, "not text") };
  if (!isSmall) return { text, note: `the first ${size(PART_BYTES)} of ${size(item.size_bytes)}` };
  return { text: item.path.endsWith(".json") ? pretty(text) : text, note: size(item.size_bytes) };
}

/** Bytes as text, or null when they are something else. */
function decode(bytes, { isWhole }) {
  if (new Uint8Array(bytes).includes(0)) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: !isWhole });
  } catch {
    return null;
  }
}

/** One-line JSON is laid out; JSON that has lines already stays as it was written. */
function pretty(text) {
  if (text.trim().includes("\n")) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function picture({ path, size_bytes: bytes, url }) {
  const image = element("img", { src: url, alt: path });
  const words = element("figcaption", {}, size(bytes));
  image.addEventListener("load", () => {
    words.textContent = `${image.naturalWidth} × ${image.naturalHeight} · ${size(bytes)}`;
  });
  return element("figure", { class: "picture" }, image, words);
}

function card({ path, size_bytes: bytes, url }, why) {
  const name = path.split("/").at(-1);
  return element(
    "div",
    { class: "file-card" },
    element("h2", {}, name),
    element("p", {}, `${size(bytes)} · ${why}`),
    element("a", { class: "btn main", href: `${url}?download=1` }, "Download"),
  );
}
