// One incident: what, where, how much, since when, who was told, what was done, what can be done.

import { actsOf, actsOn, mutedOf } from "../parts/acts.js";
import { here, hrefOf } from "../parts/address.js";
import { ask, monitorPath } from "../parts/api.js";
import { wholeWidth } from "../charts/figure.js";
import { seriesChart } from "../charts/series.js";
import { byId, exact, h, show, table, when } from "../parts/elements.js";
import { evidenceText, findings, GROUPS, handOf, isWhole, nameOf, STATES, valueOf } from "../parts/evidence.js";
import { headline, retrainText, twinOf } from "../parts/headline.js";
import { retrainsOf, toldOf, transitionsOf } from "../parts/history.js";
import { isOfLabels, stageOf, valueOf as valueIn } from "../parts/lines.js";
import { seriesLines } from "../parts/requests.js";
import { state } from "../parts/state.js";
import { tier } from "../parts/tiers.js";
import { age, alike, breakable, count, isNumber, metricWords, probability, span, worstOf } from "../parts/words.js";

// What is known of the incident of the address.
let known = { stamp: 0, detail: null, series: null, unknown: "" };

export const incident = {
  title: () => "Incident " + here.id,
  frame: () => {
    known = { stamp: here.stamp, detail: null, series: null, unknown: "" };
    state.acting = null;
    return [
      h(
        "div",
        { id: "incident-head" },
        h("h1", { tabindex: -1, "data-key": "title" }, "Incident " + here.id),
        h("p", null, "Loading…"),
      ),
      h(
        "div",
        { class: "columns" },
        h("div", { class: "main" }, h("div", { id: "charts", class: "charts" }), h("div", { id: "incident-evidence" })),
        h("div", { class: "side" }, h("section", { id: "incident-acts" }), h("section", { id: "incident-history" })),
      ),
    ];
  },
  render,
  refresh: () => {},
  load,
};

async function load(turns = 0) {
  const stamp = here.stamp;
  const answer = await ask("/api/v1/incidents/" + encodeURIComponent(here.id), 404);
  if (stamp !== here.stamp) return;
  if (!answer.incident) {
    known.unknown = answer.detail || "There is no such incident.";
    render();
    return;
  }
  const isNew = JSON.stringify(answer) !== JSON.stringify(known.detail);
  known.detail = answer;
  if (isNew) render();
  if (isNew || turns % 15 === 0) await loadSeries(stamp, answer);
}

// The series of what is worst, around the time in which the incident was open.
async function loadSeries(stamp, found) {
  const worst = findings(found)[0];
  if (!worst) return;
  const detail = await ask(monitorPath(found.monitor), 404);
  if (!detail.metrics || stamp !== here.stamp) return;
  const metric = metricOf(detail, worst);
  if (!metric) return;
  const choice = {
    monitor: found.monitor,
    window: worst.window,
    slice: worst.slice || "all",
    subject: isWhole(worst.subject) ? detail.output : worst.subject,
    metric: metric.name,
  };
  const around = { from: Date.parse(found.opened_at), to: Date.parse(found.resolved_at || found.changed_at) };
  if (!found.resolved_at) around.to = Math.max(around.to, ...detail.windows.map((one) => Date.parse(one.end)));
  const lines = await seriesLines(choice, metric, detail, around);
  if (stamp !== here.stamp) return;
  known.series = {
    metric,
    worst,
    points: lines.map((line) => ({
      at: Date.parse(line.end),
      value: valueIn(line, metric),
      final: line.final !== false,
      stage: stageOf(line),
      line,
    })),
    limits: limitsOf(detail, worst),
  };
  render();
}

// A limit that is measured from a reference is another value in each slice and stage: there only the one that was broken is known.
function limitsOf(detail, worst) {
  const fixed = detail.checks.filter((check) => check.check === worst.check).flatMap((check) => check.limits)
    .filter((limit) => !limit.side.startsWith("max_")).map((limit) => ({ tier: limit.tier, value: limit.threshold }));
  const broken = { tier: worst.tier, value: worst.threshold };
  const isDrawn = !isNumber(broken.value) || fixed.some((limit) => limit.value === broken.value);
  return isDrawn ? fixed : [...fixed, broken];
}

// Shifts are judged by a distance of their own; the mean, else the psi, shows them.
function metricOf(detail, worst) {
  const named = (name) => detail.metrics.find((metric) => metric.name === name);
  const check = detail.checks.find((one) => one.check === worst.check);
  const kind = (detail.subjects.find((one) => one.name === worst.subject) || {}).kind;
  return (check && named(check.name)) || named(worst.metric) || (kind === "numeric" && named("mean")) || named("psi");
}

function render() {
  if (known.stamp !== here.stamp) return;
  if (known.unknown) {
    show(
      byId("incident-head"),
      h("h1", { tabindex: -1, "data-key": "title" }, "No such incident"),
      h("p", { class: "trouble" }, known.unknown),
      h("p", null, h("a", { href: hrefOf("incidents") }, "All incidents")),
    );
    return;
  }
  const it = known.detail;
  if (!it) return;
  renderHead(it);
  renderChart(it);
  show(byId("incident-evidence"), evidenceTable(it), mutedOf(it));
  show(byId("incident-acts"), h("h2", null, "What can be done"), consequence(it), actsOn(it, render, () => load(1)));
  show(byId("incident-history"), toldOf(it), transitionsOf(it), actsOf(it), retrainsOf(it));
}

function renderHead(it) {
  const [worst, ...rest] = findings(it);
  const others = rest.length;
  const resolved = it.state === "resolved";
  const lasted = span(Date.parse(it.resolved_at) - Date.parse(it.opened_at));
  show(
    byId("incident-head"),
    h(
      "p",
      { class: "crumbs" },
      h("a", { href: hrefOf("incidents") }, "Incidents"),
      " / ",
      it.incident,
    ),
    h(
      "h1",
      { tabindex: -1, "data-key": "title" },
      worst ? nameOf(worst) : (GROUPS[it.group] || it.group),
      " ",
      h("a", { class: "of", href: hrefOf("monitor", it.monitor) }, it.monitor),
    ),
    h(
      "p",
      { class: "row" },
      tier(it.tier),
      h("strong", null, (STATES[it.state] || it.state) + handOf(it)),
      h("span", null, GROUPS[it.group] || it.group),
      h(
        "span",
        null,
        resolved
          ? ["lasted ", lasted, ", from ", when(it.opened_at), " to ", when(it.resolved_at)]
          : ["since ", when(it.opened_at), " (" + age(it.opened_at) + ")"],
      ),
    ),
    worst && headline(it, worst, known.series && known.series.worst.check === worst.check ? known.series : null),
    h(
      "p",
      null,
      worst ? evidenceText(worst, resolved) + "." : [...it.checks, ...it.subjects].join(", ") + ".",
      others > 0 ? " " + count(others) + (others === 1 ? " other finding" : " other findings") + " beside it." : "",
      worst && worst.worst_slice ? " Worst in " + worstOf(worst.worst_slice, worst.worst_value) + "." : "",
    ),
    twinOf(it),
    retrainText(it),
  );
}

function renderChart(it) {
  const series = known.series;
  if (!series) {
    show(byId("charts"));
    return;
  }
  const { worst, metric } = series;
  const marks = [{ at: Date.parse(it.opened_at), text: "opened", style: "critical" }];
  if (it.resolved_at) marks.push({ at: Date.parse(it.resolved_at), text: "resolved", style: "ok" });
  const name = metricWords(metric.name);
  const title = (isOfLabels(metric) || isWhole(worst.subject) ? name : name + " of " + worst.subject) +
    (worst.slice && worst.slice !== "all" ? " in " + worst.slice : "");
  show(
    byId("charts"),
    h("h2", { class: "unseen" }, "Over time"),
    seriesChart(
      title,
      metric,
      series.points,
      series.limits,
      isWhole(worst.subject) ? "" : worst.subject,
      () => {},
      { marks, width: wholeWidth("charts") },
    ),
    h("p", { class: "quiet" }, h("a", { href: lookAt(it, worst) }, "Open it on the monitor's page")),
  );
}
const lookAt = (it, item) =>
  hrefOf("monitor", it.monitor, {
    window: item.window,
    slice: item.slice === "all" ? "" : item.slice,
    subject: isWhole(item.subject) ? "" : item.subject,
    metric: item.metric,
    end: item.end,
  }) + "#explore";

function evidenceTable(it) {
  const rows = findings(it);
  if (rows.length === 0) return h("p", { class: "empty" }, "No evidence is stored.");
  const hasProbability = rows.some((item) => isNumber(item.q_value));
  const hasWorst = rows.some((item) => item.slices_alike || item.worst_slice);
  return [
    h("h2", null, "Evidence"),
    table(
      it.state === "resolved"
        ? "Each at its worst, the worst first"
        : rows.length > 100
        ? "The worst 100 of " + count(rows.length)
        : "The worst first",
      [
        ["tier"],
        ["what", "name"],
        ["metric", "name"],
        ["value", "number"],
        ["limit", "number"],
        hasProbability && ["q-value", "number"],
        ["rows", "number"],
        hasWorst && ["worst slice", "name"],
        ["window"],
      ].filter((one) => one),
      rows.slice(0, 100).map((item) =>
        [
          tier(item.tier),
          [
            h("a", { href: lookAt(it, item) }, breakable(item.subject || item.metric)),
            h("span", { class: "why" }, !item.slice || item.slice === "all" ? "all rows" : item.slice),
          ],
          [metricWords(item.metric), h("span", { class: "why tight" }, "check " + item.check)],
          exact(item.value, valueOf(item.metric, item.value)),
          isNumber(item.threshold) ? valueOf(item.metric, item.threshold) : "none",
          hasProbability && (isNumber(item.q_value) ? probability(item.q_value) : "none"),
          count(item.rows),
          hasWorst && (item.slices_alike
            ? alike(item.slices_left_out)
            : item.worst_slice
            ? worstOf(item.worst_slice, item.worst_value)
            : "not looked for"),
          [item.window, h("span", { class: "why tight" }, "to ", when(item.end, "clock"))],
        ].filter((one) => one !== false)
      ),
    ),
  ];
}

function consequence(it) {
  if (it.state === "resolved") return h("p", { class: "quiet" }, "It is resolved; a comment can still be written.");
  const mute = it.muted.length > 0 ? count(it.muted.length) + " findings of it are muted." : "";
  return h("p", { class: "quiet" }, "Each says what it does, and asks once. " + mute);
}
