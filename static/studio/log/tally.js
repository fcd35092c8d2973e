// What the field's neighbour says of a search: how many places, and which of them the reader is at.

import { count } from "studio/words";

/** The words for a Find; `most`: so many places are counted. */
export function tally({ hits, current, isDone, note, problem, pattern }, most) {
  if (problem) return "no valid pattern";
  if (!pattern) return "";
  if (!hits.length && !current) return isDone ? "nothing found" : note || "searching …";
  const isMany = hits.length >= most;
  const total = `${count(isMany ? most : hits.length)}${isMany ? "+" : isDone ? "" : " …"}`;
  const isSame = (hit) => hit.line === current?.line && hit.start === current.start;
  const at = current ? hits.findIndex(isSame) : -1;
  return at < 0 ? `${total} found` : `${count(at + 1)} of ${total}`;
}
