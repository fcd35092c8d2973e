// Reads JSON without losing anything: numbers stay as they are written, NaN and Infinity are let through.

const SPACE = /[\s]*/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\.)*"/y;
const WORD = /-?(?:Infinity|NaN|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|true|false|null/y;

/**
 * Returns { kind: "object" | "array", items: [[key, node], …] } or { kind: "string" | "word", text }.
 * Throws SyntaxError that names the place.
 */
export function read(text) {
  let at = 0;
  const open = []; // containers that have begun, outermost first
  let top = null;
  const match = (pattern) => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };
  const fail = () => {
    throw new SyntaxError(`no JSON at line ${text.slice(0, at).split("\n").length}`);
  };
  const take = (letter) => (text[at] === letter ? ((at += 1), true) : false);
  const space = () => match(SPACE);

  /** The key before the next value of an object; the place in an array. */
  function key() {
    const { kind, items } = open.at(-1);
    if (kind === "array") return items.length;
    const found = match(STRING) ?? fail();
    space();
    if (!take(":")) fail();
    space();
    return JSON.parse(found);
  }

  function value() {
    if (take("{")) return { kind: "object", items: [] };
    if (take("[")) return { kind: "array", items: [] };
    const quoted = match(STRING);
    if (quoted !== undefined) return { kind: "string", text: JSON.parse(quoted) };
    return { kind: "word", text: match(WORD) ?? fail() };
  }

  const closes = () => open.length && take(open.at(-1).kind === "object" ? "}" : "]");

  space();
  do {
    const isFirst = open.length && !open.at(-1).items.length;
    if (closes()) open.pop();
    else {
      if (open.length && !isFirst && !take(",")) fail();
      space();
      const name = open.length ? key() : null;
      const made = value();
      if (open.length) open.at(-1).items.push([name, made]);
      else top = made;
      if (made.items) open.push(made);
    }
    space();
  } while (open.length);
  if (at < text.length) fail();
  return top;
}
