// Validation as one types: the studio reads the definition, the page says what it found.
import { post } from "studio/api";

const ASK_MS = 300;
const SHOWN = 8;
const MARKS = { good: ["✓", ""], warn: ["!", "w"], bad: ["✕", "x"], open: ["○", "o"] };
const BUILDS = {
  Ready: ["good", "image ready: reused"],
  Failed: ["warn", "failed the last time; building tries again"],
  Canceled: ["open", "was canceled; will be built"],
};
const byId = (id) => document.getElementById(id);

function say(name, mark, words) {
  const row = byId(`check-${name}`);
  const [sign, kind] = MARKS[mark];
  row.querySelector("i").textContent = sign;
  row.querySelector("i").className = kind;
  row.querySelector("span").textContent = words;
  row.querySelector("span").title = words;
}

const listed = (names, none) =>
  names.length ? names.slice(0, SHOWN).join(", ") + (names.length > SHOWN ? ` and ${names.length - SHOWN} more` : "") : none;

/** Whether the images of this content are there; needsDocker: it cannot be built on this machine. */
function sayImages(builds, needsDocker) {
  for (const kind of ["local", "docker"]) {
    const known = BUILDS[builds[kind]] ?? (builds[kind] ? ["warn", `is being built (${builds[kind]})`] : ["open", "will be built"]);
    if (kind === "local" && needsDocker) say(kind, "open", "not possible: it brings its own image, which only Docker can use");
    else say(kind, ...known);
  }
}

/** Show what the studio's answer says of a definition that it could read. */
function show(answer, definition) {
  const isAsItIs = !("conda" in definition || "pip" in definition || "packages" in definition);
  say("definition", "good", "can be read");
  say("python", "good", isAsItIs ? "the image's own" : answer.python || "the studio's own");
  say("packages", "good", listed(answer.packages, isAsItIs ? "those of the image" : "none beside Python"));
  say("provided", answer.provided.length ? "good" : "open", listed(answer.provided, "nothing asked for"));
  sayImages(answer.builds, isAsItIs || "dockerfile" in definition);
}

function showNothing(mark, words) {
  say("definition", mark, words);
  for (const name of ["python", "packages", "provided", "local", "docker"]) say(name, "open", "–");
}

/**
 * Ask about definitions as they come. onProblem({ problem, line, column } or null) is told what is wrong
 * and where. Returns ask(definition, lack): lack is why asking is useless yet, or "".
 */
export function checker({ api, onProblem }) {
  let timer = 0;
  let asking = new AbortController();

  const now = async (definition, signal) => {
    try {
      const answer = await post(`${api}/check`, { definition }, { signal });
      if (answer.problem) showNothing("bad", "cannot be read as it is");
      else show(answer, definition);
      onProblem(answer.problem ? answer : null);
    } catch (error) {
      if (error.name === "AbortError") return;
      showNothing("bad", error.code === "away" ? "the studio cannot be reached" : "cannot be read as it is");
      onProblem({ problem: error.message, line: null });
    }
  };
  return (definition, lack) => {
    clearTimeout(timer);
    asking.abort();
    asking = new AbortController();
    const { signal } = asking;
    if (!lack) return void (timer = setTimeout(now, ASK_MS, definition, signal));
    showNothing("open", lack);
    onProblem(null);
  };
}
