// What was typed, kept for this tab: a reload, a wrong click or an error loses nothing.
const SOON_MS = 200;

/** Keeps the value of each named field of `form`, and the variables, under `key`. */
export function draft(form, key, variables) {
  let timer = 0;
  const fields = () => [...form.elements].filter(({ name, type }) => name && type !== "file");
  const writeNow = () => {
    clearTimeout(timer);
    timer = 0;
    const kept = {};
    for (const field of fields()) if (field.type !== "radio" || field.checked) kept[field.name] = field.value;
    try {
      sessionStorage.setItem(key, JSON.stringify({ fields: kept, variables: variables.value }));
    } catch {
      // Full or forbidden: the page itself still holds everything.
    }
  };
  const read = () => {
    try {
      return JSON.parse(sessionStorage.getItem(key));
    } catch {
      return null;
    }
  };
  // A key pressed in a text of megabytes must not wait for it to be written.
  const write = () => {
    clearTimeout(timer);
    timer = setTimeout(writeNow, SOON_MS);
  };
  const clear = () => {
    clearTimeout(timer);
    timer = 0;
    sessionStorage.removeItem(key);
  };
  addEventListener("pagehide", () => timer && writeNow());
  return { write, read, clear };
}
