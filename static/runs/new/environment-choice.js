// The registered environments, own and curated: a list that is found in as one types.
const byId = (id) => document.getElementById(id);
const FEW = 8;

/** Watch the search beside the list; chosen() is told when it leaves another one chosen. */
export function environmentChoice({ chosen }) {
  const list = byId("registered");
  const field = byId("find-environment");
  const groups = [...list.querySelectorAll("optgroup")].map((group) => [group, [...group.children]]);
  field.hidden = list.options.length <= FEW;

  field.addEventListener("input", () => {
    const before = list.value;
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = ({ text }) => words.every((word) => text.toLowerCase().includes(word));
    for (const [group, options] of groups) {
      group.replaceChildren(...options.filter(fits));
      group.hidden = !group.children.length;
    }
    // While one looks the list stands open: what fits is seen without another click.
    list.size = words.length ? Math.min(FEW, Math.max(2, list.options.length + groups.length)) : 0;
    if (list.options.length && list.value !== before) list.selectedIndex = 0;
    if (list.value !== before) chosen();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
    if (event.key === "ArrowDown") list.focus();
  });
}

/** Choose a registered version; an older one than the list has is added to it. */
export function choose(text) {
  const list = byId("registered");
  if (![...list.options].some((option) => option.value === text)) list.add(new Option(text, text));
  list.value = text;
}
