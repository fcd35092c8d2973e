// Files out of what a person dropped or chose, with their paths as the run will see them.
const MOST_FILES = 200000;

/** { path, size, file } of every file in dropped items. onCount(n) is told while folders are read. */
export async function filesOf(items, onCount = () => {}) {
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
      throw new Error(`There are more than ${MOST_FILES.toLocaleString("en-US")} files in this folder. Choose the folder of the script alone.`);
  }
  return stepInto(found);
}

/** The same of a file input's list. */
export const filesOfInput = (list) =>
  stepInto([...list].map((file) => ({ path: file.webkitRelativePath || file.name, size: file.size, file })));

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

/** Leave out the single top folder that everything lies in: a run starts inside it. */
export function stepInto(files) {
  const tops = new Set(files.map(({ path }) => path.split("/")[0]));
  const isFolder = tops.size === 1 && files.every(({ path }) => path.includes("/"));
  const name = isFolder ? [...tops][0] : "";
  if (!isFolder) return { name, files };
  return { name, files: files.map((each) => ({ ...each, path: each.path.slice(name.length + 1) })) };
}
