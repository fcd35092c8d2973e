// A large folder in the code becomes a dataset that the run reads: sent once, and left out of the code.
import { post } from "studio/api";
import { upload } from "studio/upload/upload";

const allowed = (text) => text.replace(/[^A-Za-z0-9\-._]+/g, "-").replace(/^[^A-Za-z0-9]+/, "").slice(0, 200);

/** What the dataset of a folder is called: the code's own name before it, since many have a data/. */
export const nameOf = (code, folder) =>
  allowed([code.name.replace(/\.zip$/i, ""), folder].filter(Boolean).join("-")) || "data";

/** The code without what lies in `folder`; what came as a zip is its files from now on. */
export function without(code, folder) {
  const files = code.files.filter(({ path }) => !path.startsWith(`${folder}/`));
  return { kind: "files", name: code.name, files, ignore: code.ignore };
}

/** Send a folder of `files` and register it; returns the dataset. Content that is there is not sent. */
export async function toDataset(api, { code, files, folder }, options) {
  const inside = files.filter(({ path }) => path.startsWith(`${folder}/`));
  for (const each of inside) delete each.sha256; // it may have been saved since it was looked at
  const pairs = await upload(api, inside, options);
  const wanted = {
    name: nameOf(code, folder),
    files: pairs.map(([path, sha256]) => [path.slice(folder.length + 1), sha256]),
    source: ["upload"],
    description: `${folder}/ of ${code.name || "the code of a run"}`,
    create_new_version: true,
  };
  return post(`${api}datasets`, wanted, { signal: options.signal });
}
