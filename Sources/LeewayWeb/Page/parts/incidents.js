// Incidents, those that are open first.

import { actsOf, actsOn, mutedOf } from "./acts.js";
import { ask } from "./api.js";
import { byId, h, show, table } from "./elements.js";
import { historyOf } from "./history.js";
import { choose, state } from "./state.js";
import { tier, tierOf } from "./tiers.js";
import { fail } from "./trouble.js";
import { age, alike, count, number, probability, short, time, worstOf } from "./words.js";

const STATES = {
  open: "open",
  acknowledged: "acknowledged",
  retraining: "retraining",
  verifying: "verifying",
  resolved: "resolved",
};
const GROUPS = {
  data: "data quality",
  drift: "drift",
  concept: "concept drift",
  "performance/early": "performance, early",
  "performance/final": "performance",
};

// What is open and worst first.
export const byTrouble = (a, b) => {
  const rank = (incident) => (incident.state === "resolved" ? 0 : 10) + tierOf(incident.tier)[3];
  return rank(b) - rank(a) || (a.opened_at < b.opened_at ? 1 : -1);
};

export function renderIncidents() {
  const all = [...(state.incidents || [])];
  all.sort(byTrouble);
  const open = all.filter((incident) => incident.state !== "resolved");
  const resolved = all.filter((incident) => incident.state === "resolved").slice(0, 20);
  show(
    byId("incidents"),
    open.length === 0 ? h("p", { class: "empty" }, "No incident is open.") : open.map(incidentElement),
    resolved.length > 0 && h("h4", null, "Resolved"),
    resolved.map(incidentElement),
  );
}

function incidentElement(incident) {
  const id = incident.incident;
  const resolved = incident.state === "resolved";
  const element = h(
    "details",
    {
      class: "incident " + (resolved ? "resolved" : tierOf(incident.tier)[2]),
      open: state.opened.has(id),
      ontoggle: () => {
        if (element.open === state.opened.has(id)) return;
        if (element.open) {
          state.opened.add(id);
          loadIncident(id);
        } else state.opened.delete(id);
      },
    },
    h(
      "summary",
      { "data-key": "incident " + id },
      tier(incident.tier),
      h("strong", null, incident.monitor),
      h(
        "span",
        null,
        (GROUPS[incident.group] || incident.group) + ", " + (STATES[incident.state] || incident.state) +
          handOf(incident),
      ),
      h(
        "span",
        null,
        incident.subjects.slice(0, 4).map((name) => short(name, 40)).join(", ") +
          (incident.subjects.length > 4 ? " and " + (incident.subjects.length - 4) + " more" : ""),
      ),
      h(
        "span",
        { class: "quiet" },
        resolved
          ? "resolved " + time(incident.resolved_at)
          : "since " + time(incident.opened_at) + " (" + age(incident.opened_at) + ")",
      ),
    ),
    h(
      "div",
      null,
      h(
        "p",
        { class: "quiet" },
        id,
        ". Checks: ",
        incident.checks.join(", "),
        ". Last change ",
        time(incident.changed_at),
        ".",
      ),
      retrainOf(incident),
      twinOf(incident),
      actsOn(incident, renderIncidents, loadIncident),
      evidence(incident),
      mutedOf(state.details.get(id)),
      historyOf(state.details.get(id)),
      actsOf(state.details.get(id)),
    ),
  );
  return element;
}

/** Who has it in hand. */
function handOf(incident) {
  const it = incident.people;
  if (!it) return "";
  if (incident.state === "resolved") return it.resolved_by ? " by " + it.resolved_by : "";
  if (it.assigned_to) return ", assigned to " + it.assigned_to;
  return it.acknowledged_by ? " by " + it.acknowledged_by : "";
}

/** What holds a retrain back, or did, and when it was let go. */
function retrainOf(incident) {
  const it = incident.retrain;
  if (!it) return null;
  const held = it.held
    ? "Retrain held: " + it.held + ", since " + time(it.since) +
      (it.released ? ", let go " + time(it.released) : incident.state === "resolved" ? " until it was resolved" : "") +
      ". "
    : "";
  return h(
    "p",
    null,
    held,
    it.retrain
      ? "Retrain " + it.retrain + " " +
        (it.state === "candidate" ? "has made a model that waits for approval" : it.state) + ", asked for " +
        time(it.at) + "." + (it.overdue ? " Its deadline has passed without a corrective action." : "") +
        (it.state === "failed" && incident.state !== "resolved" ? " This incident asks for no other." : "")
      : "",
  );
}
function twinOf(incident) {
  const it = incident.twin;
  if (!it) return null;
  return h(
    "p",
    null,
    it.early ? "First seen early, as " + it.early + "." : "",
    it.final ? "By final labels: " + it.final + "." : "",
  );
}

function evidence(incident) {
  const rows = Array.isArray(incident.evidence) ? incident.evidence : [];
  if (rows.length === 0) return null;
  const look = (item) =>
    h("button", {
      class: "link",
      type: "button",
      "data-key": "look " + incident.incident + item.check +
        item.subject,
      onclick: () =>
        choose({
          monitor: incident.monitor,
          window: item.window || "",
          slice: item.slice || "all",
          subject: item.subject || "",
          metric: item.metric || "",
        }, true),
    }, item.subject || item.metric);
  return table(
    "Evidence",
    [
      ["check"],
      ["subject", "name"],
      ["slice", "name"],
      ["metric"],
      ["value", "number"],
      ["threshold", "number"],
      ["q-value", "number"],
      ["rows", "number"],
      ["worst slice", "name"],
      ["window"],
      ["to"],
    ],
    rows.slice(0, 100).map((
      item,
    ) => [
      item.check,
      look(item),
      item.slice || "all",
      item.metric,
      number(item.value),
      number(item.threshold),
      probability(item.q_value),
      count(item.rows),
      item.slices_alike ? alike(item.slices_left_out) : worstOf(item.worst_slice, item.worst_value),
      item.window,
      time(item.end),
    ]),
  );
}

export async function loadIncident(id) {
  try {
    const detail = await ask("/api/v1/incidents/" + encodeURIComponent(id));
    if (JSON.stringify(state.details.get(id)) === JSON.stringify(detail)) return;
    state.details.set(id, detail);
    renderIncidents();
  } catch (error) {
    fail(error);
  }
}
