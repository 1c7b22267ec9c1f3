// What happened to an incident, who was told, and its retrains.

import { h, table, when } from "./elements.js";
import { decisionsOf, retrainState, scorecard } from "./scorecard.js";
import { tier } from "./tiers.js";
import { count, some } from "./words.js";

/** Transitions, each at the end of the window that made it. */
export const transitionsOf = (detail) => [
  h("h2", null, "What happened"),
  h("p", { class: "quiet" }, "Each at the end of the window that made it."),
  detail.transitions.length === 0 && h("p", { class: "empty" }, "No transition is stored."),
  h(
    "ol",
    { class: "timeline" },
    detail.transitions.map((line) =>
      h(
        "li",
        null,
        when(line.at, "clock"),
        " ",
        h("strong", null, String(line.transition).replaceAll("_", " ")),
        " ",
        tier(line.tier),
        " ",
        (line.checks || []).join(", "),
        line.transition === "spread" ? " on " + some(line.subjects) + " in " + some(line.slices) : "",
        line.held ? ": " + line.held : "",
        line.by ? " by " + line.by : "",
        line.because ? ": " + line.because : "",
        line.note ? ": " + line.note : "",
        line.advice ? h("span", { class: "why" }, line.advice) : "",
      )
    ),
  ),
];

/** Messages, by receiver. */
export const toldOf = (detail) => [
  h("h2", null, "Who was told"),
  detail.deliveries.length === 0 ? h("p", { class: "empty" }, "The monitor's alerts name no receiver for it.") : table(
    "Messages, the newest first",
    [["to", "name"], ["state", "name"], ["at"]],
    detail.deliveries.map((item) => [
      [
        item.receiver,
        h("span", { class: "why" }, String(item.message || "").replace(/^\d+-/, "").replaceAll("_", " ")),
      ],
      [deliveryState(item.state), troubleOf(item)],
      when(item.first_attempt_at || item.created_at, "clock"),
    ]),
  ),
];
function troubleOf(item) {
  const said = [item.attempts > 1 ? count(item.attempts) + " attempts" : "", item.last_error || ""];
  return said.some((one) => one) ? h("span", { class: "why" }, said.filter((one) => one).join(": ")) : null;
}
export const deliveryState = (name) =>
  name === "delivered" || name === "standing"
    ? tier("ok", "delivered")
    : name === "dead"
    ? tier("critical", "given up")
    : tier("info", "owed");

/** Retrains that it has asked for. */
export const retrainsOf = (detail) =>
  detail.retrains.length > 0 && [
    h("h2", null, "Retrains"),
    detail.retrains.map((item) =>
      h(
        "div",
        { class: "retrain" },
        h(
          "p",
          null,
          retrainState(item.state),
          " ",
          h("strong", null, item.retrain),
          ", asked for ",
          when(item.requested_wall, "clock"),
          ", deadline ",
          when(item.deadline, "clock"),
          item.answer && item.answer.model_version ? ", version " + item.answer.model_version : "",
          item.answer && item.answer.reason ? ": " + item.answer.reason : "",
          ".",
        ),
        scorecard(item),
        decisionsOf(item),
      )
    ),
  ];
