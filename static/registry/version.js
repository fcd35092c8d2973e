// The page of an environment version: its buttons call the API, then the page shows what became of it.
import "studio/swaps";
import { call, post } from "studio/api";
import { say } from "studio/live";
import { note } from "studio/notes";

const { api, number } = document.querySelector("[data-version]").dataset;
const own = `${api}/versions/${number}`;

/** Open another view of this page: its query changes, its fragments and topics begin anew. */
const open = (query) => location.assign(`?${new URLSearchParams(query)}`);

async function archive(archived) {
  await call(api, { method: "PATCH", json: { archived } });
  document.getElementById("ask-archive").close();
  note(archived ? "Archived. Restore is in the menu of this page." : "It is in the lists again.", "good");
  say("environments-changed");
}

const ACTS = {
  async build({ kind }) {
    await post(`${own}/build?kind=${kind}`);
    open({ version: number, tab: "build", kind });
  },
  async cancel({ kind }) {
    await post(`${own}/build/cancel?kind=${kind}`);
    say("build-changed");
  },
  async update() {
    const { version } = await post(`${own}/update`);
    await post(`${api}/versions/${version}/build?kind=local`);
    open({ version, tab: "build", kind: "local" });
  },
  archive: () => archive(true),
  restore: () => archive(false),
};

document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-act]");
  if (!button || button.disabled) return;
  button.closest("details.menu")?.removeAttribute("open");
  button.disabled = true;
  try {
    await ACTS[button.dataset.act](button.dataset);
  } catch (error) {
    button.closest("dialog")?.close();
    note(error.message, "bad");
  } finally {
    button.disabled = false;
  }
});
