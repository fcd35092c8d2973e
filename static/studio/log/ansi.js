// Select Graphic Rendition: the look that escapes ask for, as names of CSS classes. The colours are
// the studio's own, so that each can be read in light and in dark: of 256 or of millions the one of
// the nearest hue.

const COLOURS = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
// Hues in sixths of the colour circle: red, yellow, green, cyan, blue, magenta.
const HUES = ["red", "yellow", "green", "cyan", "blue", "magenta"];
const GREY = 0.18; // less saturated than this is no colour
const LEVELS = [0, 95, 135, 175, 215, 255];
const ON = { 1: "bold", 2: "faint", 3: "italic", 4: "under", 7: "inverse", 9: "struck" };
const OFF = { 22: ["bold", "faint"], 23: ["italic"], 24: ["under"], 27: ["inverse"], 29: ["struck"] };

export class Style {
  constructor() {
    this.change("0");
  }

  /** Take the numbers of one escape: "1;31", "38;5;208", "38;2;255;120;0". */
  change(numbers) {
    const codes = numbers.split(/[;:]/).map(Number);
    for (let at = 0; at < codes.length; at += 1) {
      const code = codes[at];
      if (code === 38 || code === 48) {
        const [colour, used] = wide(codes.slice(at + 1));
        if (code === 38) this.colour = colour;
        else this.behind = colour;
        at += used;
      } else this.#one(code);
    }
    const looks = [this.colour, this.behind && `on-${this.behind}`, ...this.looks].filter(Boolean);
    this.name = looks.map((look) => `t-${look}`).join(" ");
  }

  #one(code) {
    if (code === 0) Object.assign(this, { colour: "", behind: "", looks: new Set() });
    else if (ON[code]) this.looks.add(ON[code]);
    else if (OFF[code]) OFF[code].forEach((look) => this.looks.delete(look));
    else if (code === 39) this.colour = "";
    else if (code === 49) this.behind = "";
    else if (code >= 30 && code <= 37) this.colour = COLOURS[code - 30];
    else if (code >= 90 && code <= 97) this.colour = COLOURS[code - 90];
    else if (code >= 40 && code <= 47) this.behind = COLOURS[code - 40];
    else if (code >= 100 && code <= 107) this.behind = COLOURS[code - 100];
  }
}

/** A 256-colour or true-colour code as one of the eight; and how many numbers it took. */
function wide([kind, ...rest]) {
  if (kind === 2) return [nearest(rest.slice(0, 3)), 4];
  const number = rest[0] ?? 7;
  if (number < 16) return [COLOURS[number % 8], 2];
  if (number >= 232) return [number < 244 ? "black" : "white", 2];
  const cube = number - 16;
  return [nearest([36, 6, 1].map((part) => LEVELS[Math.floor(cube / part) % 6])), 2];
}

/** The name of the colour whose hue is nearest; of what has none, black or white. */
function nearest([red = 0, green = 0, blue = 0]) {
  const [least, most] = [Math.min(red, green, blue), Math.max(red, green, blue)];
  const width = most - least;
  if (!most || width / most < GREY) return most < 128 ? "black" : "white";
  let hue = (red - green) / width + 4;
  if (most === red) hue = (green - blue) / width + 6;
  else if (most === green) hue = (blue - red) / width + 2;
  return HUES[Math.round(hue) % 6];
}
