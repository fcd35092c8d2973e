// In which order the tiles stand: the loss, the other curves as they appeared, then single values.

export function inOrder(tiles) {
  const curves = tiles.filter((tile) => tile.isCurve);
  const named = (is) => curves.find(({ series }) => is(series.name.toLowerCase()));
  const main = named((name) => name === "loss") ?? named((name) => name.includes("loss"));
  return [...new Set([main, ...curves, ...tiles])].filter(Boolean);
}

/** Put the tiles into `box` in this order; one that stands right is left where it is. */
export function lay(box, tiles) {
  tiles.forEach(({ node }, at) => {
    if (box.children[at] !== node) box.insertBefore(node, box.children[at] ?? null);
  });
}
