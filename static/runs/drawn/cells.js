// The cells of a matrix as they are drawn: shares of rows, blocks where there are more than pixels.

// More cells than this in a line are narrower than a pixel or two: the greatest of a block is drawn.
const MOST_CELLS = 200;

/** Rows of a matrix as shares of their sum. */
export function sharesOf(matrix) {
  return matrix.map((row) => {
    const sum = row.reduce((total, value) => total + value, 0);
    return row.map((value) => (sum ? value / sum : 0));
  });
}

/** The part of 0 … count - 1 that a range of an axis shows, in blocks of `size`. */
function partOf(range, count) {
  const from = Math.max(0, Math.round(Math.min(...range) + 0.5));
  const to = Math.min(count, Math.round(Math.max(...range) + 0.5));
  const size = Math.max(1, Math.ceil((to - from) / MOST_CELLS));
  return { from, to, size };
}

/**
 * What of a matrix is drawn in ranges of both axes: z, the greatest of each block; x0, y0, dx, dy as
 * Plotly takes them.  Nothing is lost by it: a lone high cell stays to be seen.
 */
export function cells(matrix, across, down) {
  const columns = partOf(across, matrix.length);
  const rows = partOf(down, matrix.length);
  const z = [];
  for (let y = rows.from; y < rows.to; y += rows.size) {
    const line = new Array(Math.ceil((columns.to - columns.from) / columns.size)).fill(0);
    for (let inner = y; inner < Math.min(y + rows.size, rows.to); inner += 1) {
      for (let x = columns.from; x < columns.to; x += 1) {
        const at = Math.floor((x - columns.from) / columns.size);
        if (matrix[inner][x] > line[at]) line[at] = matrix[inner][x];
      }
    }
    z.push(line);
  }
  const first = ({ from, size }) => from + (size - 1) / 2;
  return { z, x0: first(columns), dx: columns.size, y0: first(rows), dy: rows.size };
}

/** Light or dark: which of two colours is read better on a mix of `low` and `high`; share: of high. */
export function readable(share, low, high, [one, other]) {
  const [from, to] = [low, high].map(parts);
  const ground = luminance(from.map((part, at) => part + (to[at] - part) * share));
  const contrast = (colour) => {
    const both = [luminance(parts(colour)), ground].sort((a, b) => b - a);
    return (both[0] + 0.05) / (both[1] + 0.05);
  };
  return contrast(one) >= contrast(other) ? one : other;
}

const parts = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255);

/** Source: WCAG 2.2, relative luminance. */
function luminance(colour) {
  const [red, green, blue] = colour.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
