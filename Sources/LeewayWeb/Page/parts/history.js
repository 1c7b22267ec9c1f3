// What happened to an incident, who was told, and its retrains.

import { h, table } from "./elements.js";
import { tier } from "./tiers.js";
import { count, isNumber, number, some, time } from "./words.js";

export function historyOf(detail) {
  if (!detail) return null;
  return [
    h("h4", null, "What happened"),
    h(
      "ol",
      { class: "timeline" },
      detail.transitions.map((line) =>
        h(
          "li",
          null,
          time(line.at) + " ",
          h("strong", null, String(line.transition).replaceAll("_", " ")),
          " ",
          tier(line.tier),
          " ",
          (line.checks || []).join(", "),
          line.transition === "spread"
            ? " on " + some(line.subjects) + " in " +
              some(line.slices)
            : "",
          line.held ? ": " + line.held : "",
          line.by ? " by " + line.by : "",
          line.because ? ": " + line.because : "",
          line.note ? ": " + line.note : "",
        )
      ),
    ),
    detail.transitions.length === 0 && h("p", { class: "empty" }, "No transition is stored."),
    detail.deliveries.length === 0
      ? h("p", { class: "empty" }, "The monitor's alerts name no receiver for it.")
      : table(
        "Who was told",
        [["receiver"], ["state"], ["attempts", "number"], ["created"], ["next attempt"], ["last error", "name"]],
        detail.deliveries.map((
          item,
        ) => [
          item.receiver,
          deliveryState(item.state),
          count(item.attempts),
          time(item.created_at),
          item.next_attempt_at ? time(item.next_attempt_at) : "–",
          item.last_error || "–",
        ]),
      ),
    detail.retrains.length > 0 && h("h4", null, "Retrains"),
    detail.retrains.map((item) =>
      h(
        "p",
        null,
        h("strong", null, item.retrain),
        " ",
        tier(
          {
            succeeded: "ok",
            approved: "ok",
            failed: "critical",
            expired: "critical",
            rejected: "warning",
            candidate: "warning",
          }[item.state] ||
            "info",
          item.state,
        ),
        " requested " + time(item.requested_wall) + ", deadline " + time(item.deadline),
        item.answer && item.answer.model_version ? ", version " + item.answer.model_version : "",
        item.answer && item.answer.reason ? ": " + item.answer.reason : "",
        scorecard(item.answer),
        decisions(item.decisions),
      )
    ),
  ];
}
const deliveryState = (name) =>
  name === "delivered" || name === "standing"
    ? tier("ok", "delivered")
    : name === "dead"
    ? tier("critical", "given up")
    : tier("info", "owed");
function scorecard(answer) {
  const lines = answer && Array.isArray(answer.scorecard) ? answer.scorecard : [];
  return lines.map((line) => [
    " ",
    tier(
      line.passes ? "ok" : "critical",
      line.metric + " " + number(line.value) +
        (isNumber(line.at_least) ? " (at least " + number(line.at_least) + ")" : "") +
        (isNumber(line.at_most) ? " (at most " + number(line.at_most) + ")" : "") +
        (isNumber(line.champion) ? " (champion " + number(line.champion) + ")" : ""),
    ),
  ]);
}

function decisions(list) {
  return (list || []).map((it) =>
    " " + it.by + (it.approves ? " approved " : " rejected ") + time(it.at) + (it.reason ? ": " + it.reason : "") + "."
  );
}
