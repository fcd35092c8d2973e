// Short words at the corner of the page. What went wrong stays until it is closed.
const GOOD_MS = 5000;

/** Show `text`; kind: "bad", "good" or "". Returns what takes it away again. */
export function note(text, kind = "") {
  const box = document.createElement("div");
  box.className = `note ${kind}`;
  const words = document.createElement("span");
  words.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.setAttribute("aria-label", "Close");
  close.textContent = "✕";
  box.append(words, close);
  document.getElementById("notes").append(box);
  if (kind !== "bad") setTimeout(() => box.remove(), GOOD_MS);
  return () => box.remove();
}

const KEY = "note-for-the-next-page";

/** Say `text` on the page that is opened next in this tab. */
export function noteNext(text, kind = "good") {
  try {
    sessionStorage.setItem(KEY, JSON.stringify([text, kind]));
  } catch {
    // Nothing can be kept here; the next page shows what is so by itself.
  }
}

try {
  const kept = JSON.parse(sessionStorage.getItem(KEY));
  if (kept) note(...kept);
  sessionStorage.removeItem(KEY);
} catch {
  // A browser that forbids storage has nothing to say.
}
