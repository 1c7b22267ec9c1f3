// Where the reader is. The address holds the whole state, so that a link shows the same to a colleague.

// Where the files are: behind a proxy that may be anywhere.
export const base = new URL("../", import.meta.url);

// [page, path]; PageEndpoints.swift answers these with the shell.
const ROUTES = [
  ["fleet", ""],
  ["monitor", "monitors/{id}"],
  ["compare", "compare/{id}"],
  ["incidents", "incidents"],
  ["incident", "incidents/{id}"],
  ["decisions", "decisions"],
  ["silences", "silences"],
  ["audit", "audit"],
  ["service", "service"],
];

// stamp: changes with every page that is gone to, so that an answer for the one before is not shown.
export const here = { page: "fleet", id: "", query: {}, stamp: 0 };

const listeners = [];
// listener(isOtherPage): called when the address has changed.
export const onAddress = (listener) => listeners.push(listener);

const decoded = (text) => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

// What a path of this site is a page of; null: of none.
function routeOf(pathname) {
  if (!pathname.startsWith(base.pathname)) return null;
  const parts = pathname.slice(base.pathname.length).replace(/\/$/, "").split("/");
  for (const [page, path] of ROUTES) {
    const wanted = path.split("/");
    if (wanted.length !== parts.length) continue;
    if (wanted.every((part, index) => part === "{id}" ? parts[index] !== "" : part === parts[index])) {
      return { page, id: wanted.includes("{id}") ? decoded(parts[wanted.indexOf("{id}")]) : "" };
    }
  }
  return null;
}

// The address of a page. query: members that are empty are left out.
export function hrefOf(page, id = "", query = {}) {
  const path = ROUTES.find(([name]) => name === page)[1].replace("{id}", encodeURIComponent(id));
  const parameters = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== "" && value != null));
  const text = parameters.toString();
  return base.pathname + path + (text ? "?" + text : "");
}

// Links that messages of earlier versions carry: /#incident=ID, and /#monitor=NAME&window=….
function earlier() {
  const { page } = routeOf(location.pathname) || {};
  if (page !== "fleet" || location.hash.length < 2) return null;
  const { incident, monitor, ...query } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  return incident ? hrefOf("incident", incident) : monitor ? hrefOf("monitor", monitor, query) : null;
}

export function readAddress() {
  const instead = earlier();
  if (instead) history.replaceState(null, "", instead);
  const { page, id } = routeOf(location.pathname) || { page: "fleet", id: "" };
  const isOther = page !== here.page || id !== here.id || here.stamp === 0;
  Object.assign(here, { page, id, query: Object.fromEntries(new URLSearchParams(location.search)) });
  if (isOther) here.stamp += 1;
  for (const listener of listeners) listener(isOther);
}

export function go(href) {
  history.pushState(null, "", href);
  readAddress();
}

// Changes what the page shows, in the address too.
export function setQuery(changes, { isStep = false } = {}) {
  const href = hrefOf(here.page, here.id, { ...here.query, ...changes });
  if (isStep) history.pushState(null, "", href);
  else history.replaceState(null, "", href);
  readAddress();
}

// A click on a link to another page needs no new document; whatever else was pressed with it is the browser's.
export function followLinks() {
  document.addEventListener("click", (event) => {
    const link = /** @type {HTMLAnchorElement} */ (event.target instanceof Element && event.target.closest("a[href]"));
    if (!link || event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || link.target) return;
    const to = new URL(link.href);
    if (to.origin !== location.origin || !routeOf(to.pathname)) return;
    if (to.pathname === location.pathname && to.search === location.search && to.hash) return;
    event.preventDefault();
    go(to.pathname + to.search + to.hash);
  });
  addEventListener("popstate", readAddress);
  addEventListener("hashchange", readAddress);
}
