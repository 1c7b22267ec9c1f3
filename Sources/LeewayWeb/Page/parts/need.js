// Why a monitor needs a person, and how much.

import { isJudged, waiting, wasJudged, whyText } from "./checks.js";
import { evidenceText, handOf, STATES } from "./evidence.js";
import { tierOf, worst } from "./tiers.js";
import { age, clock, day, metricWords } from "./words.js";

// {tier, word, text, rank, needs}: where it stands, in a sentence. The higher the rank, the sooner a person is needed.
export function needOf(row) {
  const top = row.incidents[0];
  const approvals = row.approvals.length > 0
    ? " A new model waits for approval until " + clock(row.approvals[0].deadline) + "."
    : "";
  if (top) {
    const free = row.incidents.find((incident) => incident.state === "open");
    const shown = free && free.tier === top.tier ? free : top;
    const more = row.open_incidents - 1;
    return {
      tier: shown.tier,
      needs: true,
      rank: 100 + tierOf(top.tier)[3] * 10 + (free ? 5 : 0) + (approvals ? 1 : 0),
      incident: shown,
      text: (evidenceText(shown.evidence) || shown.subjects.join(", ")) + ". " +
        sentence(
          (STATES[shown.state] || shown.state) + handOf(shown) + ", since " + clock(shown.opened_at) + " (" +
            age(shown.opened_at) + ")" + (more > 0 ? ", and " + more + " more" : ""),
        ) + approvals,
    };
  }
  const tiers = row.checks.map((check) => check.tier).filter((one) => one);
  const bad = worst(tiers);
  if (approvals) return { tier: bad, needs: true, rank: 90, text: approvals.trim() };
  if (row.checks.length === 0) {
    return { tier: null, word: "no checks", rank: 0, text: "Nothing is judged: the monitor has no checks." };
  }
  if (tierOf(bad)[3] > 1) {
    const firing = row.checks.filter((check) => check.tier === bad).map((check) => check.check);
    return {
      tier: bad,
      needs: tierOf(bad)[3] > 2,
      rank: 50 + tierOf(bad)[3],
      text: firing.slice(0, 3).join(", ") + (firing.length > 3 ? " and " + (firing.length - 3) + " more" : "") +
        (firing.length === 1 ? " says " : " say ") + tierOf(bad)[1] + "; no incident is open.",
    };
  }
  return quiet(row, bad);
}

function quiet(row, bad) {
  const ahead = row.checks.map((check) => ({ check, newer: waiting(check, row) })).find(({ newer }) =>
    newer && newer.beyond
  );
  if (ahead) {
    return {
      tier: "insufficient_data",
      word: "not judged yet",
      rank: 40,
      text: metricWords(ahead.check.name) +
        " by the labels so far is beyond a limit; it is judged when they are due.",
    };
  }
  const open = row.checks.filter((check) => !isJudged(check));
  if (open.length > 0) {
    const due = open.find((check) => check.why === "labels_due" && check.why_numbers);
    const first = open.find((check) => check.why && check.why !== "labels_due") || open.find((check) => check.why);
    const why = first && first.why !== "labels_due"
      ? whyText(first.why, first.why_numbers)
      : due
      ? "labels due on " + day(due.why_numbers.due)
      : "no window is closed yet";
    const none = !row.checks.some(wasJudged);
    return {
      tier: none || open.length === row.checks.length ? "insufficient_data" : bad,
      word: none ? "nothing judged yet" : null,
      rank: none ? 20 : 10,
      text: open.length + " of " + row.checks.length + " checks not judged: " + why + ".",
    };
  }
  const first = row.checks.map((check) => check.judged_to).sort()[0];
  return { tier: "ok", rank: 1, text: "All checks are ok up to " + clock(first) + "." };
}

// With a capital and a full stop.
const sentence = (text) => text ? text[0].toUpperCase() + text.slice(1) + (text.endsWith(".") ? "" : ".") : "";
