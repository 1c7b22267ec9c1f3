// What waits for a decision, and what became of retrains.

import { actsOn } from "../parts/acts.js";
import { here, hrefOf } from "../parts/address.js";
import { ask, query } from "../parts/api.js";
import { byId, h, show, table, when } from "../parts/elements.js";
import { decisionsOf, retrainState, scorecard } from "../parts/scorecard.js";
import { state, update } from "../parts/state.js";
import { now, span } from "../parts/words.js";

const MOST = 100;

export const decisions = {
  title: () => "Decisions",
  frame: () => {
    state.acting = null;
    return [
      h("h1", { tabindex: -1 }, "Decisions"),
      h("p", { id: "decisions-said", class: "lead" }),
      h("div", { id: "waiting", class: "cards" }),
      h("div", { id: "retrains" }),
    ];
  },
  render,
  refresh: () => {},
  load,
};

async function load() {
  const { stamp } = here;
  const { retrains } = await ask("/api/v1/retrains" + query({ limit: MOST }));
  if (stamp === here.stamp && update("retrains", retrains)) render();
}

function render() {
  const all = state.retrains;
  if (!all) {
    byId("decisions-said").textContent = "Loading…";
    return;
  }
  const waiting = all.filter((one) => one.state === "candidate").sort((a, b) => a.deadline < b.deadline ? -1 : 1);
  byId("decisions-said").textContent = waiting.length === 0
    ? "No model waits for approval."
    : waiting.length + (waiting.length === 1 ? " model waits" : " models wait") + " for approval.";
  show(byId("waiting"), waiting.map(card));
  show(
    byId("retrains"),
    h("h2", null, "Retrains"),
    all.length === 0 ? h("p", { class: "empty" }, "None has been asked for.") : table(
      all.length === MOST ? "The newest " + MOST : "All that are kept, the newest first",
      [
        ["state"],
        ["retrain", "name"],
        ["monitor", "name"],
        ["incident", "name"],
        ["asked for"],
        ["deadline"],
        ["took"],
        ["version", "name"],
        ["what was said", "name"],
      ],
      all.map((one) => [
        retrainState(one.state),
        one.retrain,
        h("a", { href: hrefOf("monitor", one.monitor) }, one.monitor),
        h("a", { href: hrefOf("incident", one.incident) }, one.incident),
        when(one.requested_wall, "clock"),
        when(one.deadline, "clock"),
        one.completed_wall
          ? span(Date.parse(one.completed_wall) - Date.parse(one.requested_wall))
          : one.overdue_wall
          ? "overdue"
          : "not over",
        (one.answer || {}).model_version || "none yet",
        [(one.answer || {}).reason || "", decisionsOf(one)],
      ]),
    ),
  );
}

// A candidate, beside the model in force.
function card(retrain) {
  const left = Date.parse(retrain.deadline) - now();
  return h(
    "article",
    { class: "card" },
    h(
      "div",
      { class: "row" },
      h("h2", null, (retrain.answer || {}).model_version || retrain.retrain),
      retrainState(retrain.state),
    ),
    h(
      "p",
      null,
      "For ",
      h("a", { href: hrefOf("monitor", retrain.monitor) }, retrain.monitor),
      ", because of ",
      h("a", { href: hrefOf("incident", retrain.incident) }, retrain.incident),
      ". ",
      left > 0 ? "Decide within " + span(left) + ", until " : "The deadline has passed: ",
      when(retrain.deadline),
      ".",
    ),
    scorecard(retrain) || h("p", { class: "empty" }, "The trainer reported no metrics."),
    decisionsOf(retrain),
    actsOn(
      { incident: retrain.incident, state: "open", retrain: { state: "candidate", retrain: retrain.retrain } },
      render,
      load,
      ["approve", "reject"],
    ),
  );
}
