// Times that pass: [data-since] grows each second, time[data-ago] is told anew every ten seconds.
// The words are those of studio/templatetags/ui.py, so nothing jumps when the page takes over.
const MINUTE = 60, HOUR = 3600, DAY = 86400;

/** 192 → "3 m 12 s". */
export function duration(seconds) {
  const two = (number) => String(number).padStart(2, "0");
  if (seconds < 10) return `${Math.max(0, seconds).toFixed(1)} s`;
  const whole = Math.floor(seconds);
  if (whole < MINUTE) return `${whole} s`;
  if (whole < HOUR) return `${Math.floor(whole / MINUTE)} m ${two(whole % MINUTE)} s`;
  if (whole < DAY) return `${Math.floor(whole / HOUR)} h ${two(Math.floor((whole % HOUR) / MINUTE))} m`;
  return `${Math.floor(whole / DAY)} d ${Math.floor((whole % DAY) / HOUR)} h`;
}

/** Seconds in the past → "4 min ago". */
export function ago(seconds) {
  if (seconds < 10) return "just now";
  if (seconds < MINUTE) return `${Math.floor(seconds)} s ago`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min ago`;
  if (seconds < DAY) return `${Math.floor(seconds / HOUR)} h ago`;
  const days = Math.floor(seconds / DAY);
  return days === 1 ? "yesterday" : days < 31 ? `${days} days ago` : null;
}

const passed = (iso) => (Date.now() - Date.parse(iso)) / 1000;

function tick() {
  for (const shown of document.querySelectorAll("[data-since]")) {
    const seconds = passed(shown.dataset.since);
    shown.textContent = seconds < 10 ? `${Math.max(0, Math.floor(seconds))} s` : duration(seconds);
  }
}

function retell() {
  for (const shown of document.querySelectorAll("time[data-ago]")) {
    const words = ago(passed(shown.dateTime));
    if (words && words !== shown.textContent) shown.textContent = words;
  }
}

export function startClock() {
  setInterval(() => document.hidden || tick(), 1000);
  setInterval(() => document.hidden || retell(), 10000);
  document.body.addEventListener("htmx:afterSwap", tick);
  tick();
}
