// Which parts the tiles are zoomed to, as the address keeps them: "from~to~name".

/** together: all tiles show the same part, so that one entry without a name is enough. */
export function zoomsOf(tiles, together) {
  const zoomed = tiles.filter(({ zoom }) => zoom);
  const some = together ? zoomed.slice(0, 1) : zoomed;
  return some.map(({ zoom, key }) => {
    const ends = zoom.range.map((end) => Number((end * zoom.unit).toPrecision(15)));
    return [...ends, together ? "" : key].join("~");
  });
}

/** Zoom the tiles of `board` as the address says. */
export function restore(zooms, board) {
  for (const words of zooms) {
    const [from, to, ...name] = words.split("~");
    const range = [Number(from), Number(to)];
    if (!range.every(Number.isFinite) || range[0] >= range[1]) continue;
    const key = name.join("~");
    for (const tile of key ? [board.of(key)] : board.tiles.values()) tile?.zoomTo(range, 1);
  }
}
