// One monitor's windows: choices and charts.

import { here, setQuery } from "./address.js";
import { ask, monitorPath, query, said } from "./api.js";
import { histogramChart } from "../charts/histogram.js";
import { reliabilityChart } from "../charts/reliability.js";
import { seriesChart } from "../charts/series.js";
import { byId, h, show, showFor, table, when } from "./elements.js";
import { isOfLabels, stageOf, subjectOf, valueOf } from "./lines.js";
import { seriesLines, verdictsOf } from "./requests.js";
import { metricNamed, metricsOf, state, subjectsOf } from "./state.js";
import { renderTables } from "./tables.js";
import { tierOf } from "./tiers.js";
import { count, isNumber, number, share, short } from "./words.js";

export async function loadExplore(stamp) {
  const detail = state.detail;
  const choice = { ...state.choice, monitor: detail.monitor };
  const still = () =>
    stamp === here.stamp && Object.keys(state.choice).every((name) => choice[name] === state.choice[name]);
  const window = detail.windows.find((one) => one.window === choice.window);
  const metric = metricNamed(choice.metric);
  const at = Date.parse(choice.end);
  const around = choice.end ? { from: at, to: at } : null;
  const lines = window && metric ? await seriesLines(choice, metric, detail, around) : [];
  if (!still()) return;
  state.series = lines.map((line) => ({
    at: Date.parse(line.end),
    value: valueOf(line, metric),
    final: line.final !== false,
    stage: stageOf(line),
    line,
  }));
  state.judged = lines.length > 0 ? await verdictsOf(detail, choice, metric, lines) : [];
  if (!still()) return;
  const { slice, subject, end } = choice;
  state.histogram = window
    ? await ask(
      monitorPath(choice.monitor) + "/histogram" + query({ window: choice.window, slice, subject, end }),
      400,
      404,
    )
    : null;
  if (still()) renderExplore();
}

// The reliability table of the window that was clicked, or of the newest.
function calibrationOf(newest) {
  const points = (state.series || []).filter((point) =>
    point.line.type === "performance" &&
    Array.isArray(point.line.reliability)
  );
  const looked = points.find((point) => point.at === Date.parse(state.choice.end));
  const line = looked ? looked.line : newest;
  if (!line) return [];
  const bins = (line.reliability || []).filter((bin) => Array.isArray(bin) && bin.length >= 3 && bin.every(isNumber));
  if (bins.length === 0) return [];
  const metrics = line.metrics || {};
  const said = "ECE " + number(metrics.ece) + ", slope " + number(metrics.calibration_slope) + ", intercept " +
    number(metrics.calibration_intercept) + "." +
    (points.length > 1 ? " A click on a point over time shows that window." : "");
  const numbers = table(
    "Reliability by score",
    [["rows", "number"], ["mean score", "number"], ["positive", "number"]],
    bins.map((bin) => [count(bin[0]), number(bin[1]), share(bin[2])]),
  );
  return [reliabilityChart(line, said, numbers)];
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

const evidenceSlices = () =>
  (state.monitorIncidents || []).flatMap((one) =>
    Array.isArray(one.evidence) ? one.evidence.map((item) => item.slice || "all") : []
  );

// When incidents opened, and the window that is looked at.
function momentsOf() {
  const opened = (state.monitorIncidents || []).map((one) => ({
    at: Date.parse(one.opened_at),
    text: "incident",
    style: tierOf(one.tier)[2],
  }));
  return state.choice.end ? [...opened, { at: Date.parse(state.choice.end), text: "looked at", style: "" }] : opened;
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
  const monitor = state.detail;
  byId("explore").hidden = !monitor;
  if (!monitor) return;
  const choice = state.choice;
  const detail = monitor;
  const look = (change) => setQuery({ ...choice, ...change });
  const slices = [...new Set(["all", choice.slice, ...detail.drift.map((line) => line.slice), ...evidenceSlices()])];
  const key = JSON.stringify([choice, state.unknown, slices, metricsOf().length, subjectsOf(monitor).length]);
  showFor(byId("choices"), key, () => [
    state.unknown.length > 0 && h(
      "p",
      { class: "trouble" },
      "There is no " + state.unknown.join(" and no ") + "; this is shown instead.",
    ),
    select(
      "window",
      "Window",
      monitor.definitions.map((one) => one.window),
      choice.window,
      (window) => look({ window }),
    ),
    select("slice", "Slice", slices, choice.slice, (slice) => look({ slice })),
    select("subject", "Subject", subjectsOf(monitor), choice.subject, (subject) => look({ subject })),
    metricSelect(choice.metric, (metric) => look({ metric })),
    choice.end && h(
      "p",
      { class: "looked" },
      "Window to ",
      when(choice.end),
      " ",
      h("button", { type: "button", "data-key": "newest", onclick: () => look({ end: "" }) }, "Back to the newest"),
    ),
  ]);
  // Among two stages the final one: it is of all labels.
  const lines = detail.performance.filter((one) => one.window === choice.window && one.slice === choice.slice);
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
        state.histogram ? said(state.histogram) : detail.windows.length > 0 ? "Loading…" : "No window is closed yet.",
      ),
    ),
    state.series &&
      seriesChart(
        choice.metric + (subject ? " of " + subject : ""),
        metric,
        state.series,
        limitsOf(monitor),
        subject,
        (at) => look({ end: new Date(at).toISOString() }),
        { marks: momentsOf() },
      ),
    calibrationOf(line),
  );
  renderTables();
}
