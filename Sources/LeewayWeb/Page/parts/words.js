// Numbers, times and names as text.

export const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

// Three significant digits.
export function number(value) {
  if (!isNumber(value)) return "none";
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.0001 || size >= 1e7)) return value.toExponential(2);
  if (size >= 100) return value.toLocaleString("en", { maximumFractionDigits: 0 });
  return String(Number(value.toPrecision(3)));
}
export const count = (value) => isNumber(value) ? value.toLocaleString("en") : "none";
export function share(value) {
  if (!isNumber(value)) return "none";
  const percent = value * 100, size = Math.abs(percent);
  return (size !== 0 && size < 0.1 ? percent.toPrecision(1) : percent.toFixed(size < 10 ? 1 : 0)) + " %";
}
export const probability = (value) =>
  !isNumber(value) ? "none" : value < 0.0001 && value > 0 ? value.toExponential(1) : number(value);

// The service's time less this machine's, in milliseconds.
let clockOffset = 0;
export const now = () => Date.now() + clockOffset;
// date: that of an answer of the service.
export function setClock(date) {
  if (!Number.isNaN(date) && Math.abs(date - Date.now()) > 2000) clockOffset = date - Date.now();
}

// 2026-05-03 14:05, in UTC
export function time(text) {
  const match = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)/.exec(text || "");
  return match ? match[1] + " " + match[2] : "not known";
}
// The reader's own time, for beside it.
export const localTime = (text) =>
  text ? new Date(text).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "long" }) : "";
// Without the year where it is this one's.
export const clock = (text) =>
  text && text.startsWith(new Date(now()).getUTCFullYear() + "-") ? time(text).slice(5) : time(text);
// 3 May 2026
const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];
export function day(text) {
  const match = /^(\d{4})-(\d\d)-(\d\d)/.exec(text || "");
  return match ? Number(match[3]) + " " + MONTHS[Number(match[2]) - 1] + " " + match[1] : "an unknown day";
}
export function span(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 120) return seconds + " s";
  if (seconds < 7200) return Math.round(seconds / 60) + " min";
  if (seconds < 172800) return Math.round(seconds / 3600) + " h";
  return Math.round(seconds / 86400) + " days";
}
export const age = (text) => text ? span(now() - Date.parse(text)) : "";

// Marks that turn the direction of what follows are shown as what they are: a name with one in it would write the number
// beside it backwards, and other names too.
export const plain = (text) =>
  text.replace(/[\u202a-\u202e\u2066-\u2069]/g, (mark) => "⟨U+" + mark.codePointAt(0).toString(16).toUpperCase() + "⟩");

export const short = (text, length) => text.length > length ? text.slice(0, length - 1) + "…" : text;
// A metric as people write it: "missing ratio", "AUC".
const SHORT_NAMES = new Set(["auc", "psi", "ks", "ece", "mae", "mse", "rmse", "mape", "r2", "f1", "p50", "p95", "p99"]);
export const metricWords = (name) =>
  String(name || "").split("_").map((word) => SHORT_NAMES.has(word) ? word.toUpperCase() : word).join(" ");
// A long name may go on in the next line behind any of its underscores.
export const breakable = (name) => name.replaceAll("_", "_\u200b");
// The first four of many names.
export const some = (names) =>
  (names || []).slice(0, 4).map((name) => short(name, 40)).join(", ") +
  ((names || []).length > 4 ? " and " + (names.length - 4) + " more" : "");
// Where a metric is worst.
export const alike = (leftOut) =>
  "alike in all slices" + (leftOut ? " with enough rows, which " + count(leftOut) + " have not" : "");
export const worstOf = (slice, value) => slice ? slice + (isNumber(value) ? " (" + number(value) + ")" : "") : "none";
