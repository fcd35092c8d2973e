// What a fragment's swap would take from a person: an open menu, the focus in it. Import it where
// fragments with menus ask themselves again.

const MADE_BY_HTMX = ["htmx-request", "htmx-added", "htmx-settling", "htmx-swapping"];

/** What `html` shows: without the times, which pass by themselves, open menus and htmx's marks. */
function bare(html) {
  const { content } = Object.assign(document.createElement("template"), { innerHTML: html.trim() });
  for (const time of content.querySelectorAll("time, [data-since]")) time.textContent = "";
  for (const node of content.querySelectorAll("[open]")) node.removeAttribute("open");
  for (const node of content.querySelectorAll("[class]")) {
    node.classList.remove(...MADE_BY_HTMX);
    if (!node.classList.length) node.removeAttribute("class");
  }
  return content;
}

/** Whether `html` is what the target shows already. */
function isShown(html, target) {
  const wanted = bare(html);
  return [target.innerHTML, target.outerHTML].some((shown) => wanted.isEqualNode(bare(shown)));
}

const name = (menu) => menu.querySelector("summary").getAttribute("aria-label");
let open = [];

document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
  open = [];
  if (detail.requestConfig.verb !== "get" || !detail.shouldSwap) return;
  if (isShown(detail.serverResponse, detail.target)) detail.shouldSwap = false;
  else open = [...detail.target.querySelectorAll("details.menu[open]")].map((menu) => [name(menu), menu.contains(document.activeElement)]);
});
document.body.addEventListener("htmx:afterSwap", ({ detail }) => {
  for (const [label, hadFocus] of open) {
    const menu = [...detail.target.querySelectorAll("details.menu")].find((each) => name(each) === label);
    if (!menu) continue;
    menu.open = true;
    if (hadFocus) menu.querySelector("summary").focus();
  }
});
