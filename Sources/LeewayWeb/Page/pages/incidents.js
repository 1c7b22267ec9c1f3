// Incidents, those that are open first.

import { here, hrefOf, setQuery } from "../parts/address.js";
import { ask, query } from "../parts/api.js";
import { byId, h, show, showFor, when } from "../parts/elements.js";
import { byTrouble, evidenceText, findings, GROUPS, handOf, STATES } from "../parts/evidence.js";
import { state, update } from "../parts/state.js";
import { tier, tierOf } from "../parts/tiers.js";
import { age, count, some, span } from "../parts/words.js";

const MOST = 200;

export const incidents = {
  title: () => "Incidents",
  frame: () => [
    h("h1", { tabindex: -1 }, "Incidents"),
    h("div", { id: "incident-choices", class: "choices" }),
    h("div", { id: "incidents" }),
  ],
  render,
  refresh: renderChoices,
  load,
};

async function load() {
  const { stamp, query: { monitor } } = here;
  const answer = await ask("/api/v1/incidents" + query({ limit: MOST, monitor }), 400);
  if (stamp !== here.stamp || monitor !== here.query.monitor) return;
  state.refusal = answer.incidents ? null : answer.detail;
  if (update("incidents", answer.incidents || [])) render();
}

function render() {
  renderChoices();
  const all = [...(state.incidents || [])].sort(byTrouble);
  if (!state.incidents) {
    show(byId("incidents"), h("p", { class: "empty" }, "Loading…"));
    return;
  }
  const wanted = here.query.show || "";
  const text = (here.query.q || "").toLowerCase();
  const found = all.filter((one) =>
    [one.incident, one.monitor, one.group, ...one.checks, ...one.subjects].join(" ").toLowerCase().includes(text)
  );
  const open = found.filter((one) => one.state !== "resolved");
  const resolved = found.filter((one) => one.state === "resolved");
  show(
    byId("incidents"),
    state.refusal && h("p", { class: "trouble" }, state.refusal),
    wanted !== "resolved" && [
      h("h2", null, "Open"),
      open.length > 0
        ? h("ul", { class: "incidents" }, open.map(item))
        : h("p", { class: "empty" }, text ? "No open incident fits." : "No incident is open."),
    ],
    wanted !== "open" && resolved.length > 0 && [
      h("h2", null, "Resolved"),
      h("ul", { class: "incidents" }, resolved.map(item)),
    ],
    all.length === MOST && h("p", { class: "quiet" }, "The newest " + MOST + "; the API has more."),
  );
}

function renderChoices() {
  const { monitor = "", show: wanted = "", q = "" } = here.query;
  const names = [...new Set([...(state.fleet || []).map((row) => row.monitor), monitor])].filter((name) => name);
  const option = (value, words, chosen) => h("option", { value, selected: value === chosen }, words);
  showFor(byId("incident-choices"), JSON.stringify([names, here.query]), () => [
    h(
      "label",
      null,
      "Search",
      h("input", {
        type: "search",
        "data-key": "search",
        placeholder: "check, subject or id",
        value: q,
        oninput: (event) => setQuery({ q: event.target.value }),
      }),
    ),
    h(
      "label",
      null,
      "Monitor",
      h(
        "select",
        { "data-key": "monitor", onchange: (event) => setQuery({ monitor: event.target.value }) },
        option("", "all", monitor),
        names.map((name) => option(name, name, monitor)),
      ),
    ),
    h(
      "label",
      null,
      "State",
      h(
        "select",
        { "data-key": "state", onchange: (event) => setQuery({ show: event.target.value }) },
        option("", "open and resolved", wanted),
        option("open", "open", wanted),
        option("resolved", "resolved", wanted),
      ),
    ),
  ]);
}

/** One of a list of incidents. */
export function item(incident) {
  const resolved = incident.state === "resolved";
  const evidence = findings(incident);
  const others = evidence.length - 1;
  const lasted = Date.parse(incident.resolved_at) - Date.parse(incident.opened_at);
  return h(
    "li",
    { class: resolved ? "resolved" : tierOf(incident.tier)[2] },
    h(
      "div",
      { class: "row" },
      tier(incident.tier),
      h(
        "a",
        { href: hrefOf("incident", incident.incident), "data-key": "incident " + incident.incident },
        h("strong", null, incident.monitor),
        ", " + (GROUPS[incident.group] || incident.group),
      ),
      h("span", { class: "state" }, (STATES[incident.state] || incident.state) + handOf(incident)),
      h(
        "span",
        { class: "quiet end" },
        resolved
          ? ["lasted " + span(lasted) + ", resolved ", when(incident.resolved_at)]
          : ["since ", when(incident.opened_at), " (" + age(incident.opened_at) + ")"],
      ),
    ),
    h(
      "p",
      null,
      evidence.length > 0
        ? evidenceText(evidence[0], resolved) + (others > 0 ? ", and " + count(others) + " more" : "")
        : some(incident.subjects.length > 0 ? incident.subjects : incident.checks),
      ".",
    ),
  );
}
