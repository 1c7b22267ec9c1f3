// What the page knows and what it looks at.

import { short } from "./words.js";

export const state = {
  ready: null,
  monitors: null,
  incidents: null,
  instances: null,
  details: new Map(),
  opened: new Set(),
  acting: null,
  detail: null,
  series: null,
  histogram: null,
  judged: null,
  looked: null,
  failure: null,
  answered: null,
  unknown: [],
  choice: { monitor: "", window: "", slice: "all", subject: "", metric: "" },
  filter: { slice: "", subject: "" },
};

export const current = () => (state.monitors || []).find((one) => one.monitor === state.choice.monitor);

// What is being looked at is in the address, so that a link shows the same to a colleague.
export function readAddress() {
  for (const [name, value] of new URLSearchParams(location.hash.slice(1))) {
    if (name in state.choice) state.choice[name] = value;
    if (name === "incident") state.opened.add(value);
  }
}
function writeAddress() {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(state.choice)) if (value) parameters.set(name, value);
  history.replaceState(null, "", "#" + parameters);
}

const listeners = [];
// listener(scroll): called after each choice, in the order of their coming.
export const onChoice = (listener) => listeners.push(listener);

export function choose(change, scroll = false) {
  Object.assign(state.choice, change);
  state.series = null;
  state.histogram = null;
  state.judged = null;
  state.looked = null;
  state.unknown = [];
  if ("monitor" in change) state.detail = null;
  writeAddress();
  for (const listener of listeners) listener(scroll);
}

// What a link names and the monitor has not is said, since something else is shown for it.
export function replaceChoice(name, value) {
  if (state.choice[name]) state.unknown.push(name + ' "' + short(state.choice[name], 60) + '"');
  state.choice[name] = value;
}

// Fills what is not chosen yet with what the monitor has.
export function settleChoice(monitor) {
  const choice = state.choice;
  const windows = monitor.definitions.map((window) => window.window);
  if (!windows.includes(choice.window)) replaceChoice("window", windows[0] || "");
  const subjects = subjectsOf(monitor);
  if (!subjects.includes(choice.subject)) replaceChoice("subject", subjects[subjects.length - 1]);
  if (!choice.slice) choice.slice = "all";
  // Names of another monitor are not thrown away before this one's are known.
  if (!choice.metric || (metricsOf().length > 0 && !metricNamed(choice.metric))) {
    const check = monitor.checks.find((one) =>
      one.window === choice.window && (metricsOf().length === 0 ||
        metricNamed(one.name))
    );
    replaceChoice("metric", check && metricNamed(check.name) ? check.name : "psi");
  }
}
export const subjectsOf = (monitor) => [...monitor.subjects.map((one) => one.name), monitor.output];

// What lines have is the API's to say: /api/v1/monitors/{monitor} lists it.
export const metricsOf = () => (state.detail && state.detail.metrics) || [];
export const metricNamed = (name) => metricsOf().find((metric) => metric.name === name);
