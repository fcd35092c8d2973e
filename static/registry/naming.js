// What a name will do: begin a new environment, or become the next version of one that is there.
import { get } from "studio/api";

const ASK_MS = 250;

/** Watch the name. Returns { newest() }: the newest version there was under it, 0 for none. */
export function naming({ field, hint, url }) {
  let timer = 0;
  let newest = 0;

  const ask = async () => {
    const name = field.value.trim();
    if (!name) return (hint.textContent = "Letters, numbers, - . and _");
    try {
      const answer = await get(`${url}?${new URLSearchParams({ name })}`);
      if (field.value.trim() !== name) return;
      newest = answer.newest;
      hint.textContent = answer.problem || (newest ? `It becomes ${name}:${newest + 1}; what is there stays.` : `A new environment: ${name}:1`);
      field.toggleAttribute("aria-invalid", Boolean(answer.problem));
    } catch {
      hint.textContent = ""; // Save says what is wrong
    }
  };
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, ASK_MS);
  });
  return { ask, newest: () => newest };
}
