// A retrain: its scorecard beside the champion, and what people have said of it.

import { h, table, when } from "./elements.js";
import { RETRAIN_TIERS } from "./evidence.js";
import { tier } from "./tiers.js";
import { isNumber, number } from "./words.js";

export const retrainState = (name) => tier(RETRAIN_TIERS[name] || "info", name === "candidate" ? "waits" : name);

/** The lines of its scorecard, else the metrics that the trainer reported. */
export function scorecard(retrain) {
  const answer = retrain.answer || {};
  const lines = Array.isArray(answer.scorecard) ? answer.scorecard : [];
  // Only where anything is known of the model in force.
  const hasChampion = lines.some((line) => isNumber(line.champion)) || Object.keys(answer.champion || {}).length > 0;
  const known = (list) => list.filter((one) => one !== false);
  if (lines.length > 0) {
    return table(
      "Scorecard of " + (answer.model_version || "the new model"),
      known([["metric", "name"], ["new model", "number"], hasChampion && ["in force", "number"], ["needed", "name"], [
        "passes",
      ]]),
      lines.map((line) =>
        known([
          line.metric.replaceAll("_", " "),
          isNumber(line.value) ? number(line.value) : "not reported",
          hasChampion && championOf(answer, line),
          needed(line),
          tier(line.passes ? "ok" : "critical", line.passes ? "yes" : "no"),
        ])
      ),
    );
  }
  const metrics = Object.entries(answer.metrics || {});
  if (metrics.length === 0) return null;
  return table(
    "What the trainer reported of " + (answer.model_version || "the new model"),
    known([["metric", "name"], ["new model", "number"], hasChampion && ["in force", "number"]]),
    metrics.map(([name, value]) =>
      known([
        name.replaceAll("_", " "),
        number(value),
        hasChampion && championOf(answer, { metric: name }),
      ])
    ),
  );
}
function championOf(answer, line) {
  const known = isNumber(line.champion) ? line.champion : (answer.champion || {})[line.metric];
  return isNumber(known) ? number(known) : "not known";
}
const needed = (line) =>
  [["at_least", "at least "], ["at_most", "at most "]].filter(([name]) => name in line).map(([name, words]) =>
    words + (isNumber(line[name]) ? number(line[name]) : "not known") +
    (line[name + "_is"] ? " (" + line[name + "_is"] + ")" : "")
  ).join(", ");

/** Who approved or rejected it, and why. */
export const decisionsOf = (retrain) =>
  (retrain.decisions || []).map((it) =>
    h(
      "p",
      { class: "decision" },
      h("strong", null, it.by),
      it.approves ? " approved " : " rejected ",
      when(it.at),
      it.reason ? ": " + it.reason : "",
      ".",
    )
  );
