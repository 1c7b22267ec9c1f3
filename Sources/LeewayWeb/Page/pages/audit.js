// Who asked for which change.

import { here, hrefOf, setQuery } from "../parts/address.js";
import { ask, query } from "../parts/api.js";
import { byId, h, show, showFor, table, when } from "../parts/elements.js";
import { state, update } from "../parts/state.js";
import { tier } from "../parts/tiers.js";

const MOST = 100;
const FILTERS = [["name", "Who"], ["monitor", "Monitor"], ["incident", "Incident"]];

export const audit = {
  title: () => "Audit",
  frame: () => [
    h("h1", { tabindex: -1 }, "Audit"),
    h("p", { class: "lead" }, "Changes that were asked for with a token, accepted or refused; the newest first."),
    h("div", { id: "audit-choices", class: "choices" }),
    h("div", { id: "audit" }),
  ],
  render,
  refresh: () => {},
  load,
};

async function load() {
  const { stamp, query: { name, monitor, incident, before } } = here;
  const asked = JSON.stringify(here.query);
  const answer = await ask("/api/v1/audit" + query({ name, monitor, incident, before, limit: MOST }), 400);
  if (stamp === here.stamp && asked === JSON.stringify(here.query) && update("audit", answer)) render();
}

const OUTCOMES = { accepted: "ok", succeeded: "ok", refused: "warning" };

function render() {
  showFor(byId("audit-choices"), JSON.stringify(here.query), () =>
    FILTERS.map(([name, words]) =>
      h(
        "label",
        null,
        words,
        h("input", {
          type: "search",
          "data-key": name,
          value: here.query[name] || "",
          placeholder: "any",
          onchange: (event) => setQuery({ [name]: event.target.value.trim(), before: "" }),
        }),
      )
    ));
  const answer = state.audit;
  if (!answer) {
    show(byId("audit"), h("p", { class: "empty" }, "Loading…"));
    return;
  }
  if (!answer.audit) {
    show(byId("audit"), h("p", { class: "trouble" }, answer.detail + " " + (answer.fix || "")));
    return;
  }
  show(
    byId("audit"),
    answer.audit.length === 0 ? h("p", { class: "empty" }, "No line fits.") : table(
      "Lines",
      [
        ["number", "number"],
        ["at"],
        ["who", "name"],
        ["action", "name"],
        ["outcome"],
        ["monitor", "name"],
        ["incident", "name"],
        ["detail", "name"],
        ["from", "name"],
      ],
      answer.audit.map((line) => [
        String(line.number),
        when(line.at),
        line.name,
        line.action.replaceAll("_", " "),
        tier(OUTCOMES[line.outcome] || "info", line.outcome),
        line.monitor ? h("a", { href: hrefOf("monitor", line.monitor) }, line.monitor) : "",
        line.incident ? h("a", { href: hrefOf("incident", line.incident) }, line.incident) : "",
        detailText(line.detail),
        line.origin || "",
      ]),
    ),
    h(
      "p",
      { class: "row" },
      here.query.before && h("button", { type: "button", onclick: () => setQuery({ before: "" }) }, "The newest"),
      answer.next && h("button", {
        type: "button",
        "data-key": "older",
        onclick: () => setQuery({ before: answer.next }, { isStep: true }),
      }, "Older"),
    ),
  );
}

const detailText = (detail) =>
  Object.entries(detail || {}).filter(([, value]) => value !== null && value !== "").map(([name, value]) =>
    name.replaceAll("_", " ") + ": " + (typeof value === "object" ? JSON.stringify(value) : value)
  ).join("; ");
