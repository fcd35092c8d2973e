// One socket per page, many topics. Told at most once, so whoever listens also says how to catch up:
// `catchUp` is called once the server listens for the page, at first and after every reconnect.
// A page in the background is not told of what grows (metrics, logs), and catches up when it is shown.

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30000;
const SIGN_IN_FIRST = 4401;
// Who looks at another page for a moment comes back to one that is up to date.
const BACKGROUND_MS = 5000;
const GROWS = /^run:[^:]+:(metrics|monitoring)$|:log(:|$)/;

const listeners = new Map(); // topic → Set of { hear, catchUp }
let socket = null;
let wait = FIRST_WAIT_MS;
let timer = 0;
let isInBackground = false;
let goingThere = 0;

/** When each event was said last, by performance.now(). */
export const saidAt = new Map();

/** Say an event on the body, where htmx triggers and page modules hear it. */
export function say(name, detail) {
  saidAt.set(name, performance.now());
  document.body.dispatchEvent(new CustomEvent(name, { detail }));
}

/** "connecting", "live", "reconnecting" or "signed-out": what the page may tell its reader. */
export const liveState = () => document.body.dataset.liveState ?? "connecting";

/**
 * Hear the events of `topic`. hear(event): one event, as docs/api.md says. catchUp(): ask over HTTP
 * for what came before. Returns a function that stops listening.
 */
export function listen(topic, hear, catchUp = () => {}) {
  const listener = { hear, catchUp };
  const isNew = !listeners.has(topic);
  if (isNew) listeners.set(topic, new Set());
  listeners.get(topic).add(listener);
  if (!socket) connect();
  else if (isNew) ask([topic]);
  else if (socket.readyState === WebSocket.OPEN && isWanted(topic)) catchUp();
  return () => stop(topic, listener);
}

function stop(topic, listener) {
  const others = listeners.get(topic);
  if (!others?.delete(listener) || others.size) return;
  listeners.delete(topic);
  tell({ ignore: [topic] });
}

const isWanted = (topic) => !isInBackground || !GROWS.test(topic);

function connect() {
  clearTimeout(timer);
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const own = new WebSocket(`${scheme}//${location.host}/live/`);
  socket = own;
  own.onopen = () => {
    wait = FIRST_WAIT_MS;
    show("live");
    ask([...listeners.keys()]);
  };
  own.onmessage = ({ data }) => [JSON.parse(data)].flat().forEach(hear);
  own.onclose = ({ code }) => {
    if (socket !== own) return;
    if (code === SIGN_IN_FIRST) return show("signed-out");
    show("reconnecting");
    // A restarted studio would otherwise meet all its pages in the same instant.
    timer = setTimeout(connect, wait * (0.75 + Math.random() / 2));
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
  };
}

function ask(topics) {
  const wanted = topics.filter(isWanted);
  if (wanted.length) tell({ listen: wanted });
}

function tell(words) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(words));
}

function hear(event) {
  for (const { hear: tell, catchUp } of listeners.get(event.topic) ?? []) {
    if (event.event === "listening") catchUp();
    else if (event.event !== "refused") tell(event);
  }
}

function show(state) {
  document.body.dataset.liveState = state;
  say("live-state", { state });
}

/** Pass the body's own topics on as body events: fragments ask again when they hear theirs. */
function listenForFragments() {
  for (const topic of (document.body.dataset.topics ?? "").split(/\s+/).filter(Boolean)) {
    listen(topic, (event) => say(event.event, event), () => say("live-open", { topic }));
  }
}

function hurry() {
  if (socket && socket.readyState === WebSocket.CLOSED && liveState() === "reconnecting") {
    wait = FIRST_WAIT_MS;
    connect();
  }
}

/** Stop hearing what grows once nobody has looked for a while; ask for all of it when one does. */
function look() {
  clearTimeout(goingThere);
  const grow = () => [...listeners.keys()].filter((topic) => GROWS.test(topic));
  if (document.hidden) {
    goingThere = setTimeout(() => {
      isInBackground = true;
      if (grow().length) tell({ ignore: grow() });
    }, BACKGROUND_MS);
    return;
  }
  hurry();
  if (!isInBackground) return;
  isInBackground = false;
  ask(grow());
}

addEventListener("online", hurry);
document.addEventListener("visibilitychange", look);
// A page kept by the browser for "back" comes to life with its socket closed.
addEventListener("pageshow", ({ persisted }) => persisted && hurry());
look();
// Only from then on does htmx hear the body. What the socket says sooner, "live-open" with it, would
// be lost, and a fragment that changed while the page was loading would stay as it was for good.
addEventListener("DOMContentLoaded", listenForFragments);
