// The first lines of an incident: its number before and after, its retrain, and the incident of the other stage.

import { hrefOf } from "./address.js";
import { exact, h, when } from "./elements.js";
import { valueOf } from "./evidence.js";
import { inWords } from "./lines.js";
import { count, isNumber } from "./words.js";

// The number, before and after.
export function headline(it, worst, series) {
  const before = beforeOf(it, worst, series);
  const same = series && (series.metric.name === worst.metric || series.metric.name.startsWith(worst.metric));
  const said = (value) => same ? inWords(series.metric, value) : valueOf(worst.metric, value);
  const after = isNumber(worst.now) ? worst.now : worst.value;
  const part = (label, ...content) => h("div", null, h("dt", null, label), h("dd", null, content));
  return h(
    "dl",
    { class: "headline" },
    before
      ? part("before, " + before.words, exact(before.value, said(before.value)))
      : part("before", h("span", { class: "quiet small" }, "no earlier window")),
    part("window to " + (worst.end || "").slice(0, 16).replace("T", " "), exact(after, said(after))),
    isNumber(worst.threshold) && part("limit", exact(worst.threshold, said(worst.threshold))),
    isNumber(worst.rows) && part("rows", count(worst.rows)),
    part("where", !worst.slice || worst.slice === "all" ? "all rows" : worst.slice),
  );
}

// The last window that has no event of the one in which it opened.
function beforeOf(it, worst, series) {
  if (isNumber(worst.was)) return { value: worst.was, words: "by the baseline" };
  if (!series || !(series.metric.name === worst.metric || series.metric.name.startsWith(worst.metric))) return null;
  const opened = Date.parse(it.opened_at);
  const size = (point) => Date.parse(point.line.end) - Date.parse(point.line.start);
  const earlier = series.points.filter((point) => isNumber(point.value) && point.at <= opened - size(point));
  const last = earlier[earlier.length - 1];
  return last ? { value: last.value, words: "to " + last.line.end.slice(0, 16).replace("T", " ") } : null;
}

/** What holds a retrain back, or did, and when it was let go. */
export function retrainText(incident) {
  const it = incident.retrain;
  if (!it) return null;
  const resolved = incident.state === "resolved";
  return h(
    "p",
    null,
    it.held && [
      "Retrain held: " + it.held + ", since ",
      when(it.since),
      it.released ? [", let go ", when(it.released)] : resolved ? " until it was resolved" : "",
      ". ",
    ],
    it.retrain && [
      "Retrain " + it.retrain + " " +
      (it.state === "candidate" ? "has made a model that waits for approval" : it.state) + ", asked for ",
      when(it.at),
      "." + (it.overdue ? " Its deadline has passed without a corrective action." : "") +
      (it.state === "failed" && !resolved ? " This incident asks for no other." : ""),
    ],
  );
}
export function twinOf(incident) {
  const it = incident.twin;
  if (!it) return null;
  return h(
    "p",
    null,
    it.early && ["First seen early, as ", h("a", { href: hrefOf("incident", it.early) }, it.early), ". "],
    it.final ? "By final labels: " + it.final + "." : "",
  );
}
