"use strict";
(() => {
const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
  return element;
}
const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
const s = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);
const byId = (id) => document.getElementById(id);

// Replaces what is in an element, and gives the focus back to the control that had it.
function show(element, ...children) {
  const focused = element.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  const caret = focused && document.activeElement.selectionStart;
  element.replaceChildren(...children.flat(Infinity).filter((child) => child));
  if (!focused) return;
  const again = [...element.querySelectorAll("[data-key]")].find((one) => one.dataset.key === focused);
  if (!again) return;
  again.focus({ preventScroll: true });
  if (typeof caret === "number" && again.tagName === "INPUT") again.setSelectionRange(caret, caret);
}

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);
function number(value) {
  if (!isNumber(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.0001 || size >= 1e7)) return value.toExponential(2);
  if (size >= 100) return value.toLocaleString("en", { maximumFractionDigits: 0 });
  return String(Number(value.toPrecision(3)));
}
const count = (value) => isNumber(value) ? value.toLocaleString("en") : "–";
function share(value) {
  if (!isNumber(value)) return "–";
  const percent = value * 100;
  return (percent !== 0 && percent < 0.1 ? percent.toPrecision(1) : percent.toFixed(percent < 10 ? 1 : 0)) + " %";
}
const probability = (value) => !isNumber(value) ? "–" : value < 0.0001 && value > 0 ? value.toExponential(1) : number(value);

let clockOffset = 0;
const now = () => Date.now() + clockOffset;
function time(text) {
  const match = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)/.exec(text || "");
  return match ? match[1] + " " + match[2] : "–";
}
// Without the year where it is this one's.
const clock = (text) => text && text.startsWith(new Date(now()).getUTCFullYear() + "-") ? time(text).slice(5) : time(text);
// 3 May 2026
const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
  "November", "December"];
function day(text) {
  const match = /^(\d{4})-(\d\d)-(\d\d)/.exec(text || "");
  return match ? Number(match[3]) + " " + MONTHS[Number(match[2]) - 1] + " " + match[1] : "an unknown day";
}
function span(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 120) return seconds + " s";
  if (seconds < 7200) return Math.round(seconds / 60) + " min";
  if (seconds < 172800) return Math.round(seconds / 3600) + " h";
  return Math.round(seconds / 86400) + " days";
}
const age = (text) => text ? span(now() - Date.parse(text)) : "";

// A symbol and a word beside the colour, since colour alone tells nothing to some.
const TIERS = {
  critical: ["◆", "critical", "critical", 4], warning: ["▲", "warning", "warning", 3], info: ["●", "info", "info", 2],
  ok: ["✓", "ok", "ok", 1], insufficient_data: ["○", "insufficient data", "none", 0],
};
const tierOf = (name) => TIERS[name] || ["–", "no verdict yet", "none", -1];
function tier(name, text) {
  const [symbol, word, style] = tierOf(name);
  return h("span", { class: "tier " + style }, h("span", { "aria-hidden": "true" }, symbol), text || word);
}
const worst = (names) => names.reduce((a, b) => tierOf(b)[3] > tierOf(a)[3] ? b : a, null);

function table(caption, columns, rows, chosen) {
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    h("table", null, h("caption", null, caption),
      h("thead", null, h("tr", null, columns.map(([name, style]) => h("th", { scope: "col", class: style }, name)))),
      h("tbody", null, rows.map((row, index) => h("tr", { class: chosen && chosen(index) ? "chosen" : null },
        row.map((cell, column) => h("td", { class: columns[column][1] }, cell)))))));
}
const state = {
  ready: null, monitors: null, incidents: null, instances: null, details: new Map(), opened: new Set(), monitor: null, detail: null,
  series: null, histogram: null, failure: null, answered: null, unknown: [],
  choice: { monitor: "", window: "", slice: "all", subject: "", metric: "" }, filter: { slice: "", subject: "" },
};

class Refusal extends Error {
  constructor(status, text) { super(text); this.status = status; }
}

// A refusal in one line.
const said = (problem) => problem.detail + (problem.fix ? " " + problem.fix : "");

// The browser sends If-None-Match by itself and gives its own copy for a 304.
async function ask(path, ...alsoFine) {
  const headers = { Accept: "application/json" };
  const token = sessionStorage.getItem("leeway-token");
  if (token) headers.Authorization = "Bearer " + token;
  const response = await fetch("." + path, { headers, cache: "no-cache", signal: AbortSignal.timeout(10000) });
  const date = Date.parse(response.headers.get("Date") || "");
  if (!Number.isNaN(date) && Math.abs(date - Date.now()) > 2000) clockOffset = date - Date.now();
  let body = null;
  try { body = await response.json(); } catch { /* said below */ }
  if (!response.ok && !alsoFine.includes(response.status)) {
    throw new Refusal(response.status, body && body.detail ? said(body) : "HTTP " + response.status + ".");
  }
  if (body === null) throw new Refusal(response.status, "The answer is not JSON.");
  return body;
}

const query = (members) => "?" + Object.entries(members).filter(([, value]) => value !== "" && value != null)
  .map(([name, value]) => name + "=" + encodeURIComponent(value)).join("&");
const monitorPath = (name) => "/api/v1/monitors/" + encodeURIComponent(name);

// What is being looked at is in the address, so that a link shows the same to a colleague.
function readAddress() {
  for (const [name, value] of new URLSearchParams(location.hash.slice(1))) {
    if (name in state.choice) state.choice[name] = value;
    if (name === "incident") state.opened.add(value);
  }
}
function writeAddress() {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(state.choice)) if (value) parameters.set(name, value);
  history.replaceState(null, "", "#" + parameters);
}
const short = (text, length) => text.length > length ? text.slice(0, length - 1) + "…" : text;

function chart(title, summary, drawing, legend) {
  return h("figure", { class: "chart" }, h("figcaption", null, h("h3", null, title),
    h("p", { class: "quiet" }, summary, legend || null)), drawing);
}
const key = (name, text) => [h("span", { class: "key key-" + name, "aria-hidden": "true" }), text];

function histogramChart(histogram) {
  const isNumeric = histogram.bins.some((bin) => isNumber(bin.lower) || isNumber(bin.upper));
  const drawing = isNumeric ? columnsOf(histogram.bins) : rowsOf(histogram.bins);
  return chart("Distribution of " + histogram.subject,
    "Window " + histogram.window + " to " + time(histogram.end) + ", " + count(histogram.window_rows) + " rows, beside "
      + againstOf(histogram) + ", " + count(histogram.baseline_rows) + " rows.", drawing, [key("baseline", "baseline"), key("window", "window")]);
}

function barTitle(bin) {
  return s("title", null, bin.label + ": baseline " + share(bin.baseline) + ", window " + share(bin.window));
}

// Room for the longest label of the axis at the left, of which nothing may be cut off.
const roomFor = (labels) => Math.max(46, 10 + 6.8 * Math.max(...labels.map((label) => label.length)));

function columnsOf(bins) {
  const width = 430, height = 290, bottom = 36, top = 12;
  const most = Math.max(0.01, ...bins.map((bin) => Math.max(bin.baseline, bin.window))) * 1.05;
  const left = roomFor([0, most / 2, most].map(share));
  const step = (width - left - 8) / bins.length;
  const y = (value) => height - bottom - (height - bottom - top) * value / most;
  const marks = [];
  for (const part of [0, 0.5, 1]) {
    const value = most * part;
    marks.push(s("line", { x1: left, x2: width - 8, y1: y(value), y2: y(value), class: "axis" }),
      s("text", { x: left - 5, y: y(value) + 4, "text-anchor": "end" }, share(value)));
  }
  bins.forEach((bin, index) => {
    const x = left + index * step;
    marks.push(s("g", null, barTitle(bin),
      s("rect", { x: x + step * 0.12, y: y(bin.baseline), width: step * 0.36,
        height: y(0) - y(bin.baseline), class: "bar-baseline" }),
      s("rect", { x: x + step * 0.52, y: y(bin.window), width: step * 0.36,
        height: y(0) - y(bin.window), class: "bar-window" })));
    if (isNumber(bin.upper)) {
      marks.push(s("line", { x1: x + step, x2: x + step, y1: y(0), y2: y(0) + 5, class: "axis" }),
        s("text", { x: x + step, y: y(0) + 17, "text-anchor": "middle" }, number(bin.upper)));
    } else if (!isNumber(bin.lower)) {
      marks.push(s("text", { x: x + step / 2, y: y(0) + 30, "text-anchor": "middle" },
        short(bin.label.replaceAll("__", ""), 12)));
    }
  });
  return s("svg", { viewBox: "0 0 " + width + " " + height, role: "img",
    "aria-label": "Shares by bin, baseline beside window" }, marks);
}

function rowsOf(bins) {
  const most = 16;
  let shown = bins;
  if (bins.length > most) {
    const order = bins.map((bin, index) => [Math.max(bin.baseline, bin.window), index]).sort((a, b) => b[0] - a[0]);
    const kept = new Set(order.slice(0, most - 1).map(([, index]) => index));
    const rest = bins.filter((_, index) => !kept.has(index));
    const sum = (name) => rest.reduce((total, bin) => total + bin[name], 0);
    shown = bins.filter((_, index) => kept.has(index));
    shown.push({ label: rest.length + " more", baseline: sum("baseline"), window: sum("window") });
  }
  const width = 430, left = 128, right = 92, step = 30;
  const largest = Math.max(0.01, ...shown.map((bin) => Math.max(bin.baseline, bin.window)));
  const length = (value) => (width - left - right) * value / largest;
  const marks = shown.map((bin, index) => {
    const y = 4 + index * step;
    return s("g", null, barTitle(bin),
      s("text", { x: left - 8, y: y + 17, "text-anchor": "end", class: "strong" }, short(bin.label, 18)),
      s("rect", { x: left, y: y + 1, width: length(bin.baseline), height: 11, class: "bar-baseline" }),
      s("rect", { x: left, y: y + 13, width: length(bin.window), height: 11, class: "bar-window" }),
      s("text", { x: width - right + 8, y: y + 17 }, share(bin.baseline) + " → " + share(bin.window)));
  });
  return s("svg", { viewBox: "0 0 " + width + " " + (shown.length * step + 8), role: "img",
    "aria-label": "Shares by category, baseline beside window" }, marks);
}

// points: [{at, value, final, stage}] ascending; limits: [{tier, value}]. Early and final values are two curves.
function seriesChart(title, metric, points, limits, subject) {
  const drawn = points.filter((point) => isNumber(point.value));
  const said = metric ? metric.description + " " + { above: "Higher is worse.", below: "Lower is worse.",
    either: "Far from 0 on either side is worse." }[metric.direction] + " " : "";
  if (drawn.length === 0) {
    return chart(title, said + (points.length > 0 ? "The windows of this slice" + (subject ? " and subject" : "")
      + " have no such value." : "No window of this slice has it yet."), null);
  }
  const width = 430, height = 290, right = 12, bottom = 26, top = 16;
  const values = drawn.map((point) => point.value);
  const visible = limits.filter((limit) => isNumber(limit.value));
  let low = Math.min(...values, ...visible.map((limit) => limit.value));
  let high = Math.max(...values, ...visible.map((limit) => limit.value));
  const margin = (high - low || Math.abs(high) || 1) * 0.08;
  low = low >= 0 && low - margin < 0 ? 0 : low - margin;
  high += margin;
  const left = roomFor([low, (low + high) / 2, high].map((value) => inWords(metric, value)));
  const first = drawn[0].at, last = drawn[drawn.length - 1].at;
  const x = (at) => left + (width - left - right) * (last === first ? 0.5 : (at - first) / (last - first));
  const y = (value) => height - bottom - (height - bottom - top) * (value - low) / (high - low);
  const marks = [];
  for (const value of [low, (low + high) / 2, high]) {
    marks.push(s("line", { x1: left, x2: width - right, y1: y(value), y2: y(value), class: "axis" }),
      s("text", { x: left - 5, y: y(value) + 4, "text-anchor": "end" }, inWords(metric, value)));
  }
  for (const limit of visible) {
    marks.push(s("line", { x1: left, x2: width - right, y1: y(limit.value), y2: y(limit.value),
      class: "limit " + tierOf(limit.tier)[2] }),
      s("text", { x: left + 4, y: y(limit.value) - 4, class: tierOf(limit.tier)[2] },
        tierOf(limit.tier)[0] + " " + limit.tier + " " + number(limit.value)));
  }
  const stages = ["early", "final"].filter((stage) => points.some((point) => point.stage === stage));
  for (const stage of stages) {
    let path = "", joined = false;
    for (const point of points.filter((one) => one.stage === stage)) {
      if (!isNumber(point.value)) { joined = false; continue; }
      path += (joined ? "L" : "M") + x(point.at).toFixed(1) + " " + y(point.value).toFixed(1);
      joined = true;
    }
    marks.push(s("path", { d: path, class: "curve " + stage }));
  }
  for (const point of drawn) {
    marks.push(s("circle", { cx: x(point.at), cy: y(point.value), r: drawn.length > 60 ? 1.5 : 3,
      class: "point " + point.stage + (point.final && point.stage === "final" ? "" : " open"), onclick: () => { state.looked = point.at; renderExplore(); } },
      s("title", null, time(new Date(point.at).toISOString()) + (stages.length > 1 ? ", " + point.stage : "") + ": "
        + String(point.value) + (point.line && point.line.against ? ", against " + againstOf(point.line) : "")
        + (point.line && point.line.revision > 0 ? ", revised " + point.line.revision + " times" : ""))));
  }
  const label = (at, anchor) => s("text", { x: x(at), y: height - 8, "text-anchor": anchor },
    time(new Date(at).toISOString()));
  marks.push(label(first, drawn.length > 1 ? "start" : "middle"));
  if (drawn.length > 1) marks.push(label(last, "end"));
  const newest = stages.map((stage) => drawn.filter((point) => point.stage === stage).pop()).filter((one) => one);
  const against = newest.map((point) => point.line && point.line.against ? againstOf(point.line) : "").find((one) => one);
  return chart(title, said + newest.map((point) => (stages.length > 1 ? point.stage + " " : "Newest ")
    + inWords(metric, point.value) + ", window to " + time(new Date(point.at).toISOString())).join("; ")
    + (against ? "; against " + against : "")
    + (stages.length > 1 ? "; hollow points and the broken line are early"
      : drawn.some((point) => !point.final) ? "; hollow points are not final" : "") + ".",
    s("svg", { viewBox: "0 0 " + width + " " + height, role: "img", "aria-label": title + " over time" }, marks));
}

// bins: [[count, mean score, positive share], …]
function reliabilityChart(line) {
  const bins = (line.reliability || (line.metrics || {}).reliability || []).filter((bin) => Array.isArray(bin)
    && bin.length >= 3 && bin.every(isNumber));
  if (bins.length === 0) return null;
  const size = 280, left = 44, bottom = 34, top = 8;
  const x = (value) => left + (size - left - 8) * value;
  const y = (value) => size - bottom - (size - bottom - top) * value;
  const most = Math.max(...bins.map((bin) => bin[0]));
  const marks = [];
  for (const value of [0, 0.5, 1]) {
    marks.push(s("line", { x1: x(0), x2: x(1), y1: y(value), y2: y(value), class: "axis" }),
      s("line", { x1: x(value), x2: x(value), y1: y(0), y2: y(1), class: "axis" }),
      s("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end" }, value),
      s("text", { x: x(value), y: y(0) + 15, "text-anchor": "middle" }, value));
  }
  marks.push(s("line", { x1: x(0), y1: y(0), x2: x(1), y2: y(1), class: "diagonal" }));
  marks.push(s("path", { class: "curve",
    d: bins.map((bin, index) => (index ? "L" : "M") + x(bin[1]).toFixed(1) + " " + y(bin[2]).toFixed(1)).join("") }));
  for (const bin of bins) {
    marks.push(s("circle", { cx: x(bin[1]), cy: y(bin[2]), r: 3 + 9 * Math.sqrt(bin[0] / most), class: "bubble" },
      s("title", null, count(bin[0]) + " predictions, mean score " + number(bin[1]) + ", positive " + share(bin[2]))));
  }
  marks.push(s("text", { x: x(0.5), y: size - 4, "text-anchor": "middle" }, "mean score"));
  return chart("Reliability", "Share of positives by mean score, window " + line.window + " to " + time(line.end)
    + "; on the diagonal the score is a probability. Circles grow with the count.",
    s("svg", { viewBox: "0 0 " + size + " " + size, role: "img", "aria-label": "Reliability diagram" }, marks));
}
const STATES = { open: "open", acknowledged: "acknowledged", retraining: "retraining", verifying: "verifying",
  resolved: "resolved" };
const GROUPS = { data: "data quality", drift: "drift", concept: "concept drift",
  "performance/early": "performance, early", "performance/final": "performance" };

// What is open and worst first.
const byTrouble = (a, b) => {
  const rank = (incident) => (incident.state === "resolved" ? 0 : 10) + tierOf(incident.tier)[3];
  return rank(b) - rank(a) || (a.opened_at < b.opened_at ? 1 : -1);
};

function renderIncidents() {
  const all = [...(state.incidents || [])];
  all.sort(byTrouble);
  const open = all.filter((incident) => incident.state !== "resolved");
  const resolved = all.filter((incident) => incident.state === "resolved").slice(0, 20);
  show(byId("incidents"),
    open.length === 0 ? h("p", { class: "empty" }, "No incident is open.") : open.map(incidentElement),
    resolved.length > 0 && h("h4", null, "Resolved"), resolved.map(incidentElement));
}

function incidentElement(incident) {
  const id = incident.incident;
  const resolved = incident.state === "resolved";
  const element = h("details", {
    class: "incident " + (resolved ? "resolved" : tierOf(incident.tier)[2]), open: state.opened.has(id),
    ontoggle: () => {
      if (element.open === state.opened.has(id)) return;
      if (element.open) { state.opened.add(id); loadIncident(id); } else state.opened.delete(id);
    } },
    h("summary", { "data-key": "incident " + id }, tier(incident.tier), h("strong", null, incident.monitor),
      h("span", null, (GROUPS[incident.group] || incident.group) + ", " + (STATES[incident.state] || incident.state)),
      h("span", null, incident.subjects.slice(0, 4).map((name) => short(name, 40)).join(", ")
        + (incident.subjects.length > 4 ? " and " + (incident.subjects.length - 4) + " more" : "")),
      h("span", { class: "quiet" }, resolved ? "resolved " + time(incident.resolved_at)
        : "since " + time(incident.opened_at) + " (" + age(incident.opened_at) + ")")),
    h("div", null, h("p", { class: "quiet" }, id, ". Checks: ", incident.checks.join(", "), ". Last change ",
      time(incident.changed_at), "."), retrainOf(incident), twinOf(incident), evidence(incident), history_(state.details.get(id))));
  return element;
}

/** What holds a retrain back, or did, and when it was let go. */
function retrainOf(incident) {
  const it = incident.retrain;
  if (!it) return null;
  const held = it.held ? "Retrain held: " + it.held + ", since " + time(it.since)
    + (it.released ? ", let go " + time(it.released) : incident.state === "resolved" ? " until it was resolved" : "") + ". " : "";
  return h("p", null, held, it.retrain ? "Retrain " + it.retrain + " " + it.state + ", asked for " + time(it.at) + "."
    + (it.state === "failed" && incident.state !== "resolved" ? " This incident asks for no other." : "") : "");
}
function twinOf(incident) {
  const it = incident.twin;
  if (!it) return null;
  return h("p", null, it.early ? "First seen early, as " + it.early + "." : "",
    it.final ? "By final labels: " + it.final + "." : "");
}

function evidence(incident) {
  const rows = Array.isArray(incident.evidence) ? incident.evidence : [];
  if (rows.length === 0) return null;
  const look = (item) => h("button", { class: "link", type: "button", "data-key": "look " + incident.incident + item.check
    + item.subject, onclick: () => choose({ monitor: incident.monitor, window: item.window || "",
      slice: item.slice || "all", subject: item.subject || "", metric: item.metric || "" }, true) },
    item.subject || item.metric);
  return table("Evidence", [["check"], ["subject", "name"], ["slice", "name"], ["metric"], ["value", "number"],
    ["threshold", "number"], ["q-value", "number"], ["rows", "number"], ["worst slice", "name"], ["window"], ["to"]],
    rows.slice(0, 100).map((item) => [item.check, look(item), item.slice || "all", item.metric, number(item.value),
      number(item.threshold), probability(item.q_value), count(item.rows),
      item.slices_alike ? "alike in all slices" : worstOf(item.worst_slice, item.worst_value), item.window, time(item.end)]));
}

function history_(detail) {
  if (!detail) return null;
  return [
    h("h4", null, "What happened"),
    h("ol", { class: "timeline" }, detail.transitions.map((line) => h("li", null, time(line.at) + " ",
      h("strong", null, String(line.transition).replaceAll("_", " ")), " ", tier(line.tier), " ",
      (line.checks || []).join(", "), line.transition === "spread" ? " on " + some(line.subjects) + " in "
        + some(line.slices) : "", line.held ? ": " + line.held : "", line.because ? ": " + line.because : ""))),
    detail.transitions.length === 0 && h("p", { class: "empty" }, "No transition is stored."),
    detail.deliveries.length === 0 ? h("p", { class: "empty" }, "Nobody is told, by the monitor's alerts.")
      : table("Who was told", [["receiver"], ["state"], ["attempts", "number"], ["created"], ["next attempt"],
        ["last error", "name"]],
        detail.deliveries.map((item) => [item.receiver, deliveryState(item.state), count(item.attempts),
          time(item.created_at), item.next_attempt_at ? time(item.next_attempt_at) : "–", item.last_error || "–"])),
    detail.retrains.length > 0 && h("h4", null, "Retrains"),
    detail.retrains.map((item) => h("p", null, h("strong", null, item.retrain), " ",
      tier({ succeeded: "ok", approved: "ok", failed: "critical", expired: "critical", rejected: "warning" }[item.state]
        || "info", item.state), " requested " + time(item.requested_wall) + ", deadline " + time(item.deadline),
      item.answer && item.answer.model_version ? ", version " + item.answer.model_version : "",
      item.answer && item.answer.reason ? ": " + item.answer.reason : "", scorecard(item.answer))),
  ];
}
const some = (names) => (names || []).slice(0, 4).map((name) => short(name, 40)).join(", ")
  + ((names || []).length > 4 ? " and " + (names.length - 4) + " more" : "");
const deliveryState = (name) => name === "delivered" ? tier("ok", "delivered") : name === "dead"
  ? tier("critical", "given up") : tier("info", "owed");
function scorecard(answer) {
  const lines = answer && Array.isArray(answer.scorecard) ? answer.scorecard : [];
  return lines.map((line) => [" ", tier(line.passes ? "ok" : "critical", line.metric + " " + number(line.value)
    + (isNumber(line.at_least) ? " (at least " + number(line.at_least) + ")" : "")
    + (isNumber(line.at_most) ? " (at most " + number(line.at_most) + ")" : ""))]);
}

async function loadIncident(id) {
  try {
    const detail = await ask("/api/v1/incidents/" + encodeURIComponent(id));
    if (JSON.stringify(state.details.get(id)) === JSON.stringify(detail)) return;
    state.details.set(id, detail);
    renderIncidents();
  } catch (error) { fail(error); }
}
function renderMonitors() {
  const all = state.monitors || [];
  show(byId("monitors"), all.length === 0
    ? h("p", { class: "empty" }, "No monitor is configured: put a file into the monitors folder.")
    : all.map(monitorCard));
}

// A long name may go on in the next line behind any of its underscores.
const breakable = (name) => name.replaceAll("_", "_\u200b");

function monitorCard(monitor) {
  const name = monitor.monitor;
  const unjudged = monitor.checks.filter((check) => !isJudged(check));
  const word = monitor.checks.length === 0 ? tier(null, "no checks")
    : !monitor.checks.some(wasJudged) ? tier("insufficient_data", "nothing judged yet")
    : unjudged.length === monitor.checks.length ? tier("insufficient_data", "newest windows not judged")
    : tier(worst(monitor.checks.map((check) => check.tier).filter((one) => one)));
  const fact = (term, ...value) => [h("dt", null, term), h("dd", null, value)];
  return h("article", { class: "card" + (name === state.choice.monitor ? " chosen" : "") },
    h("div", { class: "row" }, h("h3", null, name), h("span", null, word,
      unjudged.length > 0 && unjudged.length < monitor.checks.length
        && h("span", { class: "why" }, unjudged.length + " of " + monitor.checks.length + " checks not judged"))),
    h("dl", { class: "facts" },
      fact("Model", monitor.task, monitor.versions.length ? ", " + monitor.versions.slice(0, 6).join(", ") : "",
        monitor.versions.length > 6 ? " and " + (monitor.versions.length - 6) + " more" : ""),
      fact("Read up to", monitor.watermark ? time(monitor.watermark) + " (" + age(monitor.watermark) + " ago)"
        : "nothing yet"),
      monitor.has_labels && fact("Labels up to", monitor.label_watermark
        ? time(monitor.label_watermark) + " (" + age(monitor.label_watermark) + " ago)" : "nothing yet"),
      fact("Baseline", count(monitor.baseline_rows) + " rows, " + short(monitor.baseline, 19)),
      monitor.open_incidents > 0 && fact("Incidents", monitor.open_incidents + " open")),
    monitor.windows.length > 0 && table("Newest windows", [["window"], ["to"], ["rows", "number"],
      monitor.has_labels && ["labelled", "number"]].filter((one) => one),
      monitor.windows.map((window) => [window.window, clock(window.end), count(window.rows), monitor.has_labels
        && share((window.performance || {}).coverage)].filter((one) => one !== false))),
    monitor.checks.length > 0 && table("Checks", [["check", "name"], ["metric and window", "name"],
      ["worst tier", "name"]], monitor.checks.map((check) => [check.check,
        breakable(check.name) + ", " + check.window, standing(check)])),
    h("p", null, h("button", { type: "button", "data-key": "monitor " + name, "aria-pressed":
      String(name === state.choice.monitor), onclick: () => choose({ monitor: name, window: "", slice: "all",
        subject: "", metric: "" }, true) }, "Look at its windows")));
}

// A check that has judged its newest windows, whatever it said, and one that has judged any, of whatever stage.
const isJudged = (check) => check.tier !== null && check.tier !== "insufficient_data";
const wasJudged = (check) => check.stages.some((judged) => judged.tier !== "insufficient_data");

// What a check says now, a line for each stage: where early and final values differ, both can be seen.
function standing(check) {
  if (check.stages.length === 0) {
    return [tier(null), h("span", { class: "why" }, check.why ? whyText(check.why, check.why_numbers)
      : "no window of " + check.window + " is closed yet")];
  }
  const one = (judged) => h("div", null, tier(judged.tier), h("span", { class: "why" },
    (check.stages.length > 1 ? judged.stage + ", " : "") + "judged up to " + clock(judged.judged_to)
      + (judged.unjudged === 0 ? "" : judged.unjudged === judged.verdicts ? ": " + whyOf(judged)
        : "; " + judged.unjudged + " of " + judged.verdicts + " not judged (" + whyOf(judged) + ")")));
  if (check.stages.length === 1) return one(check.stages[0]);
  const [word, rule] = !isJudged(check) && wasJudged(check) ? ["Newest windows not judged ", "ok is of older ones"]
    : [tierOf(check.tier)[1] + " ", "the worse of"];
  return [h("div", null, h("strong", null, word), h("span", { class: "quiet" }, rule)), check.stages.map(one)];
}
const whyOf = (judged) => (judged.verdicts > 1 ? [judged.subject, judged.slice === "all" ? "" : judged.slice]
  .filter((part) => part).map((part) => short(part, 30)).join(", ") + ": " : "") + whyText(judged.why, judged.why_numbers);

// Why there is no verdict, as a sentence says it.
function whyText(why, numbers) {
  const n = numbers || {};
  const given = (name, write) => n[name] === undefined || n[name] === null ? "" : write(n[name]);
  const counted = Object.keys(n).find((name) => name !== "needed" && name !== "due");
  const of_ = counted === undefined ? "" : " " + number(n[counted]) + given("needed", (value) => " of " + number(value));
  const words = {
    rows: () => (counted || "rows").replaceAll("_", " ") + of_,
    labels_due: () => "labels due" + given("due", (value) => " on " + day(value)),
    coverage: () => "labels for " + given("coverage", share) + " of predictions" + given("needed", (value) =>
      ", " + share(value) + " needed"),
    biased_labels: () => "the labels so far are no fair sample" + given("ks", (value) => " (ks " + number(value) + ")"),
    generation: () => n.start === undefined
      ? "not all rows of the window had been read when the next baseline began"
      : "the window began on " + day(n.start) + " before the baseline's generation"
        + given("begins", (value) => " (" + day(value) + ")"),
    reference: () => n.days !== undefined ? "the first days of production are not over:" + of_ + " days"
      : counted === "slices" ? "as many slices as there is room for have a reference" + of_
      : counted ? "the reference has too few " + counted.replaceAll("_", " ") + ":" + of_
      : "the reference is not full yet" + given("needed", (value) => " (" + number(value) + " needed)"),
    noise: () => "limit" + given("limit", (value) => " " + number(value)) + " is below twice the noise"
      + given("noise", (value) => " (noise " + number(value) + ")"),
    no_baseline: () => "the baseline has fewer than 1,000 rows of this slice",
    outlying: () => "too many values far outside the baseline" + given("outlying", (value) => " (" + count(value) + ")"),
    learning: () => "still learning what is usual",
    undefined: () => "the metric is not defined for these rows",
  };
  return why in words ? words[why]() : why ? String(why).replaceAll("_", " ") : "no reason given";
}

// What the header says where no incident is open. Quiet is only what was judged.
function quietText(monitors) {
  const checks = monitors.flatMap((monitor) => monitor.checks);
  if (checks.length === 0) return ["No checks: nothing is judged", "insufficient_data"];
  const open = checks.filter((check) => !isJudged(check));
  const bad = worst(checks.map((check) => check.tier));
  if (tierOf(bad)[3] > 1) {
    const firing = checks.filter((check) => check.tier === bad).length;
    return [firing + (firing === 1 ? " check says " : " checks say ") + tierOf(bad)[1] + ", no incident is open", bad];
  }
  if (open.length === 0) return ["All quiet", "ok"];
  const due = open.filter((check) => check.why === "labels_due" && check.why_numbers).map((check) => check.why_numbers.due)
    .sort()[0];
  const silent = open.filter((check) => check.tier === null && check.why !== "labels_due").length;
  const first = open.find((check) => check.why && check.why !== "labels_due");
  const reasons = [due && "labels due on " + day(due), silent > 0 && silent + " without a verdict yet",
    first && whyText(first.why, first.why_numbers)].filter((one) => one);
  const said = open.length + " of " + checks.length + " checks " + (open.length === 1 ? "has" : "have") + " insufficient data"
    + (reasons.length > 0 ? " (" + reasons.join("; ") + ")" : "");
  return !checks.some(wasJudged) ? ["Nothing judged yet: " + said, "insufficient_data"]
    : ["No alarm, but not all is judged: " + said, "insufficient_data"];
}

function renderOverall() {
  const open = (state.incidents || []).filter((incident) => incident.state !== "resolved");
  const top = worst(open.map((incident) => incident.tier));
  const ready = !state.ready || state.ready.ready;
  const incidents = open.length + (open.length === 1 ? " incident is open" : " incidents are open");
  const [text, name] = state.failure ? [state.failure, "critical"]
    : !ready ? ["Not ready" + (open.length > 0 ? ", " + incidents : ""), "critical"]
    : open.length > 0 ? [incidents, top]
    : state.incidents && state.monitors ? quietText(state.monitors) : ["Loading…", null];
  const pill = tier(name, text + (open.length > 0 && !state.failure ? ", worst " + tierOf(top)[1] : ""));
  if (byId("overall").textContent !== pill.textContent) show(byId("overall"), pill);
  document.title = (open.length > 0 || !ready || state.failure ? tierOf(name)[0] + " " + text + " – " : "") + "Leeway";
  byId("readiness").hidden = ready;
  if (!ready) {
    show(byId("conditions"), state.ready.conditions.filter((one) => !one.holds).map((one) =>
      h("li", null, h("strong", null, one.name), ": ", one.detail || "does not hold")));
  }
}
function renderInstances() {
  const { instances, unowned } = state.instances;
  const rows = [];
  for (const one of instances) {
    const place = one.host + " (" + one.process + ")" + (one.answering ? ", this one" : "");
    for (const partition of one.partitions) rows.push([place, ...partitionCells(partition)]);
    if (one.partitions.length === 0) rows.push([place, "none", "–", "–", "–", "–"]);
  }
  for (const partition of unowned) rows.push(["nobody", ...partitionCells(partition)]);
  byId("instances-section").hidden = rows.length === 0;
  show(byId("instances"), table(rows.length > 200
    ? "200 of " + count(rows.length) + " partitions" : "Partitions", [["instance", "name"],
    ["partition", "name"], ["monitor", "name"], ["position", "number"], ["lag", "number"], ["read up to"]],
    rows.slice(0, 200)));
}
const partitionCells = (one) => [one.topic + "[" + one.partition + "]", one.monitor, count(one.position), count(one.lag),
  (one.watermark ? clock(one.watermark) : "–") + (one.idle ? ", idle" : "")];
// What lines have is the API's to say: /api/v1/monitors/{monitor} lists it.
const metricsOf = () => (state.detail && state.detail.metrics) || [];
const metricNamed = (name) => metricsOf().find((metric) => metric.name === name);
const valueOf = (line, metric) => metric ? metric.path.reduce((value, name) =>
  value !== null && typeof value === "object" ? value[name] : undefined, line) : undefined;
const inWords = (metric, value) => metric && metric.unit === "ratio" ? share(value) : number(value);
const stageOf = (line) => line.stage || "final";
// Against which part of the baseline a slice is compared.
const againstOf = (line) => line.against === "slice" ? "the baseline's rows of this slice" : "the whole baseline";
const MOST_ROWS = 200;
const OVER_TIME = 120;

const current = () => (state.monitors || []).find((one) => one.monitor === state.choice.monitor);

function choose(change, scroll) {
  Object.assign(state.choice, change);
  state.series = null;
  state.histogram = null;
  state.judged = null;
  state.looked = null;
  state.unknown = [];
  if ("monitor" in change) state.detail = null;
  writeAddress();
  renderMonitors();
  renderExplore();
  loadExplore();
  if (scroll) byId("explore").scrollIntoView({ block: "start" });
}

// What a link names and the monitor has not is said, since something else is shown for it.
function replaceChoice(name, value) {
  if (state.choice[name]) state.unknown.push(name + " \"" + short(state.choice[name], 60) + "\"");
  state.choice[name] = value;
}

// Fills what is not chosen yet with what the monitor has.
function settleChoice(monitor) {
  const choice = state.choice;
  const windows = monitor.definitions.map((window) => window.window);
  if (!windows.includes(choice.window)) replaceChoice("window", windows[0] || "");
  const subjects = subjectsOf(monitor);
  if (!subjects.includes(choice.subject)) replaceChoice("subject", subjects[subjects.length - 1]);
  if (!choice.slice) choice.slice = "all";
  // Names of another monitor are not thrown away before this one's are known.
  if (!choice.metric || (metricsOf().length > 0 && !metricNamed(choice.metric))) {
    const check = monitor.checks.find((one) => one.window === choice.window && (metricsOf().length === 0
      || metricNamed(one.name)));
    replaceChoice("metric", check && metricNamed(check.name) ? check.name : "psi");
  }
}
const subjectsOf = (monitor) => [...monitor.subjects.map((one) => one.name), monitor.output];

async function loadExplore() {
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
    state.series = lines.map((line) => ({ at: Date.parse(line.end), value: valueOf(line, metric),
      final: line.final !== false, stage: stageOf(line), line }));
    state.judged = lines.length > 0 ? await verdictsOf(monitor, choice, metric, lines) : [];
    if (!still()) return;
    state.histogram = window ? await ask(monitorPath(choice.monitor) + "/histogram"
      + query({ window: choice.window, slice: choice.slice, subject: choice.subject }), 400, 404) : null;
    if (still()) renderExplore();
  } catch (error) { fail(error); }
}

const isOfLabels = (metric) => metric && metric.line === "performance";
// The subject whose lines have a metric: estimates stand with the model's output.
const subjectOf = (monitor, choice, metric) => isOfLabels(metric) ? "" : metric && metric.subjects === "output"
  ? monitor.output : choice.subject;

// The newest lines: what ends within the last hundred or so steps of the window.
async function seriesLines(choice, metric, detail) {
  const subject = subjectOf(detail, choice, metric);
  const known = (isOfLabels(metric) ? detail.performance : detail.drift).filter((line) => line.window === choice.window);
  const here = known.filter((line) => line.slice === choice.slice && (isOfLabels(metric) || line.subject === subject));
  // A slice that has had no rows of late may have had some before.
  const newest = here.length > 0 ? here : known;
  if (newest.length === 0) return [];
  const ends = newest.map((line) => Date.parse(line.end));
  const definition = detail.definitions.find((one) => one.window === choice.window);
  const from = Math.max(...ends) - OVER_TIME * (definition ? definition.every_ms : 3600000);
  const lines = (since) => ask("/api/v1/results" + query({ monitor: choice.monitor, window: choice.window,
    type: metric.line, slice: choice.slice, subject, from: new Date(Math.max(since, 0)).toISOString(), limit: 1000 }), 400);
  let answer = await lines(from);
  // A link may name what there is not: the distribution beside it says what.
  if (!answer.results) return [];
  if (answer.results.length === 0 && here.length === 0) answer = await lines(0);
  return answer.results.map((line, index) => ({ ...line, revision: answer.revisions[index] }));
}

// What checks said of the metric in these windows, the newest first.
async function verdictsOf(monitor, choice, metric, lines) {
  const answer = await ask("/api/v1/results" + query({ monitor: choice.monitor, window: choice.window, type: "verdict",
    slice: choice.slice, from: lines[0].end, limit: 1000 }));
  const subject = subjectOf(monitor, choice, metric);
  // A metric with a place has it in its name; a verdict has the plain metric.
  const checks = monitor.checks.filter((check) => check.name === choice.metric).map((check) => check.check);
  const mine = answer.results.filter((line) => checks.includes(line.check)
    && (isOfLabels(metric) || metric.family === "estimate" || metric.family === "traffic" || line.subject === subject));
  return mine.reverse().slice(0, 20);
}

// A verdict is given once; what its window says now may differ, since labels still come.
function verdictTable() {
  const judged = state.judged || [];
  if (judged.length === 0) return null;
  const metric = metricNamed(state.choice.metric);
  const place = (line) => line.end + " " + stageOf(line);
  const now = new Map((state.series || []).map((point) => [place(point.line), point]));
  const staged = judged.some((line) => stageOf(line) === "early");
  return table("Verdicts on " + state.choice.metric + ", the newest first: as judged, and as it is now",
    [["to"], staged && ["stage"], ["check"], ["subject", "name"], ["tier"], ["why", "name"], ["against"],
      ["judged", "number"], ["now", "number"], ["revisions", "number"], ["limit", "number"],
      ["worst slice", "name"]].filter((one) => one),
    judged.map((line) => {
      const point = now.get(place(line));
      // A distance from the first days of production stands beside the one from the baseline.
      const beside = point && line.reference && point.line.references ? point.line.references[line.reference] : null;
      const shown = point && (beside && metric.name in beside ? beside[metric.name] : point.value);
      const moved = point && isNumber(line.value) && isNumber(shown) && shown !== line.value;
      return [clock(line.end), staged && stageOf(line), line.check, line.subject, tier(line.tier),
        line.tier === "insufficient_data" ? whyText(line.why, line.why_numbers) : "",
        line.reference || (line.against === "slice" ? "slice" : line.against ? "whole baseline" : "no baseline"),
        inWords(metric, line.value), point ? inWords(metric, shown) + (moved ? " (revised)" : "") : "no line now",
        point ? count(point.line.revision) : "no line now", inWords(metric, line.threshold),
        line.worst_slice === null ? "alike in all slices"
          : worstOf(line.worst_slice && line.worst_slice.slice, line.worst_slice && line.worst_slice.value)]
        .filter((one) => one !== false);
    }));
}
const worstOf = (slice, value) => slice ? slice + (isNumber(value) ? " (" + number(value) + ")" : "") : "–";

// The reliability table of the window that was clicked, or of the newest.
function calibrationOf(newest) {
  const points = (state.series || []).filter((point) => point.line.type === "performance"
    && Array.isArray(point.line.reliability));
  const looked = points.find((point) => point.at === state.looked);
  const line = looked ? looked.line : newest;
  if (!line) return [];
  const bins = (line.reliability || []).filter((bin) => Array.isArray(bin) && bin.length >= 3 && bin.every(isNumber));
  if (bins.length === 0) return [];
  const metrics = line.metrics || {};
  return [reliabilityChart(line), h("div", { class: "chart" }, h("h3", null, "Calibration"),
    h("p", { class: "quiet" }, "ECE " + number(metrics.ece) + ", slope " + number(metrics.calibration_slope)
      + ", intercept " + number(metrics.calibration_intercept) + "; window to " + time(line.end)
      + (points.length > 1 ? ". A click on a point over time shows that window." : ".")),
    table("Reliability by score", [["rows", "number"], ["mean score", "number"], ["positive", "number"]],
      bins.map((bin) => [count(bin[0]), number(bin[1]), share(bin[2])])))];
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
  return monitor.checks.filter((check) => check.name === state.choice.metric && check.window === state.choice.window
    && check.on !== "comparison" && (anywhere || watches(check, monitor, state.choice.subject)))
    .flatMap((check) => check.limits).filter((limit) => isNumber(limit.value) && !limit.side.startsWith("max_"));
}

function select(name, label, values, value, onchange) {
  return h("label", null, label, h("select", { "data-key": "choice " + name, onchange: (event) =>
    onchange(event.target.value) }, values.map((one) => h("option", { value: one, selected: one === value },
      short(one, 60)))));
}
// By family, with what each says on hover.
function metricSelect(value, onchange) {
  const all = metricsOf();
  const families = [...new Set(all.map((metric) => metric.family))];
  const option = (metric) => h("option", { value: metric.name, selected: metric.name === value,
    title: metric.description }, metric.name.replaceAll("_", " "));
  return h("label", null, "Metric over time", h("select", { "data-key": "choice metric",
    onchange: (event) => onchange(event.target.value) }, all.length === 0
    ? h("option", { value, selected: true }, value.replaceAll("_", " "))
    : families.map((family) => h("optgroup", { label: family }, all.filter((metric) => metric.family === family)
      .map(option)))));
}
function field(name, label) {
  return h("label", null, label, h("input", { type: "search", "data-key": "filter " + name, value: state.filter[name],
    placeholder: "any", oninput: (event) => { state.filter[name] = event.target.value; renderTables(); } }));
}

function renderExplore() {
  const monitor = current();
  byId("explore").hidden = !monitor;
  if (!monitor) return;
  settleChoice(monitor);
  const choice = state.choice;
  const detail = state.detail;
  byId("explore-title").textContent = "Windows of " + monitor.monitor;
  const failed = (state.incidents || []).filter((one) => one.monitor === monitor.monitor)
    .flatMap((one) => Array.isArray(one.evidence) ? one.evidence.map((item) => item.slice || "all") : []);
  const slices = [...new Set(["all", choice.slice, ...(detail ? detail.drift.map((line) => line.slice) : []), ...failed])];
  show(byId("choices"),
    state.unknown.length > 0 && h("p", { class: "trouble" }, "There is no " + state.unknown.join(" and no ")
      + "; this is shown instead."),
    select("monitor", "Monitor", state.monitors.map((one) => one.monitor), choice.monitor, (value) =>
      choose({ monitor: value, window: "", slice: "all", subject: "", metric: "" })),
    select("window", "Window", monitor.definitions.map((one) => one.window), choice.window, (window) => choose({ window })),
    select("slice", "Slice", slices, choice.slice, (slice) => choose({ slice })),
    select("subject", "Subject", subjectsOf(monitor), choice.subject, (subject) => choose({ subject })),
    metricSelect(choice.metric, (metric) => choose({ metric })));
  // Of two stages the final one: it is of all labels.
  const lines = detail ? detail.performance.filter((one) => one.window === choice.window && one.slice === choice.slice) : [];
  const line = lines.find((one) => stageOf(one) === "final") || lines[0];
  const metric = metricNamed(choice.metric);
  const subject = subjectOf(monitor, choice, metric);
  show(byId("charts"),
    state.histogram && state.histogram.bins ? histogramChart(state.histogram)
      : h("div", { class: "chart" }, h("h3", null, "Distribution of " + choice.subject), h("p", { class: "empty" },
        state.histogram ? said(state.histogram) : detail ? "Loading…" : "No window is closed yet.")),
    state.series && seriesChart(choice.metric + (subject ? " of " + subject : ""), metric, state.series,
      limitsOf(monitor), subject),
    calibrationOf(line));
  renderTables();
}

function renderTables() {
  const detail = state.detail;
  if (!detail) { show(byId("tables")); return; }
  const choice = state.choice;
  const has = (text, part) => String(text || "").toLowerCase().includes(part.toLowerCase());
  // Within city=porto the city is porto: that is no drift, and would head the list.
  const drift = detail.drift.filter((line) => line.window === choice.window && has(line.slice, state.filter.slice)
    && has(line.subject, state.filter.subject) && !line.slice.startsWith(line.subject + "="));
  drift.sort((a, b) => ((b.metrics || {}).psi || 0) - ((a.metrics || {}).psi || 0));
  const performance = detail.performance.filter((line) => line.window === choice.window
    && has(line.slice, state.filter.slice));
  const shown = detail.metrics.filter((one) => one.line === "performance" && one.path.length > 1
    && performance.some((line) => isNumber(valueOf(line, one))));
  const staged = performance.some((line) => stageOf(line) === "early");
  const pick = (line) => h("button", { class: "link", type: "button", "data-key": "pick " + line.slice + " "
    + line.subject, onclick: () => choose({ slice: line.slice, subject: line.subject }) }, line.subject);
  const metric = (line, name) => number((line.metrics || {})[name]);
  const more = (all) => all.length > MOST_ROWS ? ", the first " + MOST_ROWS + " of " + all.length : "";
  show(byId("tables"),
    h("div", { class: "choices" }, field("slice", "Slice holds"), field("subject", "Subject holds")),
    drift.length === 0 ? h("p", { class: "empty" }, "No drift line matches.")
      : table("Newest drift lines of window " + choice.window + ", largest psi first" + more(drift)
        + (detail.truncated ? "; the API has more" : ""),
        [["subject", "name"], ["slice", "name"], ["against"], ["to"], ["rows", "number"], ["psi", "number"], ["noise", "number"],
          ["ks", "number"], ["Jensen–Shannon", "number"], ["missing", "number"], ["invalid", "number"],
          ["unseen", "number"], ["outside", "number"], ["mean", "number"]],
        drift.slice(0, MOST_ROWS).map((line) => [pick(line), line.slice,
          line.against === "slice" ? "slice" : "all", clock(line.end), count(line.rows),
          metric(line, "psi"), metric(line, "psi_noise"), metric(line, "ks"), metric(line, "jensen_shannon"),
          share(line.metrics.missing_ratio), share(line.metrics.invalid_ratio), share(line.metrics.unseen_ratio),
          share(line.metrics.outside_ratio), metric(line, "mean")]),
        (index) => drift[index].slice === choice.slice && drift[index].subject === choice.subject),
    performance.length > 0 && table("Newest performance lines of window " + choice.window + more(performance),
      [["slice", "name"], ["to"], staged && ["stage"], ["predictions", "number"], ["labelled", "number"],
        ["coverage", "number"], ["all labels in"], ...shown.map((one) => [one.name.replaceAll("_", " "), "number"])]
        .filter((one) => one),
      performance.slice(0, MOST_ROWS).map((line) => [line.slice, clock(line.end), staged && stageOf(line),
        count(line.predictions), count(line.labelled), share(line.coverage), line.final ? "yes" : "not yet",
        ...shown.map((one) => inWords(one, valueOf(line, one)))].filter((one) => one !== false))),
    comparisonTable(detail),
    verdictTable());
}

// The challenger beside the champion, in the slice that was chosen.
function comparisonTable(detail) {
  const lines = detail.comparison.filter((line) => line.window === state.choice.window
    && line.slice === state.choice.slice);
  const found = lines.find((line) => line.subject === "performance");
  const outputs = lines.find((line) => line.subject !== "performance");
  const rows = found ? Object.entries(found.differences) : [];
  if (rows.length === 0 && !outputs) return null;
  const any = found || outputs;
  const distance = outputs && ["psi", "ks", "total_variation"].filter((name) => isNumber(outputs.metrics[name]))
    .map((name) => name.replaceAll("_", " ") + " " + number(outputs.metrics[name])).join(", ");
  const worse = (one) => one.lower > 0 ? "higher" : one.upper < 0 ? "lower" : "not told apart";
  return [h("h4", null, "Challenger " + any.challenger + " beside champion " + any.champion),
    outputs && h("p", { class: "quiet" }, "Outputs of the window to " + time(outputs.end) + ": " + distance + "; "
      + count(outputs.rows.challenger) + " rows beside " + count(outputs.rows.champion) + "."),
    rows.length > 0 && table("Performance in the window to " + time(found.end) + (found.final ? "" : ", not final") + ": "
      + (found.paired ? count(found.labelled.pairs) + " labelled pairs" : count(found.labelled.challenger)
        + " labelled rows beside " + count(found.labelled.champion)),
      [["metric", "name"], ["champion", "number"], ["challenger", "number"], ["difference", "number"],
        ["99 % interval", "number"], ["p-value", "number"], ["challenger is", "name"], ["method", "name"]],
      rows.map(([name, one]) => [name.replaceAll("_", " "), number(one.champion), number(one.challenger),
        number(one.difference), number(one.lower) + " to " + number(one.upper), probability(one.p_value), worse(one),
        one.method.replaceAll("_", " ")]))];
}
const EVERY = 2000;
let turns = 0;
let newestEnds = "";

function fail(error) {
  const trouble = byId("trouble");
  byId("token").hidden = error.status !== 401;
  if (error.status === 401) {
    sessionStorage.removeItem("leeway-token");
    state.failure = null;
    trouble.hidden = true;
    return;
  }
  state.failure = error.status ? "No answer" : "Cannot be reached";
  trouble.hidden = false;
  trouble.textContent = error.status
    ? "The service refused: " + error.message
    : "The service cannot be reached. What is shown is as of "
      + (state.answered ? new Date(state.answered).toISOString().slice(11, 19) : "never") + " UTC; asking again…";
  renderOverall();
}

function update(name, value, render) {
  const text = JSON.stringify(value);
  if (state["text " + name] === text) return;
  state["text " + name] = text;
  state[name] = value;
  render();
}

async function turn() {
  try {
    const [ready, monitors, incidents, instances] = await Promise.all([ask("/readyz", 503), ask("/api/v1/monitors"),
      ask("/api/v1/incidents?limit=200"), ask("/api/v1/instances")]);
    state.failure = null;
    state.answered = now();
    byId("trouble").hidden = true;
    byId("token").hidden = true;
    update("ready", ready, () => {});
    update("monitors", monitors.monitors, renderMonitors);
    update("incidents", incidents.incidents, renderIncidents);
    update("instances", instances, renderInstances);
    renderOverall();
    byId("fresh").textContent = "as of " + new Date(now()).toISOString().slice(11, 19) + " UTC";
    if (!current() && state.monitors.length > 0) {
      // What the link is about, else what burns, is shown first.
      const linked = state.incidents.find((incident) => state.opened.has(incident.incident));
      const open = linked || [...state.incidents].sort(byTrouble).find((incident) => incident.state !== "resolved");
      const worstOf = open && Array.isArray(open.evidence) && open.evidence[0];
      const shown = open && state.monitors.some((one) => one.monitor === open.monitor) ? open.monitor
        : state.monitors[0].monitor;
      replaceChoice("monitor", shown);
      if (worstOf && state.choice.monitor === open.monitor) {
        for (const name of ["window", "slice", "subject", "metric"]) state.choice[name] = worstOf[name] || "";
      }
      renderMonitors();
    }
    // Windows are looked at again when one has closed, and now and then because labels come late.
    const ends = JSON.stringify((current() || {}).windows || []);
    if (ends !== newestEnds || turns % 15 === 0) { newestEnds = ends; renderExplore(); await loadExplore(); }
    // The ages in words move on even where nothing else does.
    if (turns % 15 === 14) { renderMonitors(); renderIncidents(); }
    for (const id of state.opened) await loadIncident(id);
    turns += 1;
  } catch (error) { fail(error); }
  setTimeout(turn, EVERY);
}

byId("token").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem("leeway-token", byId("token-field").value.trim());
  byId("token-field").value = "";
});

readAddress();
turn();
})();
