// In which order the tiles stand: the loss, the other curves as they appeared, then single values.

export function inOrder(tiles) {
  const curves = tiles.filter((tile) => tile.isCurve);
  const named = (is) => curves.find(({ title }) => is(title.toLowerCase()));
  const main = named((title) => title === "loss") ?? named((title) => title.includes("loss"));
  return [...new Set([main, ...curves, ...tiles])].filter(Boolean);
}

/** Put `nodes` into `box` in this order; one that stands right is left where it is. */
export function lay(box, nodes) {
  nodes.forEach((node, at) => {
    if (box.children[at] !== node) box.insertBefore(node, box.children[at] ?? null);
  });
  while (box.children.length > nodes.length) box.lastChild.remove();
}
