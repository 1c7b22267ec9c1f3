// What checks say, and why some do not.

import { h } from "./elements.js";
import { tier, tierOf, worst } from "./tiers.js";
import { clock, count, day, number, share, short } from "./words.js";

// A check that has judged its newest windows, whatever it said, and one that has judged any, of whatever stage.
export const isJudged = (check) => check.tier !== null && check.tier !== "insufficient_data";
export const wasJudged = (check) => check.stages.some((judged) => judged.tier !== "insufficient_data");

// The newest window of all rows that waits for its labels: what its labels say so far, and the tier whose limit that is beyond.
// Limits that are a change from production's first days are not known here. Nothing where no window waits.
export function waiting(check, monitor) {
  if (check.on !== "performance" || check.tier === null || !check.judged_to) return null;
  const line = (monitor.windows.find((window) => window.window === check.window) || {}).performance;
  if (!line || !(Date.parse(line.end) > Date.parse(check.judged_to))) return null;
  const value = (line.metrics || {})[check.name];
  if (typeof value !== "number") return { end: line.end, value: null, beyond: null };
  const isBeyond = ({ side, threshold }) =>
    typeof threshold === "number" &&
    (side === "above" || side === "max_rise"
      ? value >= threshold
      : side === "below" || side === "max_drop"
      ? value <= threshold
      : Math.abs(value) >= threshold);
  return {
    end: line.end,
    value,
    coverage: line.coverage,
    beyond: worst(check.limits.filter(isBeyond).map((limit) => limit.tier)),
  };
}

function waitingText(check, monitor) {
  const found = waiting(check, monitor);
  if (!found || found.value === null) return null;
  return h(
    "div",
    null,
    found.beyond && tier("insufficient_data", "not judged yet, beyond " + tierOf(found.beyond)[1]),
    h(
      "span",
      { class: "why" },
      number(found.value) + " up to " + clock(found.end) + " by the labels so far" +
        (typeof found.coverage === "number" ? " (" + share(found.coverage) + ")" : ""),
    ),
  );
}

// What a check says now, a line for each stage: where early and final values differ, both can be seen.
export function standing(check, monitor) {
  const said = stages(check);
  return [said, waitingText(check, monitor)];
}
function stages(check) {
  if (check.stages.length === 0) {
    return [
      tier(null),
      h(
        "span",
        { class: "why" },
        check.why ? whyText(check.why, check.why_numbers) : "no window of " + check.window + " is closed yet",
      ),
    ];
  }
  const one = (judged) =>
    h(
      "div",
      null,
      tier(judged.tier),
      h(
        "span",
        { class: "why" },
        (check.stages.length > 1 ? judged.stage + ", " : "") + "judged up to " + clock(judged.judged_to) +
          (judged.unjudged === 0
            ? ""
            : judged.unjudged === judged.verdicts
            ? ": " + whyOf(judged)
            : "; " + judged.unjudged + " of " + judged.verdicts + " not judged (" + whyOf(judged) + ")"),
      ),
    );
  if (check.stages.length === 1) return one(check.stages[0]);
  const [word, rule] = !isJudged(check) && wasJudged(check)
    ? ["Newest windows not judged ", "ok is of older ones"]
    : [tierOf(check.tier)[1] + " ", "the worse of"];
  return [h("div", null, h("strong", null, word), h("span", { class: "quiet" }, rule)), check.stages.map(one)];
}
const whyOf = (judged) =>
  (judged.verdicts > 1
    ? [judged.subject, judged.slice === "all" ? "" : judged.slice]
      .filter((part) => part).map((part) => short(part, 30)).join(", ") + ": "
    : "") + whyText(judged.why, judged.why_numbers);

// Why there is no verdict, as a sentence says it.
export function whyText(why, numbers) {
  const n = numbers || {};
  const given = (name, write) => n[name] === undefined || n[name] === null ? "" : write(n[name]);
  const counted = Object.keys(n).find((name) => name !== "needed" && name !== "due");
  const of_ = counted === undefined
    ? ""
    : " " + number(n[counted]) + given("needed", (value) => " of " + number(value));
  const words = {
    rows: () => (counted || "rows").replaceAll("_", " ") + of_,
    labels_due: () => "labels due" + given("due", (value) => " on " + day(value)),
    coverage: () =>
      "labels for " + given("coverage", share) + " of predictions" +
      given("needed", (value) => ", " + share(value) + " needed"),
    biased_labels: () => "the labels so far are no fair sample" + given("ks", (value) => " (ks " + number(value) + ")"),
    generation: () =>
      n.start === undefined
        ? "not all rows of the window had been read when the next baseline began"
        : "the window began on " + day(n.start) + " before the baseline's generation" +
          given("begins", (value) => " (" + day(value) + ")"),
    reference: () =>
      n.days !== undefined
        ? "the first days of production are not over:" + of_ + " days"
        : n.ks !== undefined
        ? "the labels of the reference's days are no fair sample (ks " + number(n.ks) + ")"
        : n.coverage !== undefined
        ? "labels for " + share(n.coverage) + " of predictions in the reference's days" +
          given("needed", (value) => ", " + share(value) + " needed")
        : n.windows !== undefined
        ? "what is usual is not known yet: windows" + of_
        : counted === "slices"
        ? "as many slices as there is room for have a reference" + of_
        : counted
        ? "the reference has too few " + counted.replaceAll("_", " ") + ":" + of_
        : "the reference is not full yet" + given("needed", (value) => " (" + number(value) + " needed)"),
    noise: () =>
      "limit" + given("limit", (value) => " " + number(value)) + " is below twice the noise" +
      given("noise", (value) => " (noise " + number(value) + ")"),
    no_baseline: () =>
      "the baseline has nothing to compare this with: no values, no labels, or under 1,000 rows of the slice",
    outlying: () =>
      "too many values far outside the baseline" + given("outlying", (value) => " (" + count(value) + ")"),
    learning: () => "still learning what is usual",
    undefined: () => "the metric is not defined for these rows",
  };
  return why in words ? words[why]() : why ? String(why).replaceAll("_", " ") : "no reason given";
}

// What the header says where no incident is open. Quiet is only what was judged.
export function quietText(monitors) {
  const checks = monitors.flatMap((monitor) => monitor.checks);
  if (checks.length === 0) return ["No checks: nothing is judged", "insufficient_data"];
  const open = checks.filter((check) => !isJudged(check));
  const bad = worst(checks.map((check) => check.tier));
  if (tierOf(bad)[3] > 1) {
    const firing = checks.filter((check) => check.tier === bad).length;
    return [firing + (firing === 1 ? " check says " : " checks say ") + tierOf(bad)[1] + ", no incident is open", bad];
  }
  if (open.length === 0) return quietUpTo(monitors);
  const due =
    open.filter((check) => check.why === "labels_due" && check.why_numbers).map((check) => check.why_numbers.due)
      .sort()[0];
  const silent = open.filter((check) => check.tier === null && check.why !== "labels_due").length;
  const first = open.find((check) => check.why && check.why !== "labels_due");
  const reasons = [
    due && "labels due on " + day(due),
    silent > 0 && silent + " without a verdict yet",
    first && whyText(first.why, first.why_numbers),
  ].filter((one) => one);
  const said = open.length + " of " + checks.length + " checks " + (open.length === 1 ? "has" : "have") +
    " insufficient data" +
    (reasons.length > 0 ? " (" + reasons.join("; ") + ")" : "");
  return !checks.some(wasJudged)
    ? ["Nothing judged yet: " + said, "insufficient_data"]
    : ["No alarm, but not all is judged: " + said, "insufficient_data"];
}

// Every check says ok. Performance is judged when its labels are due, so newer windows may hold anything.
function quietUpTo(monitors) {
  const found = monitors.flatMap((monitor) =>
    monitor.checks.map((check) => ({ check, newer: waiting(check, monitor) })).filter((one) => one.newer)
  );
  const bad = found.filter((one) => one.newer.beyond);
  if (bad.length > 0) {
    return [
      "No alarm yet, but newer values of " + bad.slice(0, 3).map((one) => one.check.name).join(", ") +
      " are beyond a limit; they are judged when their labels are due",
      "insufficient_data",
    ];
  }
  if (found.length === 0) return ["All quiet", "ok"];
  const first = found.map((one) => one.check.judged_to).sort()[0];
  return ["All quiet, performance as far as labels are due (" + clock(first) + ")", "ok"];
}
