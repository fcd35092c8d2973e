// The viewer's wrap button, which is remembered, and its keys: / and Ctrl F find, F3 goes on,
// Home begins, End follows.

const KEY = "log-wrap";

function remembered() {
  try {
    return localStorage.getItem(KEY) === "1";
  } catch {
    return false; // a browser that forbids storage begins unwrapped
  }
}

function remember(isOn) {
  try {
    localStorage.setItem(KEY, isOn ? "1" : "");
  } catch {
    // the choice still holds for this page
  }
}

/** wrap: the button. lines: the element that scrolls. */
export function startBar(root, { wrap, lines, view, find }) {
  const set = (isOn) => {
    wrap.setAttribute("aria-pressed", String(isOn));
    view.setWrapped(isOn);
  };
  set(remembered());
  wrap.addEventListener("click", () => {
    const isOn = wrap.getAttribute("aria-pressed") !== "true";
    set(isOn);
    remember(isOn);
  });
  root.addEventListener("keydown", (event) => {
    const isFind = (event.ctrlKey || event.metaKey) && event.key === "f";
    if (isFind || (event.key === "/" && event.target === lines)) {
      find.field.focus();
      find.field.select();
    } else if (event.key === "F3") find.go(event.shiftKey ? -1 : 1);
    else if (event.key === "Home" && event.target === lines) view.goTo(0);
    else if (event.key === "End" && event.target === lines) view.follow();
    else return;
    event.preventDefault();
  });
}
