// The page's address holds the whole view; whoever changes it is heard by "address-changed".

// What only the browser needs: the table is not asked for again.
const OURS = ["axis", "smoothing", "log", "zoom", "band", "runs"];

export const asked = () => new URLSearchParams(location.search);

/** The address's query as templates write it: readable, and the same link whoever made it. */
export function written(query) {
  const words = query.toString();
  return `?${words.replaceAll("%2C", ",").replaceAll("%3A", ":").replaceAll("%2F", "/")}`;
}

/** The address with changes: null takes a key out, an array repeats it. */
function changed(changes) {
  const query = asked();
  for (const [key, given] of Object.entries(changes)) {
    query.delete(key);
    for (const value of [given ?? []].flat()) query.append(key, value);
  }
  return written(query);
}

/** Change the view; isStep: a step that "back" undoes. */
export function change(changes, { isStep = true } = {}) {
  go(changed(changes), { isStep, keys: Object.keys(changes) });
}

/** Show the view of `link`, which begins with "?"; "?" alone is the usual one. */
export function go(link, { isStep = true, keys = null } = {}) {
  const path = link === "?" ? location.pathname : link;
  if (isStep) history.pushState(null, "", path);
  else history.replaceState(null, "", path);
  tell({ isForTable: !keys || keys.some((key) => !OURS.includes(key)) });
}

/** `link` as it is now: what the browser alone keeps may have changed since it was written. */
export function renewed(link) {
  const query = new URLSearchParams(new URL(link, location).search);
  for (const key of OURS) {
    query.delete(key);
    for (const value of asked().getAll(key)) query.append(key, value);
  }
  return written(query);
}

function tell(detail) {
  document.dispatchEvent(new CustomEvent("address-changed", { detail }));
}

addEventListener("popstate", () => tell({ isForTable: true, isBack: true }));
