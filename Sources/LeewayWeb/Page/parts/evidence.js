// What an incident says, in words that every page shares.

import { tierOf } from "./tiers.js";
import { count, isNumber, metricWords, number, plain, share, short } from "./words.js";

export const STATES = {
  open: "open",
  acknowledged: "acknowledged",
  retraining: "retraining",
  verifying: "verifying",
  resolved: "resolved",
};
export const GROUPS = {
  data: "data quality",
  drift: "drift",
  concept: "concept drift",
  "performance/early": "performance, early",
  "performance/final": "performance",
};

// What is open and worst first.
export const byTrouble = (a, b) => {
  const rank = (incident) => (incident.state === "resolved" ? 0 : 10) + tierOf(incident.tier)[3];
  return rank(b) - rank(a) || (a.opened_at < b.opened_at ? 1 : -1);
};

// What verdicts have for a subject that are about no distribution.
const WHOLES = ["", "performance", "errors", "fairness", "traffic", "comparison"];
export const isWhole = (subject) => WHOLES.includes(subject || "");

// By its name what a metric counts; where a monitor is known, the API says it.
const SHARES = /_ratio$|^(estimated_)?(accuracy|precision|recall|positive_rate)$|^[em]ce$|_difference$/;
export const valueOf = (metric, value) =>
  SHARES.test(metric || "") ? share(value) : metric === "rows" ? count(value) : number(value);
export const nameOf = (item) =>
  metricWords(item.metric || item.check) +
  (isWhole(item.subject) ? "" : " of " + short(plain(item.subject), 40));
const placeOf = (item) => item.slice && item.slice !== "all" ? " in " + short(plain(item.slice), 40) : "";

// What an incident is about: what fires now or, once it is over, the worst that had fired in it. The worst first.
export const findings = (incident) =>
  ranked(incident.state === "resolved" && (incident.worst || []).length > 0 ? incident.worst : incident.evidence);

// "psi of amount is 0.347, above its limit of 0.3": what one check found; `over`: that it found once.
export function evidenceText(item, over) {
  if (!item) return "";
  const is = over ? " was " : " is ";
  if (isNumber(item.was) && isNumber(item.now)) {
    return short(plain(item.subject), 40) + placeOf(item) + " went from " + number(item.was) + " to " +
      number(item.now) + likeness(item.looks_like);
  }
  const value = valueOf(item.metric, item.value);
  if (!isNumber(item.value)) return nameOf(item) + placeOf(item) + is + "beyond its limit";
  if (!isNumber(item.threshold)) return nameOf(item) + placeOf(item) + is + value;
  const side = item.value >= item.threshold ? "above" : "below";
  return nameOf(item) + placeOf(item) + is + value + ", " + side + " its limit of " +
    valueOf(item.metric, item.threshold);
}

const quoted = (text) => "\u201c" + short(plain(text), 40) + "\u201d";

// A fault of the feed that a shift looks like, as a question to whoever knows the feed.
export function likeness(it) {
  if (!it) return "";
  switch (it.kind) {
    case "unit": {
      if (it.factor === -1) return "; the sign turned?";
      const scale = it.factor >= 1 ? "\u00d7 " + number(it.factor) : "\u00f7 " + number(1 / it.factor);
      const shift = it.offset ? (it.offset < 0 ? " \u2212 " : " + ") + number(Math.abs(it.offset)) : "";
      return "; values " + (it.factor === 1 ? "" : scale) + shift + ": unit changed?";
    }
    case "default":
      return "; " + quoted(it.value) + " was " + share(it.was) + " of values and is " + share(it.now) + ": a default?";
    case "lost":
      return "; feed lost?";
    case "renamed": {
      const from = (it.from || []).map(quoted)[0];
      const more = it.categories > 1 ? " and " + (it.categories - 1) + " more" : "";
      return "; " + from + more + " gone, " + (it.to === null ? "values the baseline never had" : quoted(it.to)) +
        " as frequent: renamed?";
    }
  }
  return "";
}

// The worst first: by tier, then by how far the limit is passed.
export function ranked(evidence) {
  const far = (item) => {
    if (!isNumber(item.value) || !isNumber(item.threshold) || item.threshold === 0) return 0;
    const ratio = item.value / item.threshold;
    return ratio > 0 ? Math.abs(Math.log(ratio)) : Infinity;
  };
  return (Array.isArray(evidence) ? [...evidence] : []).sort((a, b) =>
    tierOf(b.tier)[3] - tierOf(a.tier)[3] || far(b) - far(a) || 0
  );
}

/** Who has it in hand. */
export function handOf(incident) {
  const it = incident.people;
  if (!it) return "";
  if (incident.state === "resolved") {
    return it.resolved_by ? " by " + it.resolved_by : it.accepted_by ? ", accepted as normal by " + it.accepted_by : "";
  }
  if (it.accepted_by) return ", accepted as normal by " + it.accepted_by;
  if (it.assigned_to) return ", assigned to " + it.assigned_to;
  return it.acknowledged_by ? " by " + it.acknowledged_by : "";
}

// What has been done about a retrain so far, in a word or two.
export const RETRAIN_TIERS = {
  succeeded: "ok",
  approved: "ok",
  failed: "critical",
  expired: "critical",
  rejected: "warning",
  candidate: "warning",
};
