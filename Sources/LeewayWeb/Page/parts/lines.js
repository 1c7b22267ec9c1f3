// Reading lines of results.

import { isNumber, number, share } from "./words.js";

export const valueOf = (line, metric) =>
  metric
    ? metric.path.reduce((value, name) => value !== null && typeof value === "object" ? value[name] : undefined, line)
    : undefined;
export const inWords = (metric, value) => metric && metric.unit === "ratio" ? share(value) : number(value);
// How far two values are apart: two shares by percentage points.
export const gapInWords = (metric, value) =>
  metric && metric.unit === "ratio" && isNumber(value) ? (value * 100).toFixed(1) + " pp" : number(value);
export const stageOf = (line) => line.stage || "final";
// Against which part of the baseline a slice is compared.
export const againstOf = (line) =>
  line.against === "slice" ? "the baseline's rows of this slice" : "the whole baseline";

export const isOfLabels = (metric) => metric && metric.line === "performance";
// The subject whose lines have a metric: estimates stand with the model's output.
export const subjectOf = (monitor, choice, metric) =>
  isOfLabels(metric) ? "" : metric && metric.subjects === "output" ? monitor.output : choice.subject;
