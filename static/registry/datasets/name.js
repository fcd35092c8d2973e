// What a dataset's name will do: begin a new one, or become the next version of one that is there.
import { get } from "studio/api";

const ASK_MS = 250;

/** Watch the name. onWords(mark, words, problem) is told. Returns { ask, newest() }. */
export function naming({ field, url, onWords }) {
  let timer = 0;
  let newest = 0;
  const ask = async () => {
    const name = field.value.trim();
    newest = 0;
    if (!name) return onWords("open", "no name yet", "");
    try {
      const answer = await get(`${url}?${new URLSearchParams({ name })}`);
      if (field.value.trim() !== name) return;
      newest = answer.newest;
      if (answer.problem) return onWords("bad", "the name is not allowed", answer.problem);
      const again = answer.archived ? "; it is archived now and comes back" : "";
      onWords("good", newest ? `${name}:${newest + 1}, after ${newest} before it${again}` : `${name}:1, a new dataset`, "");
    } catch {
      onWords("open", name, ""); // making it says what is wrong
    }
  };
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, ASK_MS);
  });
  return { ask, newest: () => newest };
}
