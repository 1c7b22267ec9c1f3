// The header: whether anything is wrong, and what.

import { quietText } from "./checks.js";
import { byId, h, show } from "./elements.js";
import { state } from "./state.js";
import { tier, tierOf, worst } from "./tiers.js";

export function renderOverall() {
  const open = (state.incidents || []).filter((incident) => incident.state !== "resolved");
  const top = worst(open.map((incident) => incident.tier));
  const ready = !state.ready || state.ready.ready;
  const incidents = open.length + (open.length === 1 ? " incident is open" : " incidents are open");
  const [text, name] = state.failure
    ? [state.failure, "critical"]
    : !ready
    ? ["Not ready" + (open.length > 0 ? ", " + incidents : ""), "critical"]
    : open.length > 0
    ? [incidents, top]
    : state.incidents && state.monitors
    ? quietText(state.monitors)
    : ["Loading…", null];
  const pill = tier(name, text + (open.length > 0 && !state.failure ? ", worst " + tierOf(top)[1] : ""));
  if (byId("overall").textContent !== pill.textContent) show(byId("overall"), pill);
  document.title = (open.length > 0 || !ready || state.failure ? tierOf(name)[0] + " " + text + " – " : "") + "Leeway";
  byId("readiness").hidden = ready;
  if (!ready) {
    show(
      byId("conditions"),
      state.ready.conditions.filter((one) => !one.holds).map((one) =>
        h("li", null, h("strong", null, one.name), ": ", one.detail || "does not hold")
      ),
    );
  }
}
