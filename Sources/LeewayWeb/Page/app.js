// Asking every two seconds, and no faster than the service answers.

import { ask, keepToken } from "./parts/api.js";
import { byId } from "./parts/elements.js";
import { loadExplore, renderExplore } from "./parts/explore.js";
import { byTrouble, loadIncident, renderIncidents } from "./parts/incidents.js";
import { renderInstances } from "./parts/instances.js";
import { renderMonitors } from "./parts/monitors.js";
import { renderOverall } from "./parts/overall.js";
import { current, onChoice, readAddress, replaceChoice, state, subjectsOf } from "./parts/state.js";
import { fail } from "./parts/trouble.js";
import { now } from "./parts/words.js";

const EVERY = 2000;
let turns = 0;
let newestEnds = "";

function update(name, value, render) {
  const text = JSON.stringify(value);
  if (state["text " + name] === text) return;
  state["text " + name] = text;
  state[name] = value;
  render();
}

async function turn() {
  try {
    const [ready, monitors, incidents, instances] = await Promise.all([
      ask("/readyz", 503),
      ask("/api/v1/monitors"),
      ask("/api/v1/incidents?limit=200"),
      ask("/api/v1/instances"),
    ]);
    state.failure = null;
    state.answered = now();
    byId("trouble").hidden = true;
    byId("token").hidden = true;
    update("ready", ready, () => {});
    update("monitors", monitors.monitors, renderMonitors);
    update("incidents", incidents.incidents, renderIncidents);
    update("instances", instances, renderInstances);
    renderOverall();
    byId("fresh").textContent = "as of " + new Date(now()).toISOString().slice(11, 19) + " UTC";
    if (!current() && state.monitors.length > 0) {
      // What the link is about, else what burns, is shown first.
      const linked = state.incidents.find((incident) => state.opened.has(incident.incident));
      const open = linked || [...state.incidents].sort(byTrouble).find((incident) => incident.state !== "resolved");
      const worstOf = open && Array.isArray(open.evidence) && open.evidence[0];
      const shown = open && state.monitors.some((one) => one.monitor === open.monitor)
        ? open.monitor
        : state.monitors[0].monitor;
      replaceChoice("monitor", shown);
      if (worstOf && state.choice.monitor === open.monitor) {
        for (const name of ["window", "slice", "subject", "metric"]) state.choice[name] = worstOf[name] || "";
        // Verdicts on performance have a subject that is no distribution.
        if (!subjectsOf(current()).includes(state.choice.subject)) state.choice.subject = "";
      }
      renderMonitors();
    }
    // Windows are looked at again when one has closed, and now and then because labels come late.
    const ends = JSON.stringify((current() || {}).windows || []);
    if (ends !== newestEnds || turns % 15 === 0) {
      newestEnds = ends;
      renderExplore();
      await loadExplore();
    }
    // The ages in words move on even where nothing else does.
    if (turns % 15 === 14) {
      renderMonitors();
      renderIncidents();
    }
    for (const id of state.opened) await loadIncident(id);
    turns += 1;
  } catch (error) {
    fail(error);
  }
  setTimeout(turn, EVERY);
}

byId("token").addEventListener("submit", (event) => {
  event.preventDefault();
  const field = /** @type {HTMLInputElement} */ (byId("token-field"));
  keepToken(field.value.trim());
  field.value = "";
});

onChoice((scroll) => {
  renderMonitors();
  renderExplore();
  loadExplore();
  if (scroll) byId("explore").scrollIntoView({ block: "start" });
});
readAddress();
turn();
