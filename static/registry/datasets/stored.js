// Files of the workspace's store: what is there, and what the patterns take.
import { get, post } from "studio/api";
import { bytes, counted } from "studio/sizes";
import { TreeView } from "studio/upload/tree-view";

const ASK_MS = 400;
const byId = (id) => document.getElementById(id);

/** The patterns that were written. */
export const patternsIn = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);

/** Show the store's files once `open()` is called; onFound({ tree, file_count, size_bytes } or null). */
export function storePicker({ api, field, onFound }) {
  let timer = 0;
  let asking = new AbortController();
  const tree = new TreeView(byId("stored"), { actions: (path) => [["take", `Take ${path}`, () => take(path)]] });

  const take = (path) => {
    if (!patternsIn(field.value).includes(path)) field.value = [...patternsIn(field.value), path].join("\n");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };

  const ask = async () => {
    const patterns = patternsIn(field.value);
    asking.abort();
    asking = new AbortController();
    if (!patterns.length) return onFound(null, "");
    try {
      onFound(await post(`${api}store/tree`, { patterns }, { signal: asking.signal }), "");
    } catch (error) {
      if (error.name !== "AbortError") onFound(null, error.message);
    }
  };

  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, ASK_MS);
  });

  const open = async () => {
    if (patternsIn(field.value).length) ask();
    const { items, next } = await get(`${api}store?count=2000`);
    tree.show(items.map(({ path, size_bytes: size }) => ({ path, size })));
    const size = items.reduce((sum, item) => sum + item.size_bytes, 0);
    const first = next ? "its first " : "";
    byId("store-words").textContent = items.length
      ? `A folder’s path takes all in it; * takes any name, ** any folders. The store holds ${first}${counted(items.length, "file")}, ${bytes(size)}:`
      : "The store is empty. Scripts fill it: datastore.upload(\"./images\", target_path=\"images\").";
  };
  return { open };
}
