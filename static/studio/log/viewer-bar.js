// The viewer's buttons for how lines look, which are remembered, and its keys: / and Ctrl F find,
// F3 goes on, Home begins, End follows.

function remembered(key) {
  try {
    return localStorage.getItem(key) === "1";
  } catch {
    return false; // a browser that forbids storage begins with plain lines
  }
}

function remember(key, isOn) {
  try {
    localStorage.setItem(key, isOn ? "1" : "");
  } catch {
    // the choice still holds for this page
  }
}

function startToggle(button, key, set) {
  const turn = (isOn) => {
    button.setAttribute("aria-pressed", String(isOn));
    set(isOn);
  };
  turn(remembered(key));
  button.addEventListener("click", () => {
    const isOn = button.getAttribute("aria-pressed") !== "true";
    turn(isOn);
    remember(key, isOn);
  });
}

/** wrap, times: the buttons. lines: the element that scrolls. */
export function startBar(root, { wrap, times, lines, view, find }) {
  startToggle(wrap, "log-wrap", (isOn) => view.setLook("wrapped", isOn));
  startToggle(times, "log-times", (isOn) => view.setLook("timed", isOn));
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
