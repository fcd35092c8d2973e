// From the log of one process of a run to that of another.

/** Show another file by its own page. */
export const goTo = (path) => location.assign(`?${new URLSearchParams({ path })}`);

/** Fill the list with the logs [[rank, path], …] that are like the one at `path`. */
export function offerRanks(list, found, path) {
  list.hidden = !found.length;
  list.replaceChildren(...found.map(([rank, other]) => new Option(`Rank ${rank}`, other)));
  list.value = path;
}
