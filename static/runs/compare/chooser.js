// Fields in which a column is chosen by its key: what may stand there is offered, metrics are found
// among any number by the studio.

import { element } from "studio/words";
import { metricKey } from "runs/compare/keys";

const WAIT_MS = 150;

/** Offer `choices` ([{ key, words }]) in a datalist. */
export function offer(id, choices) {
  const list = document.getElementById(id);
  const text = choices.map(({ key }) => key).join("\n");
  if (list.dataset.shown === text) return;
  list.dataset.shown = text;
  list.replaceChildren(...choices.map(({ key, words }) => element("option", { value: key }, words === key ? "" : words)));
}

/** Fill the page's three lists from what is known of the runs. */
export function offerAll(facts) {
  offer("compare-columns", facts.choices);
  offer("compare-groups", facts.choices.filter(({ key }) => !key.startsWith("metrics.")));
  offer("compare-metrics", metrics(facts.metrics));
}

const metrics = (items) => items.flatMap(({ name }) => ["last", "min", "max"].map((part) => ({ key: metricKey(name, part), words: name })));

/** While a person types, find metrics by what is typed; only where not all are known. */
export function searchWhileTyping(root, facts) {
  let timer = 0;
  root.addEventListener("input", ({ target }) => {
    const id = target.getAttribute?.("list");
    if (!id || id === "compare-groups" || facts.next === null) return;
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const find = target.value.replace(/^metrics\.?/, "").replaceAll('"', "");
      const found = await facts.search(find).catch(() => []);
      offer(id, [...metrics(found), ...(id === "compare-columns" ? facts.choices : metrics(facts.metrics))]);
    }, WAIT_MS);
  });
}

/** Mark a field whose key is of no column. */
export function mark(field, isWrong) {
  if (isWrong) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
}
