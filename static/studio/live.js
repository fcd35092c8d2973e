// One socket per page, many topics. Told at most once, so whoever listens also says how to catch up:
// `catchUp` is called once the server listens for the page, at first and after every reconnect.

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30000;
const SIGN_IN_FIRST = 4401;

const listeners = new Map(); // topic → Set of { hear, catchUp }
let socket = null;
let wait = FIRST_WAIT_MS;
let timer = 0;

/** Say an event on the body, where htmx triggers and page modules hear it. */
export const say = (name, detail) =>
  document.body.dispatchEvent(new CustomEvent(name, { detail }));

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
  else if (socket.readyState === WebSocket.OPEN) {
    if (isNew) ask([topic]);
    else catchUp();
  }
  return () => listeners.get(topic)?.delete(listener);
}

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
  own.onmessage = ({ data }) => hear(JSON.parse(data));
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
  if (topics.length) socket.send(JSON.stringify({ listen: topics }));
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

addEventListener("online", hurry);
document.addEventListener("visibilitychange", () => document.hidden || hurry());
// A page kept by the browser for "back" comes to life with its socket closed.
addEventListener("pageshow", ({ persisted }) => persisted && hurry());
listenForFragments();
