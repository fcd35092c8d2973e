// Sizes in the words of studio/templatetags/ui.py.
const UNITS = ["KiB", "MiB", "GiB", "TiB"];

/** 3250585 → "3.1 MiB". */
export function bytes(size) {
  if (size < 1024) return `${size} B`;
  let value = size;
  let unit = "";
  for (unit of UNITS) {
    value /= 1024;
    if (value < 1023.95) break;
  }
  return value < 99.95 ? `${value.toFixed(1)} ${unit}` : `${Math.round(value)} ${unit}`;
}

/** (3, "file") → "3 files". */
export const counted = (number, word) =>
  `${number.toLocaleString("en-US")} ${word}${number === 1 ? "" : "s"}`;
