// As what a file can be looked at: itself, its text, its bytes.

import { element } from "studio/words";

const WORDS = { text: "Text", hex: "Bytes", json: "Tree", table: "Table", notebook: "Notebook", markdown: "Page", page: "Page", image: "Picture", array: "Array", audio: "Sound", video: "Film", pdf: "Document" };

/** Fill `bar` with a button for each look that the preview offers; the first is the file's own. */
export function showLooks(bar, { kind, also }) {
  const looks = also.map((look, place) => {
    const button = element("button", { type: "button", "aria-pressed": String(look === kind) }, WORDS[look] ?? look);
    button.dataset.look = place ? look : "";
    return button;
  });
  bar.hidden = looks.length < 2;
  bar.replaceChildren(...looks);
}
