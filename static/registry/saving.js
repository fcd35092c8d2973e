// Save: register the definition, then have it built when that was asked, then go to its page.
import { post } from "studio/api";
import { noteNext } from "studio/notes";

const SHOWN_AT = { name: "name", description: "description", tags: "tags" };
const byId = (id) => document.getElementById(id);

/** "team=vision, draft" → { team: "vision", draft: "" }. */
export function tagsIn(text) {
  const pairs = text.split(",").map((part) => part.trim()).filter(Boolean);
  return Object.fromEntries(pairs.map((pair) => {
    const [name, ...value] = pair.split("=");
    return [name.trim(), value.join("=").trim()];
  }));
}

function showError(name, words) {
  const place = byId(`error-${name}`);
  place.textContent = words;
  place.hidden = !words;
  if (words) byId(name)?.setAttribute("aria-invalid", "true");
  else byId(name)?.removeAttribute("aria-invalid");
  return place;
}

function showRefusal(error) {
  const blamed = Object.keys(error.fields ?? {}).find((name) => name in SHOWN_AT);
  const place = showError(blamed ? SHOWN_AT[blamed] : "top", error.message);
  place.scrollIntoView({ block: "center" });
  if (blamed) byId(SHOWN_AT[blamed]).focus({ preventScroll: true });
}

/** Wire Save and Save and build. name: see naming. definition(): what is sent. saved(): it is kept now. */
export function saving({ form, start, name, definition, saved }) {
  const buttons = ["save", "save-and-build"].map(byId);
  let isSending = false;

  const open = (version, query) => {
    const address = start.page.replace("NAME", encodeURIComponent(version.name));
    location.assign(`${address}?${new URLSearchParams({ version: version.version, ...query })}`);
  };

  const build = async (version, kind) => {
    try {
      const own = `${start.api}/${encodeURIComponent(version.name)}/versions/${version.version}`;
      await post(`${own}/build?kind=${kind}`);
    } catch (error) {
      noteNext(`It is saved, but could not be built: ${error.message}`, "bad");
    }
    open(version, { tab: "build", kind });
  };

  const save = async (kind) => {
    const words = form.elements;
    for (const place of ["top", "name", "description", "tags"]) showError(place, "");
    if (!words.name.value.trim()) {
      showError("name", "Give it a name: runs choose it by that.");
      return byId("name").focus();
    }
    isSending = true;
    buttons.forEach((button) => (button.disabled = true));
    try {
      await name.ask();
      const known = name.newest();
      const version = await post(start.api, {
        name: words.name.value.trim(),
        definition: definition(),
        description: words.description.value,
        tags: tagsIn(words.tags.value),
      });
      saved();
      if (version.version <= known) noteNext(`${version.name}:${version.version} has the same content already; no new version was made.`, "");
      if (kind) await build(version, kind);
      else open(version, {});
    } catch (error) {
      showRefusal(error);
      isSending = false;
      buttons.forEach((button) => (button.disabled = false));
    }
  };

  // Buttons, not a submit: Enter in one of many fields must not make a version that never changes.
  form.addEventListener("submit", (event) => event.preventDefault());
  byId("save").addEventListener("click", () => isSending || save(""));
  byId("save-and-build").addEventListener("click", () => isSending || save(form.elements.built.value));
  addEventListener("pageshow", ({ persisted }) => {
    if (!persisted) return;
    isSending = false;
    buttons.forEach((button) => (button.disabled = false));
  });
}
