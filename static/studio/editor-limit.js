// A definition is a short text. What would make it longer than the studio reads is not let in: a text
// of megabytes would hold up each key that is pressed in it, to be refused in the end.
import { note } from "studio/notes";
import { count } from "studio/words";

export const MOST_CHARACTERS = 256 * 1024;

/** Why a text of that many characters is not taken; "" where it is. */
export function tooLong(characters) {
  if (characters <= MOST_CHARACTERS) return "";
  return `That is ${count(characters)} characters, and a definition has ${count(MOST_CHARACTERS)} at most: nothing was put in.`;
}

/** Watch a textarea: a paste, a drop or a key that would make it too long changes nothing and says so. */
export function limit(area) {
  area.addEventListener("beforeinput", (event) => {
    const text = event.data ?? event.dataTransfer?.getData("text/plain") ?? "";
    const replaced = area.selectionEnd - area.selectionStart;
    const words = text && tooLong(area.value.length - replaced + text.length);
    if (!words) return;
    event.preventDefault();
    note(words, "bad");
  });
}
