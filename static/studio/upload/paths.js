// Names of files that the studio would refuse, said before anything is sent.

const words = (path) => JSON.stringify(path.length > 120 ? `${path.slice(0, 120)}…` : path);

function wrongWith(path) {
  if (path.startsWith("/") || path.includes("\\") || path[1] === ":") return "it must be relative, with / between its parts";
  if (path.split("/").some((part) => ["", ".", ".."].includes(part))) return 'it has an empty part, "." or ".."';
  if (/[\u0000-\u001f\u007f]/.test(path)) return "it holds a line break or another control character";
  return path.length > 1000 ? "it is longer than 1,000 characters" : "";
}

/** What stands against the first bad one of `files`, as a sentence; "" when all are fine. */
export function pathProblem(files) {
  const seen = new Map();
  const folders = new Set();
  for (const { path } of files) {
    const why = wrongWith(path);
    if (why) return `The path ${words(path)} cannot be kept: ${why}. Rename the file.`;
    const plain = path.normalize("NFC");
    if (seen.has(plain)) return `${words(path)} and ${words(seen.get(plain))} look the same to most systems. Rename one of them.`;
    seen.set(plain, path);
    for (let at = path.indexOf("/"); at > 0; at = path.indexOf("/", at + 1)) folders.add(path.slice(0, at));
  }
  const both = files.find(({ path }) => folders.has(path));
  return both ? `${words(both.path)} is both a file and a folder. Rename one of them.` : "";
}
