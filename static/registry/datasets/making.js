// Make it: bring the files (send, fetch, or take from the store), then register them. Stop ends it.
import { post } from "studio/api";
import { bytes } from "studio/sizes";
import { upload } from "studio/upload/upload";
import { noteNext } from "studio/notes";
import { fetchAll } from "registry/datasets/fetched";

const byId = (id) => document.getElementById(id);
const SHOWN_AT = { name: "name", description: "description", tags: "tags", files: "files", urls: "files", fetch: "files", sha256: "files", patterns: "files", tree: "files" };
const PLACES = ["top", "files", "name", "description", "tags"];

const MARKS = { good: ["✓", ""], warn: ["!", "w"], bad: ["✕", "x"], open: ["○", "o"] };

/** One line of "Before it is made". */
export function check(name, mark, words) {
  const row = byId(`check-${name}`);
  [row.querySelector("i").textContent, row.querySelector("i").className] = MARKS[mark];
  row.querySelector("span").textContent = words;
}

export function showError(name, words) {
  const place = byId(`error-${name}`);
  place.textContent = words;
  place.hidden = !words;
  if (words) byId(name)?.setAttribute("aria-invalid", "true");
  else byId(name)?.removeAttribute("aria-invalid");
  return place;
}

export const clearErrors = () => PLACES.forEach((place) => showError(place, ""));

export function showRefusal(error) {
  const blamed = SHOWN_AT[Object.keys(error.fields ?? {}).find((name) => name in SHOWN_AT)] ?? "top";
  showError(blamed, error.message).scrollIntoView({ block: "center" });
  if (blamed !== "top") byId(blamed)?.focus({ preventScroll: true });
}

function showProgress({ sent, total, words }) {
  const bar = byId("sending").querySelector("progress");
  bar.max = Math.max(total, 1);
  bar.value = sent;
  const figures = total > 1 ? `, ${bytes(sent)} of ${bytes(total)}` : "";
  byId("sending").querySelector("span").textContent = `${words}${figures}`;
}

// What a fetch brought is not fetched again when only the name was refused.
let fetched = { key: "", id: 0 };

/** { files }, { fetch } or { tree }, once the files are there. */
async function bring(api, { way, files, wanted, tree }, views, signal) {
  if (way === "store") return { tree };
  if (way === "urls") {
    const key = JSON.stringify(wanted);
    if (fetched.key !== key) {
      const { id } = await fetchAll(api, wanted, { signal, onProgress: showProgress, onFiles: views.showFetched });
      fetched = { key, id };
    }
    return { fetch: fetched.id };
  }
  const own = files.filter(({ isThere }) => !isThere);
  // Hashed again although the page did: a file may have been saved since.
  for (const each of own) delete each.sha256;
  await upload(api, own, { signal, onProgress: showProgress, onFile: views.tell });
  return { files: files.map(({ path, sha256 }) => [path, sha256]) };
}

/**
 * Wire the form. ready(): { asked, lacks: [[field, words], …] }; begun(): what it looked up is stopped.
 * views: { tell(each, change), showFetched(files) }; made(version): its page is opened next.
 */
export function making({ form, api, ready, begun, views, made }) {
  const button = byId("make");
  let stopper = null;
  let leaving = false;
  const show = (isSending) => {
    button.disabled = isSending;
    byId("sending").hidden = !isSending;
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (stopper) return;
    clearErrors();
    const { asked, lacks } = ready();
    for (const [name, words] of lacks) showError(name, words);
    if (lacks.length) return byId(lacks[0][0])?.focus();
    begun();
    stopper = new AbortController();
    const { signal } = stopper;
    show(true);
    showProgress({ sent: 0, total: 1, words: "Preparing" });
    try {
      const content = await bring(api, asked, views, signal);
      showProgress({ sent: 1, total: 1, words: "Registering" });
      const version = await post(`${api}datasets`, { ...asked.words, ...content, create_new_version: true }, { signal });
      leaving = true; // the button stays off while the page of the version loads
      if (version.version <= asked.newest) noteNext(`${version.name}:${version.version} holds the same files already; no new version was made.`, "");
      made(version);
    } catch (error) {
      if (error.name !== "AbortError") showRefusal(error);
    } finally {
      stopper = null;
      show(leaving);
    }
  });
  byId("stop-sending").addEventListener("click", () => stopper?.abort());
  addEventListener("beforeunload", (event) => {
    if (stopper && !leaving) event.preventDefault();
  });
  // The browser's Back brings this page to life as it was left.
  addEventListener("pageshow", ({ persisted }) => persisted && ((leaving = false), show(false)));
}
