// Numbers as people read them, and elements made in one expression. Sizes: studio/sizes.

/** 58412 → "58,412". */
export const count = (number) => number.toLocaleString("en-US");

/** A moment's time of day, to the second. */
export const clock = (when) => when.toLocaleTimeString("en-GB");

/** A metric's value in few digits: 0.4123456 → "0.4123", 1.2e-7 → "1.2e-7", NaN → "NaN". */
export function value(number) {
  if (typeof number === "boolean" || typeof number === "string") return String(number);
  if (!Number.isFinite(number)) return number > 0 ? "+Inf" : number < 0 ? "−Inf" : "NaN";
  const large = Math.abs(number);
  if (Number.isInteger(number) && large < 1e9) return count(number);
  if (large !== 0 && (large < 1e-4 || large >= 1e9)) return number.toExponential(3);
  return String(Number(number.toPrecision(4)));
}

/** An element with attributes (strings), properties (anything else) and children. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, given] of Object.entries(attributes)) {
    if (typeof given === "string") made.setAttribute(key, given);
    else made[key] = given;
  }
  made.append(...children);
  return made;
}
