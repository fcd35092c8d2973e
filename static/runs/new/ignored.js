// Which of the code's files are not sent: how many, by which file's rules, and their names.
import { counted } from "studio/sizes";
import { element } from "studio/words";

// The first one that is there counts, as runs/snapshots.py has it.
const RULES = [".amlignore", ".gitignore"];
const MOST_SHOWN = 100;

/** Folders of which nothing is sent as one, and single files: [[path, files in it], …]. */
function grouped(paths, kept) {
  const sent = new Set();
  for (const { path } of kept) for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) sent.add(path.slice(0, at + 1));
  const groups = new Map();
  for (const path of paths) {
    let at = path.indexOf("/");
    while (at >= 0 && sent.has(path.slice(0, at + 1))) at = path.indexOf("/", at + 1);
    const name = at < 0 ? path : path.slice(0, at + 1);
    groups.set(name, (groups.get(name) ?? 0) + 1);
  }
  return [...groups].sort(([one], [other]) => one.localeCompare(other, "en"));
}

/** "3 files ignored by .amlignore" of code whose `kept` files are sent; "" where all are. */
export function ignoredWords(code, kept) {
  const count = code.files.length - kept.length;
  const rules = RULES.find((name) => name in (code.ignore ?? {}));
  return count ? `${counted(count, "file")} ${rules ? `ignored by ${rules}` : "left out: a token is in it"}` : "";
}

/** Show beside the drop field how many files stay behind, and which when it is unfolded. */
export function showIgnored(code, kept) {
  const place = document.getElementById("ignored");
  const words = code ? ignoredWords(code, kept) : "";
  place.hidden = !words;
  if (!words) return place.replaceChildren();
  const names = new Set(kept.map(({ path }) => path));
  const groups = grouped(code.files.map(({ path }) => path).filter((path) => !names.has(path)), kept);
  const rows = groups.slice(0, MOST_SHOWN).map(([name, count]) => element("li", {}, name, name.endsWith("/") ? ` (${counted(count, "file")})` : ""));
  if (groups.length > MOST_SHOWN) rows.push(element("li", {}, `and ${groups.length - MOST_SHOWN} more`));
  place.replaceChildren(element("summary", {}, words), element("ul", {}, ...rows));
}
