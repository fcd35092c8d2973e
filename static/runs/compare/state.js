// The view as the address holds it: a copied link shows the same.

const listeners = new Set();

const query = () => new URLSearchParams(location.search);

/** The first value of `name` in the address, or `otherwise`. */
export const read = (name, otherwise = "") => query().get(name) ?? otherwise;

/** All values of `name` in the address. */
export const readAll = (name) => query().getAll(name);

/** Write names into the address; "", null and [] take a name out of it. */
export function write(changes) {
  const given = query();
  for (const [name, value] of Object.entries(changes)) {
    given.delete(name);
    for (const one of [value].flat()) if (one !== "" && one !== null && one !== undefined) given.append(name, one);
  }
  const text = given.toString();
  if (text === location.search.slice(1)) return;
  history.replaceState(history.state, "", text ? `?${text}` : location.pathname);
  for (const listener of listeners) listener(Object.keys(changes));
}

/** Call `changed(names)` after names were written. */
export const onWrite = (changed) => listeners.add(changed);

/**
 * Tie a form's fields to the address. usual: field → what it is where the address says nothing,
 * which the address leaves out.  changed(name): after a person changed a field.
 */
export function tie(form, usual, changed) {
  for (const [name, otherwise] of Object.entries(usual)) put(form, name, read(name, otherwise));
  const take = ({ target }) => {
    if (!(target.name in usual)) return;
    const value = valueOf(form, target.name);
    write({ [target.name]: value === usual[target.name] ? "" : value });
    changed(target.name);
  };
  form.addEventListener("input", (event) => ["search", "range"].includes(event.target.type) && take(event));
  form.addEventListener("change", (event) => ["search", "range"].includes(event.target.type) || take(event));
  form.addEventListener("submit", (event) => event.preventDefault());
}

/** What a field holds: a text; "1" or "0" of a box that is ticked or not. */
export function valueOf(form, name) {
  const field = form.elements[name];
  return field.type === "checkbox" ? String(Number(field.checked)) : field.value;
}

/** Fill a field. */
export function put(form, name, value) {
  const field = form.elements[name];
  if (field.type === "checkbox") field.checked = value === "1";
  else field.value = value;
}
