// Files out of what a person dropped or chose, with their paths.
const MOST_FILES = 200000;

/** { path, size, file } of every file in dropped items, by whole paths. onCount(n): while folders are read. */
export async function walk(items, onCount = () => {}) {
  // Entries must be taken before the first await: the browser empties the list after the event.
  const entries = [...items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const found = [];
  const waiting = [...entries];
  while (waiting.length) {
    const entry = waiting.shift();
    if (entry.isDirectory) waiting.push(...(await childrenOf(entry)));
    else found.push(await fileOf(entry));
    if (found.length % 100 === 0) onCount(found.length);
    if (found.length > MOST_FILES)
      throw new Error(`There are more than ${MOST_FILES.toLocaleString("en-US")} files in this folder. Choose a part of it, or send it from Python.`);
  }
  return found;
}

/** The same of a file input's list. */
export const listed = (list) =>
  [...list].map((file) => ({ path: file.webkitRelativePath || file.name, size: file.size, file }));

/** As walk, without the single top folder that everything lies in: { name, files }. */
export const filesOf = async (items, onCount) => stepInto(await walk(items, onCount));

/** As listed, without that folder. */
export const filesOfInput = (list) => stepInto(listed(list));

function fileOf(entry) {
  return new Promise((resolve, reject) =>
    entry.file(
      (file) => resolve({ path: entry.fullPath.replace(/^\//, ""), size: file.size, file }),
      () => reject(new Error(`${entry.fullPath} cannot be read. It may be a broken link, or not yours to read.`)),
    ),
  );
}

/** A folder's entries; browsers hand them out a hundred at a time. */
async function childrenOf(folder) {
  const reader = folder.createReader();
  const all = [];
  for (;;) {
    const some = await new Promise((resolve, reject) =>
      reader.readEntries(resolve, () => reject(new Error(`The folder ${folder.fullPath} cannot be read.`))),
    );
    if (!some.length) return all;
    all.push(...some);
  }
}

/** Leave out the single top folder that everything lies in: { name: it, or "", files }. */
export function stepInto(files) {
  const tops = new Set(files.map(({ path }) => path.split("/")[0]));
  const isFolder = tops.size === 1 && files.every(({ path }) => path.includes("/"));
  const name = isFolder ? [...tops][0] : "";
  if (!isFolder) return { name, files };
  return { name, files: files.map((each) => ({ ...each, path: each.path.slice(name.length + 1) })) };
}
