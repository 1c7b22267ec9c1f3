// Asking the API.

import { base } from "./address.js";
import { setClock } from "./words.js";

class Refusal extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

const TOKEN = "leeway-token";
export function keepToken(token) {
  sessionStorage.setItem(TOKEN, token);
  holder = null;
}
export const hasToken = () => Boolean(sessionStorage.getItem(TOKEN));
export function dropToken() {
  sessionStorage.removeItem(TOKEN);
  holder = null;
}

// Whose token it is, and the roles that it has: {name, roles}; null while that is not known.
let holder = null;
export const tokenHolder = () => holder;
export async function loadHolder() {
  if (!hasToken() || holder) return false;
  holder = await ask("/api/v1/token");
  return true;
}

// A refusal in one line.
export const said = (problem) => problem.detail + (problem.fix ? " " + problem.fix : "");

// The browser sends If-None-Match by itself and gives its own copy for a 304.
export const ask = (path, ...alsoFine) => answerOf(path, { cache: "no-cache" }, alsoFine);

// A change. It acts by the tab's token only: the browser adds nothing by itself that another site could make use of.
export const send = (path, body) =>
  answerOf(path, { method: "POST", credentials: "omit", body: JSON.stringify(body) }, []);

async function answerOf(path, options, alsoFine) {
  const headers = { Accept: "application/json" };
  if (options.body) headers["Content-Type"] = "application/json";
  const token = sessionStorage.getItem(TOKEN);
  if (token) headers.Authorization = "Bearer " + token;
  const response = await fetch(new URL(path.slice(1), base), {
    ...options,
    headers,
    signal: AbortSignal.timeout(10000),
  });
  setClock(Date.parse(response.headers.get("Date") || ""));
  let body = null;
  try {
    body = await response.json();
  } catch { /* said below */ }
  if (!response.ok && !alsoFine.includes(response.status)) {
    throw new Refusal(response.status, body && body.detail ? said(body) : "HTTP " + response.status + ".");
  }
  if (body === null) throw new Refusal(response.status, "The answer is not JSON.");
  return body;
}

export const query = (members) =>
  "?" + Object.entries(members).filter(([, value]) => value !== "" && value != null)
    .map(([name, value]) => name + "=" + encodeURIComponent(value)).join("&");
export const monitorPath = (name) => "/api/v1/monitors/" + encodeURIComponent(name);
