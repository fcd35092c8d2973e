// Submit: check what is missing, bring the code with a progress bar, then make the run. Stop ends it.
import { post } from "studio/api";
import { bytes } from "studio/sizes";
import { clearErrors, showError, showRefusal } from "runs/new/preflight";
import { lackingInSpread } from "runs/new/spread";
import { upload } from "studio/upload/upload";

const byId = (id) => document.getElementById(id);

function showProgress({ sent, total, words }) {
  const bar = byId("sending").querySelector("progress");
  bar.max = Math.max(total, 1);
  bar.value = sent;
  const figures = total > 1 ? `, ${bytes(sent)} of ${bytes(total)}` : "";
  byId("sending").querySelector("span").textContent = `${words}${figures}`;
}

/** What a person has yet to do, as [field, words]; empty when it can be sent. */
function lacking({ code, checked, order, problem, inputs }) {
  const lacks = [];
  if (!code) lacks.push(["code", "Drop a folder or a zip, choose files, or use the digits example."]);
  else if (checked?.problem) lacks.push(["code", checked.problem]);
  if (code && !order.script) lacks.push(["script", "There is no Python file in this code that could be run."]);
  if (problem) lacks.push(["arguments", problem]);
  if (inputs) lacks.push(["inputs", inputs]);
  if (!order.experiment) lacks.push(["experiment", "Give the experiment a name; a new one is made when it is new."]);
  return [...lacks, ...lackingInSpread(order)];
}

async function snapshotOf(api, { code, checked }, signal) {
  if (code.kind === "snapshot") return code.snapshot;
  const options = { signal, onProgress: showProgress };
  if (code.kind === "zip") {
    const [[, sha256]] = await upload(api, [{ path: code.name, size: code.file.size, file: code.file }], options);
    showProgress({ sent: 1, total: 1, words: "Unpacking the zip" });
    return (await post(`${api}snapshots/zip`, { sha256 }, { signal })).snapshot;
  }
  const kept = checked?.kept ?? code.files;
  // Hashed again although the preflight did: a file may have been saved since.
  for (const each of kept) delete each.sha256;
  const files = await upload(api, kept, options);
  return (await post(`${api}snapshots`, { files }, { signal })).snapshot;
}

/**
 * Wire the form's Submit. ready(): { code, checked, order, problem }; submit(snapshot, signal) makes the
 * run. What arrived before a refusal is not sent again: the studio knows it by its hash. Returns
 * { during(work) }, for other work that takes a while.
 */
export function submission({ form, api, ready, submit }) {
  const button = byId("submit");
  const bar = byId("sending");
  let stopper = null;
  let leaving = false;

  const show = (isSending) => {
    button.disabled = isSending;
    bar.hidden = !isSending;
  };

  /** Do what takes a while, one at a time: with the bar, until it is done, refused or stopped. */
  const during = async (work) => {
    if (stopper) return;
    stopper = new AbortController();
    const { signal } = stopper;
    show(true);
    showProgress({ sent: 0, total: 1, words: "Preparing" });
    try {
      await work({ signal, onProgress: showProgress });
    } catch (error) {
      if (error.name !== "AbortError") showRefusal(error);
    } finally {
      stopper = null;
      show(leaving);
    }
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (stopper) return;
    clearErrors();
    const state = ready();
    const lacks = lacking(state);
    for (const [name, words] of lacks) showError(name, words);
    if (lacks.length) return byId(lacks[0][0])?.focus();
    during(async ({ signal }) => {
      const snapshot = await snapshotOf(api, state, signal);
      showProgress({ sent: 1, total: 1, words: "Submitting" });
      await submit(snapshot, signal);
      leaving = true; // the button stays off while the run's page loads
    });
  });
  byId("stop-sending").addEventListener("click", () => stopper?.abort());
  addEventListener("beforeunload", (event) => {
    if (stopper && !leaving) event.preventDefault();
  });
  // The browser's Back brings this page to life as it was left: ready to submit again.
  addEventListener("pageshow", ({ persisted }) => {
    if (!persisted) return;
    leaving = false;
    show(false);
  });
  return { during };
}
