// The header: whether anything is wrong, and what.

import { quietText } from "./checks.js";
import { byId, h, show } from "./elements.js";
import { openIncidents, state } from "./state.js";
import { tier, tierOf, worst } from "./tiers.js";

// title: of the page that is shown, behind what is wrong.
let page = "";
export function titlePage(title) {
  page = title;
  renderOverall();
}

export function renderOverall() {
  const open = openIncidents();
  const top = worst((state.fleet || []).flatMap((row) => row.incidents.map((incident) => incident.tier)));
  const ready = !state.ready || state.ready.ready;
  const incidents = open + (open === 1 ? " incident is open" : " incidents are open");
  const [text, name] = state.failure
    ? [state.failure, "critical"]
    : !ready
    ? ["Not ready" + (open > 0 ? ", " + incidents : ""), "critical"]
    : open > 0
    ? [incidents, top]
    : state.fleet
    ? quietText(state.fleet)
    : ["Loading…", null];
  const pill = tier(name, text + (open > 0 && !state.failure ? ", worst " + tierOf(top)[1] : ""));
  if (byId("overall").textContent !== pill.textContent) show(byId("overall"), pill);
  document.title = (open > 0 || !ready || state.failure ? tierOf(name)[0] + " " + text + " – " : "") +
    (page ? page + " – " : "") + "Leeway";
  byId("readiness").hidden = ready;
  if (!ready) {
    show(
      byId("conditions"),
      state.ready.conditions.filter((one) => !one.holds).map((one) =>
        h("li", null, h("strong", null, one.name), ": ", one.detail || "does not hold")
      ),
    );
  }
  counts(open);
}

// What waits, beside the pages where it is.
function counts(open) {
  const waiting = (state.fleet || []).reduce((sum, row) => sum + row.approvals.length, 0);
  for (const [name, count, what] of [["incidents", open, "open"], ["decisions", waiting, "waiting"]]) {
    const link = document.querySelector(`nav [data-page=${name}]`);
    const badge = link.querySelector(".badge");
    const said = count > 0 ? count + " " + what : "";
    if ((badge ? badge.textContent : "") === said) continue;
    if (badge) badge.remove();
    if (said) link.append(" ", h("span", { class: "badge" }, count, h("span", { class: "unseen" }, " " + what)));
  }
}
