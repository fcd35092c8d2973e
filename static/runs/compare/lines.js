// A line for each run, on a canvas: a thousand of them over ten axes in some milliseconds.

/** Places along an axis from its top (1) to its bottom (0); below it stand runs without a value. */
const height = (at, { top, bottom, none }) => (at === null ? none : bottom - at * (bottom - top));

/** shape: { width, height, top, bottom, none, x: [of each axis] }.  chosen: of each run, whether. */
export function drawLines(canvas, axes, { shape, colours, chosen, over, best, look }) {
  const density = window.devicePixelRatio || 1;
  canvas.width = Math.round(shape.width * density);
  canvas.height = Math.round(shape.height * density);
  canvas.style.width = `${shape.width}px`;
  canvas.style.height = `${shape.height}px`;
  const pen = canvas.getContext("2d");
  pen.scale(density, density);
  pen.lineJoin = "round";
  const places = chosen.map((_, place) => place);
  const strong = places.filter((place) => chosen[place]);
  stroke(pen, axes, shape, { places: places.filter((place) => !chosen[place]), colour: () => look.strong, width: 1, alpha: 0.35 });
  const alpha = strong.length > 300 ? 0.45 : strong.length > 60 ? 0.7 : 0.9;
  stroke(pen, axes, shape, { places: strong, colour: (place) => colours[place], width: strong.length > 300 ? 1 : 1.5, alpha });
  const one = (place, width) => stroke(pen, axes, shape, { places: [place], colour: () => (place === over ? look.text : colours[place]), width, alpha: 1 });
  if (best >= 0 && chosen[best]) one(best, 3);
  if (over >= 0) one(over, 3);
}

/** One path for all lines of one colour: a thousand single strokes would take ten times as long. */
function stroke(pen, axes, shape, { places, colour, width, alpha }) {
  const byColour = Map.groupBy ? Map.groupBy(places, colour) : grouped(places, colour);
  pen.lineWidth = width;
  pen.globalAlpha = alpha;
  for (const [shade, some] of byColour) {
    pen.strokeStyle = shade;
    pen.beginPath();
    for (const place of some) {
      axes.forEach(({ scale }, at) => {
        const y = height(scale.at(place), shape);
        if (at) pen.lineTo(shape.x[at], y);
        else pen.moveTo(shape.x[at], y);
      });
    }
    pen.stroke();
  }
}

function grouped(places, colour) {
  const found = new Map();
  for (const place of places) found.set(colour(place), [...(found.get(colour(place)) ?? []), place]);
  return found;
}

/** The run whose line is nearest to a point, at most `within` pixels above or below; -1 for none. */
export function nearest(axes, shape, { x, y, chosen, within }) {
  const right = shape.x.findIndex((at) => at >= x);
  if (right < 1) return -1;
  const share = (x - shape.x[right - 1]) / (shape.x[right] - shape.x[right - 1]);
  let [found, distance] = [-1, within];
  for (const [place, isChosen] of chosen.entries()) {
    if (!isChosen) continue;
    const [from, to] = [axes[right - 1], axes[right]].map(({ scale }) => height(scale.at(place), shape));
    const away = Math.abs(from + share * (to - from) - y);
    if (away < distance) [found, distance] = [place, away];
  }
  return found;
}
