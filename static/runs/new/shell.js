// A line of arguments as a POSIX shell would split it, and back. Nothing is expanded.
const SAFE = /^[\w@%+=:,./-]+$/;

/** Split `line`. Returns { words, problem }; problem is null, or what is wrong in words. */
export function split(line) {
  const words = [];
  let word = null;
  let quote = "";
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at];
    const following = line[at + 1];
    if (quote === "'") {
      if (character === "'") quote = "";
      else word += character;
    } else if (quote === '"') {
      if (character === '"') quote = "";
      else if (character === "\\" && following !== undefined && '"\\$`'.includes(following)) word += line[++at];
      else word += character;
    } else if (character === "'" || character === '"') {
      quote = character;
      word ??= "";
    } else if (character === "\\") {
      if (following === undefined) return { words, problem: "The line ends with a backslash: what should follow it?" };
      word = (word ?? "") + line[++at];
    } else if (/\s/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? "") + character;
  }
  if (quote) return { words, problem: `A ${quote} is opened and not closed.` };
  if (word !== null) words.push(word);
  return { words, problem: null };
}

/** The line that splits into `words` again. */
export const join = (words) =>
  words.map((word) => (SAFE.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(" ");
