// What a fragment's swap would take from a person: an open menu, the focus in it. Import it where
// fragments with menus ask themselves again.

// Times pass by themselves; that one told another is no change.
const bare = (html) =>
  html
    .replace(/>[^<]*<\/time>/g, "></time>")
    .replace(/(data-since="[^"]*">)[^<]*/g, "$1")
    .replace(/ open=""/g, "")
    .trim();

/** Whether `html` is what the target shows already. */
function isShown(html, target) {
  const parsed = document.createElement("template");
  parsed.innerHTML = html;
  const text = bare(parsed.innerHTML);
  return text === bare(target.innerHTML) || text === bare(target.outerHTML);
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
