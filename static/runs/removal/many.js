// The page of an experiment: selected runs are deleted, some at a time, or the experiment with all of them.

import { call, get, post } from "studio/api";
import { note, noteNext } from "studio/notes";
import { counted } from "studio/sizes";
import { count } from "studio/words";
import { Removal, freed } from "runs/removal/dialog";
import { refresh, rest } from "runs/experiment/table";

// So many go in one request: between two the page says how far it is.
const AT_ONCE = 10;
// The API looks at so many at once.
const MOST = 1000;

/** root: the page.  api: of its workspace.  selection: which runs are selected. */
export function startRemoval(root, { api, name, home, selection }) {
  const removal = new Removal(document.getElementById("delete-runs"));
  const own = `${api}experiments/${encodeURIComponent(name)}`;
  let isGoing = false;

  async function some(told, progress) {
    const ids = removal.asked.ids;
    const stay = new Set(told.refused.map(({ run_id: id }) => id));
    const wanted = ids.filter((id) => !stay.has(id));
    const refused = [...told.refused];
    for (let at = 0; at < wanted.length; at += AT_ONCE) {
      progress(at, wanted.length, `${count(at)} of ${counted(wanted.length, "run")} deleted.`);
      const answer = await post(`${api}runs/actions`, { action: "delete", runs: wanted.slice(at, at + AT_ONCE) });
      refused.push(...answer.refused);
    }
    removal.close();
    note(`${counted(ids.length - refused.length, "run")} deleted.${freed(told)}`, "good");
    if (refused.length) note(`${counted(refused.length, "run")} not deleted: ${refused[0].why}`, "bad");
    selection.clear();
    await refresh();
  }

  async function all(told) {
    isGoing = true;
    rest(true);
    try {
      await call(own, { method: "DELETE" });
    } catch (error) {
      isGoing = false;
      rest(false);
      throw error;
    }
    noteNext(`Experiment ${name} is deleted.${freed(told)}`);
    location.assign(home);
  }

  document.body.addEventListener("experiment-removing", ({ detail: { name: other, done, of } }) => {
    if (isGoing && other === name) removal.progress(done, of, `${count(done)} of ${counted(of, "run")} deleted.`);
  });
  document.addEventListener("open-dialog", ({ detail }) => {
    if (detail !== "delete-experiment") return;
    removal.ask({ title: `Delete ${name} with all its runs?`, button: "Delete experiment", isWhole: true, look: () => get(`${own}/removal`), act: all });
  });
  /** Ask for the selected runs. */
  return () => {
    const ids = selection.runs.map(({ id }) => id).slice(0, MOST);
    const words = ids.length === 1 ? selection.runs[0].name : counted(ids.length, "run");
    removal.ask({ title: `Delete ${words}?`, button: "Delete", ids, look: () => post(`${api}runs/removal`, { runs: ids }), act: some });
  };
}
