// The log that the page opens with is asked for while the page's other modules are on their way.

import { askAhead, blockOf, END } from "studio/log/asking";
import { linesInAddress } from "studio/log/line-links";

const { api, log } = document.querySelector("[data-run-files]").dataset;

if (log) {
  const url = `${api}log?${new URLSearchParams({ path: log })}`;
  askAhead(url, "lines", END);
  const lines = linesInAddress();
  if (lines) askAhead(url, "lines", blockOf(lines[0]));
}
