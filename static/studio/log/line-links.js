// Links to a line and to several (#L120, #L120-140), and clicks on what rows hold.

/** The lines [from, to] that the address names, counted from 0; null where it names none. */
export function linesInAddress() {
  const found = /^#L(\d+)(?:-L?(\d+))?$/.exec(location.hash);
  if (!found) return null;
  const [from, to] = [Number(found[1]), Number(found[2] ?? found[1])];
  return from > 0 && to > 0 ? [Math.min(from, to) - 1, Math.max(from, to) - 1] : null;
}

/** Shift and a click on a number link to all lines from the one before; buttons fold and unfold. */
export function startLinks(scroller, view) {
  scroller.addEventListener("click", (event) => {
    const number = event.target.closest("a.n");
    if (number && event.shiftKey && view.target) {
      event.preventDefault();
      const [other, line] = [view.target[0] + 1, Number(number.dataset.n)];
      location.hash = `#L${Math.min(other, line)}-${Math.max(other, line)}`;
    }
    const button = event.target.closest("button.fold");
    if (!button) return;
    const { open, close, more } = button.dataset;
    if (more) return void view.source.more(Number(more));
    view.sought = null; // where the reader is now counts, not where a link led
    if (open) view.folds.open(Number(open));
    else view.folds.close(Number(close));
    view.redraw();
    scroller.focus({ preventScroll: true });
  });
}
