// The wrap button of previews; the choice is remembered, as that of logs is.

const KEY = "log-wrap";

export function startWrap(button, root) {
  const set = (isOn) => {
    button.setAttribute("aria-pressed", String(isOn));
    root.classList.toggle("wrapping", isOn);
  };
  let before = null;
  try {
    before = localStorage.getItem(KEY);
  } catch {
    // a browser that forbids storage begins unwrapped
  }
  set(before === "1");
  button.addEventListener("click", () => {
    const isOn = button.getAttribute("aria-pressed") !== "true";
    set(isOn);
    try {
      localStorage.setItem(KEY, isOn ? "1" : "");
    } catch {
      // the choice still holds for this page
    }
  });
}
