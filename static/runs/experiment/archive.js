// The page of an experiment: it leaves the list of experiments, or is on it again.

import { call } from "studio/api";
import { note } from "studio/notes";
import { refresh } from "runs/experiment/table";

const SAID = { archive: "Archived. Restore is in the menu of this page.", restore: "It is on the list again." };

/** own: the experiment in the API. */
export function startArchive(own) {
  document.addEventListener("click", async ({ target }) => {
    const button = target.closest("[data-archives]");
    if (!button) return;
    button.disabled = true;
    const { archives } = button.dataset;
    try {
      await call(own, { method: "PATCH", json: { archived: archives === "archive" } });
      note(SAID[archives], "good");
    } catch (error) {
      note(error.message, "bad");
    }
    button.disabled = false;
    button.closest("dialog")?.close();
    button.closest("details.menu")?.removeAttribute("open");
    await refresh();
  });
}
