// What is looked for, as the page marks it. The server looks with RE2, which knows no look-around and
// no back references: neither does the page, so that both find the same.

const UNKNOWN = /\(\?<?[=!]|\\[1-9]|\\k</;
const FLAGS = /^\(\?([imsU]+)\)/;

/** { pattern } of a query { text, regex, case }, or { problem } that says what is wrong with it. */
export function compile({ text, regex, case: isCase }) {
  if (!text) return { pattern: null };
  let [source, flags] = [text, isCase ? "g" : "gi"];
  if (!regex) source = text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  else {
    if (UNKNOWN.test(text)) return { problem: "no look-around or back references here" };
    const own = FLAGS.exec(text);
    if (own) source = text.slice(own[0].length);
    if (own?.[1].includes("i")) flags = "gi";
  }
  try {
    return { pattern: new RegExp(source, flags) };
  } catch (error) {
    return { problem: error.message.replace(/^Invalid regular expression: /, "") };
  }
}

/** A place in characters as one in the halves that a browser's text counts. */
function units(text, place) {
  return /[\ud800-\udfff]/.test(text) ? [...text].slice(0, place).join("").length : place;
}

/** Where a hit { start, end } is in `text`. */
export const span = (text, { start, end }) => [units(text, start), units(text, end)];
