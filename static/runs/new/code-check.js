// What the code would send, asked before anything is sent.
import { post } from "studio/api";
import { hash } from "studio/upload/hash";
import { missing } from "studio/upload/upload";
import { bytes, counted } from "studio/sizes";
import { ignoredWords } from "runs/new/ignored";

// Reading more than this only to say how much is known already would cost more than it tells.
const MOST_READ_AHEAD = 512 * 1024 * 1024;
const total = (files) => files.reduce((sum, { size }) => sum + size, 0);

/**
 * Ask the studio about `code` and return { kept, ignored, problem, words }: the files that the ignore
 * files leave, in words what they take, what stands against them (or null), and a line for the
 * preflight. Throws ApiError.
 */
export async function checkCode(api, code, { signal } = {}) {
  if (code.kind === "snapshot")
    return { kept: code.files, ignored: "", problem: null, words: `${counted(code.files.length, "file")}, here already: nothing to send` };
  const listing = code.files.map(({ path, size }) => [path, size]);
  const answer = await post(`${api}snapshots/check`, { files: listing, ignore: code.ignore }, { signal });
  const names = new Set(answer.kept);
  const kept = code.files.filter(({ path }) => names.has(path));
  const ignored = ignoredWords(code, kept);
  const none = kept.length ? null : "Everything in it is ignored: look at its .amlignore or .gitignore.";
  return {
    kept,
    ignored,
    problem: answer.problem ?? none,
    words: `${counted(kept.length, "file")}, ${bytes(answer.size_bytes)}${ignored && `; ${ignored}`}`,
  };
}

/** How much of it has to be sent, as words; null where only sending would tell. */
export async function readAhead(api, code, kept, { signal } = {}) {
  if (code.kind !== "files" || total(kept) > MOST_READ_AHEAD) return null;
  await hash(kept, { signal });
  const absent = new Set(await missing(api, kept, { signal }));
  for (const each of kept) if (!absent.has(each)) each.state = "known";
  const size = total([...absent]);
  const known = total(kept) - size;
  if (!size) return `${counted(kept.length, "file")}, ${bytes(known)}: all known, nothing to send`;
  return `${counted(kept.length, "file")}, ${bytes(size)} to send${known ? ` (${bytes(known)} known)` : ""}`;
}

/** The Python files that may be a script, likely ones first. */
export function scriptsOf(files) {
  const likely = (path) => ["train.py", "main.py", "run.py"].indexOf(path) + 1 || (path.includes("/") ? 9 : 5);
  const paths = files.map(({ path }) => path).filter((path) => path.endsWith(".py"));
  return paths.sort((a, b) => likely(a) - likely(b) || a.localeCompare(b));
}
