// What the pages know of the service.

import { here } from "./address.js";
import { short } from "./words.js";

export const state = {
  ready: null,
  fleet: null,
  failure: null,
  answered: null,
  // Of the incidents' page, and of the monitor's.
  incidents: null,
  refusal: null,
  monitorIncidents: null,
  detail: null,
  series: null,
  histogram: null,
  judged: null,
  tiers: null,
  // Lines of the page that compares versions.
  compared: null,
  unknown: [],
  choice: { window: "", slice: "all", subject: "", metric: "", end: "" },
  filter: { slice: "", subject: "" },
  // Of the pages of decisions, audit and the service.
  retrains: null,
  audit: null,
  instances: null,
  dead: null,
  owed: null,
  quarantine: null,
  // The form that is open, among those that change something.
  acting: null,
};

export const rowOf = (monitor) => (state.fleet || []).find((row) => row.monitor === monitor);
export const openIncidents = () => (state.fleet || []).reduce((sum, row) => sum + row.open_incidents, 0);

// Keeps an answer; whether it differs from the one before.
const texts = new Map();
export function update(name, value) {
  const text = JSON.stringify(value);
  if (texts.get(name) === text) return false;
  texts.set(name, text);
  state[name] = value;
  return true;
}
// By which two answers are told apart.
export const textOf = (name) => texts.get(name) || "";
export function forget(...names) {
  for (const name of names) {
    texts.delete(name);
    state[name] = null;
  }
}

// What the address asks the monitor's page to show.
export function readChoice() {
  for (const name of Object.keys(state.choice)) {
    state.choice[name] = here.query[name] || (name === "slice" ? "all" : "");
  }
  state.unknown = [];
}

// What a link names and the monitor has not is said, since something else is shown for it.
function replaceChoice(name, value) {
  if (state.choice[name]) state.unknown.push(name + ' "' + short(state.choice[name], 60) + '"');
  state.choice[name] = value;
}

// Fills what is not chosen yet with what the monitor has: what burns, else its output.
export function settleChoice(monitor) {
  const choice = state.choice;
  const windows = monitor.definitions.map((window) => window.window);
  const worst = choice.window || choice.subject || choice.metric ? null : worstEvidence(monitor);
  if (worst) {
    Object.assign(choice, {
      window: worst.window || "",
      slice: worst.slice || "all",
      subject: subjectsOf(monitor).includes(worst.subject) ? worst.subject : "",
      metric: metricNamed(worst.metric) ? worst.metric : "",
    });
  }
  if (!windows.includes(choice.window)) replaceChoice("window", windows[0] || "");
  const subjects = subjectsOf(monitor);
  if (!subjects.includes(choice.subject)) replaceChoice("subject", subjects[subjects.length - 1]);
  if (!choice.slice) choice.slice = "all";
  if (choice.end && Number.isNaN(Date.parse(choice.end))) replaceChoice("end", "");
  if (!metricNamed(choice.metric)) {
    const check = monitor.checks.find((one) => one.window === choice.window && metricNamed(one.name));
    replaceChoice("metric", check ? check.name : "psi");
  }
}
function worstEvidence(monitor) {
  const row = rowOf(monitor.monitor);
  return row && row.incidents[0] ? row.incidents[0].evidence : null;
}
export const subjectsOf = (monitor) => [...monitor.subjects.map((one) => one.name), monitor.output];

// What lines have is the API's to say: /api/v1/monitors/{monitor} lists it.
export const metricsOf = () => (state.detail && state.detail.metrics) || [];
export const metricNamed = (name) => metricsOf().find((metric) => metric.name === name);
