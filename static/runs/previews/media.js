// Pictures, sound, film, and what is only to be downloaded.

import { bytes as size } from "studio/sizes";
import { count, element } from "studio/words";

const STEPS = [0.1, 0.25, 0.5, 1, 2, 4, 8];

/** Fitted first; larger and smaller by buttons, + and −, or Ctrl and the wheel. */
export function image(preview, panel) {
  if (preview.is_too_large) return large(preview, panel);
  const picture = element("img", { src: panel.url, alt: preview.path, draggable: false });
  const scroller = element("div", { class: "canvas", tabIndex: 0, role: "group", "aria-label": "Picture" }, picture);
  const buttons = { "−": "Smaller", "1:1": "Its own size", "+": "Larger", Fit: "Fit" };
  const bar = element("span", { class: "seg" });
  for (const [words, label] of Object.entries(buttons)) bar.append(element("button", { type: "button", "aria-label": label, title: label }, words));
  let scale = null;

  const fitted = () => Math.min(1, (scroller.clientWidth - 32) / picture.naturalWidth, (scroller.clientHeight - 32) / picture.naturalHeight);
  function zoom(to) {
    scale = to;
    const drawn = scale ?? fitted();
    picture.style.width = `${Math.max(1, Math.round(picture.naturalWidth * drawn))}px`;
    picture.classList.toggle("pixels", drawn >= 2);
    panel.say(`${picture.naturalWidth} × ${picture.naturalHeight} · ${Math.round(drawn * 100)} %`);
  }
  const step = (up) => {
    const now = scale ?? fitted();
    zoom((up ? STEPS.find((one) => one > now * 1.01) : STEPS.findLast((one) => one < now * 0.99)) ?? now);
  };
  const act = { Smaller: () => step(false), Larger: () => step(true), "Its own size": () => zoom(1), Fit: () => zoom(null) };
  bar.addEventListener("click", ({ target }) => act[target.ariaLabel]?.());
  scroller.addEventListener("keydown", ({ key }) => ({ "+": act.Larger, "-": act.Smaller, 1: act["Its own size"], 0: act.Fit })[key]?.());
  scroller.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    step(event.deltaY < 0);
  }, { passive: false });
  picture.addEventListener("load", () => zoom(scale));
  picture.addEventListener("error", () => panel.fail(new Error("The browser cannot draw this picture.")));
  new ResizeObserver(() => scale === null && picture.naturalWidth && zoom(null)).observe(scroller);
  return element("div", { class: "shown picture-shown" }, scroller, element("p", { class: "foot" }, bar));
}

/** A small file may hold a picture that would fill the browser's memory. */
function large({ path, width, height }, panel) {
  panel.say(`${count(width)} × ${count(height)}`);
  return element("div", { class: "shown card-shown" }, card(panel.item, panel, `A picture of ${count(width)} × ${count(height)} pixels: ${path.split("/").at(-1)} is too large to be drawn here.`));
}

export function audio(preview, panel) {
  return playing("audio", preview, panel);
}

export function video(preview, panel) {
  return playing("video", preview, panel);
}

function playing(name, preview, panel) {
  panel.say("");
  const player = element(name, { controls: true, preload: "metadata", "aria-label": preview.path });
  player.src = panel.url;
  const root = element("div", { class: "shown card-shown" }, player);
  player.addEventListener("loadedmetadata", () => Number.isFinite(player.duration) && panel.say(`${player.duration.toFixed(1)} s`));
  player.addEventListener("error", () => root.replaceChildren(card(preview, panel, "This browser cannot play it.")));
  return root;
}

export function pdf(preview, panel) {
  panel.say("");
  return element("div", { class: "shown card-shown" }, card(preview, panel, "A PDF document: it is opened outside the studio."));
}

export function empty(preview, panel) {
  panel.say("");
  return element("div", { class: "shown card-shown" }, card(preview, panel, "This file is empty."));
}

export function card({ path, size_bytes: bytes }, panel, words) {
  const name = path.split("/").at(-1);
  const get = element("a", { class: "btn main", href: panel.download, download: "" }, "Download");
  return element("div", { class: "file-card" }, element("h2", {}, name), element("p", {}, `${size(bytes)} · ${words}`), get);
}
