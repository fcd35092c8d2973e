// The studio's HTTP API from a page: the session's cookie, the CSRF header, errors as objects.

/** What the studio said no to. `fields`: input → what is wrong with it. `facts`: the whole answer. */
export class ApiError extends Error {
  constructor(status, answer) {
    super(answer?.message ?? `The studio answered ${status}.`);
    this.name = "ApiError";
    this.status = status;
    this.code = answer?.code ?? "error";
    this.fields = answer?.fields ?? {};
    this.facts = answer ?? {};
  }
}

export const AWAY = "The studio cannot be reached. What you typed stays here; try again when it is back.";

const AGAIN_MS = 300;

export const csrf = () => document.body.dataset.csrf ?? "";

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Browsers drop what is on its way when a network of the machine comes or goes: a container's, too. */
async function again(error, ask) {
  if (error.name === "AbortError") throw error;
  await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  return ask();
}

/** Call `path` and return its JSON. options: method, json (sent as the body), signal. Throws ApiError. */
export async function call(path, { method = "GET", json, signal } = {}) {
  const headers = { accept: "application/json", "x-csrftoken": csrf() };
  if (json !== undefined) headers["content-type"] = "application/json";
  const body = json === undefined ? undefined : JSON.stringify(json);
  const ask = async () => {
    const reply = await fetch(path, { method, headers, body, signal, credentials: "same-origin" });
    return { reply, text: await reply.text() }; // it may be dropped in the middle of its answer
  };
  let reply, text;
  try {
    ({ reply, text } = await ask().catch((error) => (method === "GET" ? again(error, ask) : Promise.reject(error))));
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, { code: "away", message: AWAY });
  }
  const answer = parsed(text);
  if (!reply.ok) throw new ApiError(reply.status, answer?.error);
  return answer;
}

export const get = (path, options) => call(path, options);
export const post = (path, json, options) => call(path, { ...options, method: "POST", json });

/** Send a Blob as the raw body. onProgress(bytes sent) needs XMLHttpRequest: fetch cannot tell. */
export function send(method, path, blob, { signal, onProgress = () => {} } = {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const stop = () => request.abort();
    request.open(method, path);
    request.setRequestHeader("accept", "application/json");
    request.setRequestHeader("x-csrftoken", csrf());
    request.setRequestHeader("content-type", "application/octet-stream");
    request.upload.onprogress = ({ loaded }) => onProgress(loaded);
    request.onload = () => {
      const answer = parsed(request.responseText);
      if (request.status >= 200 && request.status < 300) resolve(answer);
      else reject(new ApiError(request.status, answer?.error));
    };
    request.onerror = () => reject(new ApiError(0, { code: "away", message: AWAY }));
    request.onabort = () => reject(new DOMException("stopped", "AbortError"));
    request.onloadend = () => signal?.removeEventListener("abort", stop);
    if (signal?.aborted) return reject(new DOMException("stopped", "AbortError"));
    signal?.addEventListener("abort", stop);
    request.send(blob);
  });
}
