// What was typed, kept for this tab: a reload, a wrong click or an error loses nothing.
const NAMES = ["arguments", "experiment", "kind", "registered", "conda", "pip", "python",
  "keep", "cluster", "node_count", "process_count_per_node", "distribution", "parameter_server_count", "max_retries", "limit"];

/** A draft of `form` under `key`. `code` is kept when the studio has it already. */
export function draft(form, key) {
  const read = () => {
    try {
      return JSON.parse(sessionStorage.getItem(key));
    } catch {
      return null;
    }
  };
  const write = (code, inputs) => {
    const words = Object.fromEntries(NAMES.map((name) => [name, form.elements[name].value]));
    const kept = code?.kind === "snapshot" ? { name: code.name, snapshot: code.snapshot, files: code.files.map(({ path, size }) => [path, size]) } : null;
    try {
      sessionStorage.setItem(key, JSON.stringify({ ...words, script: form.elements.script.value, code: kept, inputs }));
    } catch {
      // Full or forbidden: the page itself still holds everything.
    }
  };
  /** Put the words back and return the draft, null where there is none. */
  const restore = () => {
    const kept = read();
    if (!kept) return null;
    for (const name of NAMES) {
      const field = form.elements[name];
      const isThere = !field.options || [...field.options].some(({ value }) => value === kept[name]);
      if (kept[name] && isThere) field.value = kept[name];
    }
    return kept;
  };
  return { write, restore, clear: () => sessionStorage.removeItem(key) };
}
