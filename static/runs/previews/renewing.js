// A file that is replaced while somebody looks at it: what is shown of it changes, and the reader stays.

const SCROLLED = ".shown, .shown .wide, .canvas, .hex";

/** What bytes the file of this address has now, as previews name them. */
export async function versionOf(url) {
  const reply = await fetch(url, { method: "HEAD", credentials: "same-origin" });
  return reply.headers.get("etag")?.replaceAll('"', "");
}

/** Note how far `root` is scrolled; the function that is returned scrolls what stands there then alike. */
export function keepPlaces(root) {
  const scrolled = () => [...root.querySelectorAll(SCROLLED)];
  const places = scrolled().map(({ scrollLeft, scrollTop }) => [scrollLeft, scrollTop]);
  return () => scrolled().forEach((one, at) => places[at] && one.scrollTo(...places[at]));
}
