// Lines as they are copied: their text, without numbers, and what is folded among them whole.

const rowOf = (node) => (node.nodeType === Node.TEXT_NODE ? node.parentElement : node)?.closest?.(".row");

/** The text of a selection that begins and ends in different rows. */
function between(range, first, last, source) {
  const [head, tail] = [range.cloneRange(), range.cloneRange()];
  head.setEndAfter(first.lastChild);
  tail.setStartBefore(last.firstChild);
  const [from, to] = [first, last].map((row) => Number(row.dataset.line));
  const texts = [head.toString()];
  for (let line = from + 1; line < to; line += 1) texts.push(source.line(line)?.text ?? "");
  return [...texts, tail.toString()].join("\n");
}

/** Ctrl C copies what is selected; without a selection the lines that the address names. */
export function copyLines(scroller, view) {
  scroller.addEventListener("copy", (event) => {
    const selected = getSelection();
    let text = null;
    if (!selected.isCollapsed) {
      const range = selected.getRangeAt(0);
      const [first, last] = [rowOf(range.startContainer), rowOf(range.endContainer)];
      if (first && last && first !== last) text = between(range, first, last, view.source);
    } else if (view.target) {
      const [from, to] = view.target;
      const lines = Array.from({ length: to - from + 1 }, (_, index) => view.source.line(from + index));
      if (lines.every(Boolean)) text = `${lines.map((line) => line.text).join("\n")}\n`;
    }
    if (text === null) return;
    event.clipboardData.setData("text/plain", text);
    event.preventDefault();
  });
}
