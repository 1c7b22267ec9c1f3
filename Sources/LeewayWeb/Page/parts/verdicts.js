// A verdict is given once; what its window says now may differ, since labels still come.

import { table } from "./elements.js";
import { inWords, stageOf } from "./lines.js";
import { whyText } from "./checks.js";
import { metricNamed, state } from "./state.js";
import { tier } from "./tiers.js";
import { clock, count, isNumber, worstOf } from "./words.js";

export function verdictTable() {
  const judged = state.judged || [];
  if (judged.length === 0) return null;
  const metric = metricNamed(state.choice.metric);
  const place = (line) => line.end + " " + stageOf(line);
  const now = new Map((state.series || []).map((point) => [place(point.line), point]));
  const staged = judged.some((line) => stageOf(line) === "early");
  return table(
    "Verdicts on " + state.choice.metric + ", the newest first: as judged, and as it is now",
    [
      ["to"],
      staged && ["stage"],
      ["check"],
      ["subject", "name"],
      ["tier"],
      ["why", "name"],
      ["against"],
      ["judged", "number"],
      ["now", "number"],
      ["revisions", "number"],
      ["limit", "number"],
      ["worst slice", "name"],
    ].filter((one) => one),
    judged.map((line) => {
      const point = now.get(place(line));
      // A distance from the first days of production stands beside the one from the baseline.
      const beside = point && line.reference && point.line.references ? point.line.references[line.reference] : null;
      const shown = point && (beside && metric.name in beside ? beside[metric.name] : point.value);
      const moved = point && isNumber(line.value) && isNumber(shown) && shown !== line.value;
      return [
        clock(line.end),
        staged && stageOf(line),
        line.check,
        line.subject,
        tier(line.tier),
        line.tier === "insufficient_data" ? whyText(line.why, line.why_numbers) : "",
        line.reference || (line.against === "slice" ? "slice" : line.against ? "whole baseline" : "no baseline"),
        inWords(metric, line.value),
        point ? inWords(metric, shown) + (moved ? " (revised)" : "") : "no line now",
        point ? count(point.line.revision) : "no line now",
        inWords(metric, line.threshold),
        line.worst_slice === null
          ? "none"
          : worstOf(line.worst_slice && line.worst_slice.slice, line.worst_slice && line.worst_slice.value),
      ]
        .filter((one) => one !== false);
    }),
  );
}
