// One monitor's windows: choices and charts.

import { ask, monitorPath, query, said } from "./api.js";
import { histogramChart } from "../charts/histogram.js";
import { reliabilityChart } from "../charts/reliability.js";
import { seriesChart } from "../charts/series.js";
import { byId, h, show, table } from "./elements.js";
import { isOfLabels, stageOf, subjectOf, valueOf } from "./lines.js";
import { seriesLines, verdictsOf } from "./requests.js";
import { choose, current, metricNamed, metricsOf, settleChoice, state, subjectsOf } from "./state.js";
import { renderTables } from "./tables.js";
import { fail } from "./trouble.js";
import { count, isNumber, number, share, short, time } from "./words.js";

export async function loadExplore() {
  const monitor = current();
  if (!monitor) return;
  settleChoice(monitor);
  const choice = { ...state.choice };
  const still = () => JSON.stringify(choice) === JSON.stringify(state.choice);
  const window = monitor.windows.find((one) => one.window === choice.window);
  try {
    const detail = await ask(monitorPath(choice.monitor));
    if (!still()) return;
    state.detail = detail;
    settleChoice(monitor);
    choice.metric = state.choice.metric;
    const metric = metricNamed(choice.metric);
    const lines = window && metric ? await seriesLines(choice, metric, detail) : [];
    if (!still()) return;
    state.series = lines.map((line) => ({
      at: Date.parse(line.end),
      value: valueOf(line, metric),
      final: line.final !== false,
      stage: stageOf(line),
      line,
    }));
    state.judged = lines.length > 0 ? await verdictsOf(monitor, choice, metric, lines) : [];
    if (!still()) return;
    state.histogram = window
      ? await ask(
        monitorPath(choice.monitor) + "/histogram" +
          query({ window: choice.window, slice: choice.slice, subject: choice.subject }),
        400,
        404,
      )
      : null;
    if (still()) renderExplore();
  } catch (error) {
    fail(error);
  }
}

// The reliability table of the window that was clicked, or of the newest.
function calibrationOf(newest) {
  const points = (state.series || []).filter((point) =>
    point.line.type === "performance" &&
    Array.isArray(point.line.reliability)
  );
  const looked = points.find((point) => point.at === state.looked);
  const line = looked ? looked.line : newest;
  if (!line) return [];
  const bins = (line.reliability || []).filter((bin) => Array.isArray(bin) && bin.length >= 3 && bin.every(isNumber));
  if (bins.length === 0) return [];
  const metrics = line.metrics || {};
  return [
    reliabilityChart(line),
    h(
      "div",
      { class: "chart" },
      h("h3", null, "Calibration"),
      h(
        "p",
        { class: "quiet" },
        "ECE " + number(metrics.ece) + ", slope " + number(metrics.calibration_slope) +
          ", intercept " + number(metrics.calibration_intercept) + "; window to " + time(line.end) +
          (points.length > 1 ? ". A click on a point over time shows that window." : "."),
      ),
      table(
        "Reliability by score",
        [["rows", "number"], ["mean score", "number"], ["positive", "number"]],
        bins.map((bin) => [count(bin[0]), number(bin[1]), share(bin[2])]),
      ),
    ),
  ];
}

// Whether a check looks at a subject, by the words of its `on`.
function watches(check, monitor, subject) {
  if (check.on === "output") return subject === monitor.output;
  const features = /^features(?: except (.*))?$/.exec(check.on);
  if (!features) return check.on.split(", ").includes(subject);
  return subject !== monitor.output && !(features[1] || "").split(", ").includes(subject);
}

function limitsOf(monitor) {
  const metric = metricNamed(state.choice.metric);
  const anywhere = !metric || isOfLabels(metric) || metric.family === "estimate" || metric.family === "traffic";
  return monitor.checks.filter((check) =>
    check.name === state.choice.metric && check.window === state.choice.window &&
    check.on !== "comparison" && (anywhere || watches(check, monitor, state.choice.subject))
  )
    .flatMap((check) => check.limits).filter((limit) => isNumber(limit.value) && !limit.side.startsWith("max_"));
}

function select(name, label, values, value, onchange) {
  return h(
    "label",
    null,
    label,
    h(
      "select",
      { "data-key": "choice " + name, onchange: (event) => onchange(event.target.value) },
      values.map((one) => h("option", { value: one, selected: one === value }, short(one, 60))),
    ),
  );
}
// By family, with what each says on hover.
function metricSelect(value, onchange) {
  const all = metricsOf();
  const families = [...new Set(all.map((metric) => metric.family))];
  const option = (metric) =>
    h(
      "option",
      { value: metric.name, selected: metric.name === value, title: metric.description },
      metric.name.replaceAll("_", " "),
    );
  return h(
    "label",
    null,
    "Metric over time",
    h(
      "select",
      { "data-key": "choice metric", onchange: (event) => onchange(event.target.value) },
      all.length === 0
        ? h("option", { value, selected: true }, value.replaceAll("_", " "))
        : families.map((family) =>
          h(
            "optgroup",
            { label: family },
            all.filter((metric) => metric.family === family)
              .map(option),
          )
        ),
    ),
  );
}

export function renderExplore() {
  const monitor = current();
  byId("explore").hidden = !monitor;
  if (!monitor) return;
  settleChoice(monitor);
  const choice = state.choice;
  const detail = state.detail;
  byId("explore-title").textContent = "Windows of " + monitor.monitor;
  const failed = (state.incidents || []).filter((one) => one.monitor === monitor.monitor)
    .flatMap((one) => Array.isArray(one.evidence) ? one.evidence.map((item) => item.slice || "all") : []);
  const slices = [
    ...new Set(["all", choice.slice, ...(detail ? detail.drift.map((line) => line.slice) : []), ...failed]),
  ];
  show(
    byId("choices"),
    state.unknown.length > 0 && h(
      "p",
      { class: "trouble" },
      "There is no " + state.unknown.join(" and no ") +
        "; this is shown instead.",
    ),
    select(
      "monitor",
      "Monitor",
      state.monitors.map((one) => one.monitor),
      choice.monitor,
      (value) => choose({ monitor: value, window: "", slice: "all", subject: "", metric: "" }),
    ),
    select(
      "window",
      "Window",
      monitor.definitions.map((one) => one.window),
      choice.window,
      (window) => choose({ window }),
    ),
    select("slice", "Slice", slices, choice.slice, (slice) => choose({ slice })),
    select("subject", "Subject", subjectsOf(monitor), choice.subject, (subject) => choose({ subject })),
    metricSelect(choice.metric, (metric) => choose({ metric })),
  );
  // Among two stages the final one: it is of all labels.
  const lines = detail
    ? detail.performance.filter((one) => one.window === choice.window && one.slice === choice.slice)
    : [];
  const line = lines.find((one) => stageOf(one) === "final") || lines[0];
  const metric = metricNamed(choice.metric);
  const subject = subjectOf(monitor, choice, metric);
  show(
    byId("charts"),
    state.histogram && state.histogram.bins ? histogramChart(state.histogram) : h(
      "div",
      { class: "chart" },
      h("h3", null, "Distribution of " + choice.subject),
      h(
        "p",
        { class: "empty" },
        state.histogram ? said(state.histogram) : detail ? "Loading…" : "No window is closed yet.",
      ),
    ),
    state.series &&
      seriesChart(
        choice.metric + (subject ? " of " + subject : ""),
        metric,
        state.series,
        limitsOf(monitor),
        subject,
        (at) => {
          state.looked = at;
          renderExplore();
        },
      ),
    calibrationOf(line),
  );
  renderTables();
}
