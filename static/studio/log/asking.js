// What is asked of a log, by its address (docs/api.md, `log`); what a page opens with, ahead of time.

import { get } from "studio/api";

const begun = new Map(); // address → the answer that is on its way

function addressOf(url, call, query) {
  const [path, given] = url.split("?");
  const words = new URLSearchParams(given);
  for (const [key, value] of Object.entries(query)) words.set(key, String(value));
  return `${path}${call && "/"}${call}?${words}`;
}

/** Call `log/lines` or `log/find` of the log at `url`; "" is `log` itself. */
export function ask(url, call, query) {
  const address = addressOf(url, call, query);
  const early = begun.get(address);
  begun.delete(address);
  return early ?? get(address);
}

/** Ask for what will be wanted soon: the first who asks for it gets this answer. */
export function askAhead(url, call, query) {
  const address = addressOf(url, call, query);
  const answer = get(address);
  answer.catch(() => {}); // who wants it is told
  begun.set(address, answer);
}

/** Of the end of a log: its last lines, and its like of other ranks. */
export const END = { from: -500, count: 500, ranks: 1 };
export const BLOCK = 500;

/** The block of lines that a line (from 0) is in. */
export const blockOf = (line) => ({ from: Math.floor(line / BLOCK) * BLOCK, count: BLOCK });
