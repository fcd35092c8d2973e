// Text: the first part at once, each further part when it is asked for.

import { counted, bytes as size } from "studio/sizes";
import { element } from "studio/words";
import { Lines } from "runs/previews/lines";

const MOST_PARTS_FOR_A_LINK = 40;

export function text(preview, panel) {
  const lines = new Lines({ wanted: bring });
  const more = element("button", { class: "btn", type: "button" });
  const foot = element("p", { class: "more" }, more);
  let { next_offset: next } = preview;
  let asking = null;
  const { memory } = panel; // a file that is replaced is shown as far as it was
  const wanted = memory.parts ?? 0;
  memory.parts = 0;

  function add(piece) {
    lines.append(piece.text, piece.marks);
    next = piece.next_offset;
    memory.parts += 1;
    const there = next ?? preview.size_bytes;
    const part = next === null ? "" : `the first ${size(there)} of ${size(preview.size_bytes)}`;
    panel.say([counted(lines.count, "line"), part].filter(Boolean).join(" · "));
    more.textContent = `Show more · ${size(preview.size_bytes - there)} left`;
    foot.hidden = next === null;
    panel.changed();
  }

  const ask = () => (asking ??= panel.more({ offset: next }).then(add, panel.fail).finally(() => (asking = null)));

  async function bring(line) {
    for (let parts = 0; parts < MOST_PARTS_FOR_A_LINK && next !== null && line > lines.count; parts += 1) await ask();
  }

  more.addEventListener("click", ask);
  async function settle() {
    while (memory.parts < wanted && next !== null) await ask();
  }

  add(preview);
  panel.settled = settle();
  panel.linked(() => lines.goToHash());
  return element("div", { class: "shown lines-shown" }, lines.root, foot);
}
