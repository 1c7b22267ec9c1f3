// One monitor: what is wrong with it, its subjects over time, its checks, and its windows.

import { go, here, hrefOf, setQuery } from "../parts/address.js";
import { ask, monitorPath, query } from "../parts/api.js";
import { isJudged, standing } from "../parts/checks.js";
import { heatmap } from "../charts/heatmap.js";
import { wholeWidth } from "../charts/figure.js";
import { byId, h, show, showFor, table, when } from "../parts/elements.js";
import { byTrouble } from "../parts/evidence.js";
import { loadExplore, renderExplore } from "../parts/explore.js";
import { needOf } from "../parts/need.js";
import { forget, readChoice, rowOf, settleChoice, state, textOf, update } from "../parts/state.js";
import { tier } from "../parts/tiers.js";
import { breakable, count, share, short, some } from "../parts/words.js";
import { item } from "./incidents.js";

const RANGES = [["", "336 windows"], ["1", "a day"], ["7", "7 days"], ["30", "30 days"]];
const DAY = 86400000;
// As the API has it: so many windows at most.
const MOST_STEPS = 2352;
let missing = "";
let newestEnds = "";
let asked = "";

export const monitor = {
  title: () => here.id,
  frame: () => {
    forget("detail", "series", "histogram", "judged", "tiers", "monitorIncidents");
    missing = newestEnds = asked = "";
    return [
      h(
        "div",
        { id: "monitor-head" },
        h("h1", { tabindex: -1, "data-key": "title" }, here.id),
        h("p", null, "Loading…"),
      ),
      h("div", { id: "monitor-incidents" }),
      h("div", { id: "monitor-tiers" }),
      h("div", { id: "monitor-checks" }),
      h(
        "section",
        { id: "explore", "aria-labelledby": "explore-title", hidden: true },
        h("h2", { id: "explore-title" }, "Windows"),
        h("div", { id: "choices", class: "choices" }),
        h("div", { id: "charts", class: "charts" }),
        h("div", { id: "tables" }),
      ),
    ];
  },
  render,
  refresh: () => state.detail && !missing && renderHead(state.detail),
  load,
};

async function load(turns = 0) {
  const stamp = here.stamp;
  const row = rowOf(here.id);
  // Windows are looked at again when one has closed, and now and then because labels come late.
  const ends = JSON.stringify([row && row.traffic, row && row.windows, row && row.incidents]);
  const isDue = ends !== newestEnds || turns % 15 === 0 || !state.detail;
  if (isDue) {
    newestEnds = ends;
    const detail = await ask(monitorPath(here.id), 404);
    if (stamp !== here.stamp) return;
    missing = detail.monitor ? "" : detail.detail + (detail.fix ? " " + detail.fix : "");
    if (missing) return render();
    const { incidents } = await ask("/api/v1/incidents" + query({ monitor: here.id, limit: 20 }), 400);
    if (stamp !== here.stamp) return;
    update("monitorIncidents", incidents || []);
    update("detail", detail);
    readChoice();
    settleChoice(detail);
    render();
  }
  if (missing) return;
  const wanted = JSON.stringify([here.query, state.choice.window]);
  if (!isDue && wanted === asked) return;
  if (wanted !== asked) {
    const before = seriesOf(state.choice);
    readChoice();
    settleChoice(state.detail);
    // What is shown is of what was chosen before; another window of the same is no other series.
    if (before !== seriesOf(state.choice)) Object.assign(state, { series: null, histogram: null, judged: null });
    renderExplore();
    asked = JSON.stringify([here.query, state.choice.window]);
  }
  await Promise.all([loadTiers(stamp), loadExplore(stamp)]);
}

const seriesOf = (choice) => JSON.stringify({ ...choice, end: "" });

async function loadTiers(stamp) {
  const days = Number(here.query.days) || 0;
  const newest = state.detail.windows.find((one) => one.window === state.choice.window);
  const last = newest ? Date.parse(newest.end) : Date.parse(state.detail.watermark || "");
  const from = days > 0 && last ? new Date(last - days * DAY).toISOString() : "";
  const answer = await ask(monitorPath(here.id) + "/tiers" + query({ window: state.choice.window, from }), 400);
  if (stamp !== here.stamp) return;
  if (update("tiers", answer)) renderTiers();
}

function render() {
  if (missing) {
    show(
      byId("monitor-head"),
      h("h1", { tabindex: -1, "data-key": "title" }, "No such monitor"),
      h("p", { class: "trouble" }, missing),
      h("p", null, h("a", { href: hrefOf("fleet") }, "All monitors")),
    );
    return;
  }
  if (!state.detail) return;
  renderHead(state.detail);
  renderIncidents();
  renderTiers();
  renderChecks(state.detail);
  renderExplore();
}

function renderHead(detail) {
  const row = rowOf(detail.monitor);
  const need = row ? needOf(row) : null;
  const fact = (term, ...value) => h("div", null, h("dt", null, term), h("dd", null, value));
  show(
    byId("monitor-head"),
    h("p", { class: "crumbs" }, h("a", { href: hrefOf("fleet") }, "Fleet"), " / ", detail.monitor),
    h("h1", { tabindex: -1, "data-key": "title" }, breakable(detail.monitor)),
    need && h(
      "p",
      { class: "lead row" },
      tier(need.tier, need.word),
      h("span", null, need.text),
      need.incident && h("a", { href: hrefOf("incident", need.incident.incident) }, "Open the incident"),
    ),
    h(
      "dl",
      { class: "numbers-line" },
      fact("model", detail.task + (detail.versions.length > 0 ? ", " + some(detail.versions) : "")),
      fact(
        "read up to",
        detail.watermark ? [when(detail.watermark), " (", when(detail.watermark, "ago"), ")"] : "nothing yet",
      ),
      detail.has_labels && fact(
        "labels up to",
        detail.label_watermark
          ? [when(detail.label_watermark), " (", when(detail.label_watermark, "ago"), ")"]
          : "nothing yet",
      ),
      detail.windows.map((window) =>
        fact(
          "window " + window.window,
          count(window.rows) + " rows to ",
          when(window.end, "clock"),
          detail.has_labels && window.performance ? ", " + share(window.performance.coverage) + " labelled" : "",
        )
      ),
      fact("baseline", count(detail.baseline_rows) + " rows, " + short(detail.baseline, 19)),
      detail.draining.length > 0 && fact(
        "earlier baseline",
        "windows up to ",
        when(detail.draining.at(-1).until),
        " wait for labels up to ",
        when(detail.draining.at(-1).due),
      ),
    ),
  );
}

function renderIncidents() {
  const all = [...(state.monitorIncidents || [])].sort(byTrouble);
  const open = all.filter((one) => one.state !== "resolved");
  const shown = open.length > 0 ? open : all.slice(0, 1);
  show(
    byId("monitor-incidents"),
    h("h2", null, open.length > 0 ? "Open incidents" : all.length > 0 ? "Last incident" : "Incidents"),
    shown.length > 0
      ? h("ul", { class: "incidents" }, shown.map(item))
      : h("p", { class: "empty" }, "There has been none."),
    all.length > shown.length &&
      h("p", null, h("a", { href: hrefOf("incidents", "", { monitor: here.id }) }, "All its incidents")),
  );
}

function renderTiers() {
  const map = state.tiers;
  if (!map || !state.detail) {
    show(byId("monitor-tiers"));
    return;
  }
  const days = here.query.days || "";
  const pills = h(
    "div",
    { class: "pills", role: "group", "aria-label": "How far back" },
    RANGES.filter(([value]) => Number(value) * DAY <= MOST_STEPS * stepOf()).map(([value, words]) =>
      h("button", {
        type: "button",
        class: "pill",
        "data-key": "days " + value,
        "aria-pressed": String(value === days),
        onclick: () => setQuery({ days: value }),
      }, words)
    ),
  );
  const width = wholeWidth("monitor-tiers");
  showFor(byId("monitor-tiers"), textOf("tiers") + JSON.stringify([days, state.choice, width]), () => [
    h("div", { class: "row spread" }, h("h2", null, "Where and when"), pills),
    map.rows ? heatmap(map, state.choice, width, pick) : h("p", { class: "empty" }, map.detail + " " + (map.fix || "")),
  ]);
}

// From one window to the next.
function stepOf() {
  const definition = state.detail.definitions.find((one) => one.window === state.choice.window);
  return definition ? definition.every_ms : 3600000;
}

// A cell leads to its subject and window below.
function pick(row, end) {
  const check = row.check && state.detail.checks.find((one) => one.check === row.check);
  const of = row.subject
    ? { subject: row.subject, metric: metricFor(row.subject) }
    : { metric: check ? check.name : "" };
  go(hrefOf("monitor", here.id, { ...here.query, ...state.choice, slice: "", ...of, end }));
  byId("explore").scrollIntoView({ block: "start" });
}
// What a check on distances of the subject looks at.
function metricFor(subject) {
  const check = state.detail.checks.find((one) =>
    one.window === state.choice.window && (one.on.split(", ").includes(subject) ||
      (subject === state.detail.output ? one.on === "output" : /^features/.test(one.on)))
  );
  return check ? check.name : "psi";
}

function renderChecks(detail) {
  const unjudged = detail.checks.filter((check) => !isJudged(check)).length;
  show(
    byId("monitor-checks"),
    h("h2", null, "Checks"),
    detail.checks.length === 0 ? h("p", { class: "empty" }, "The monitor has no checks; nothing is judged.") : table(
      unjudged > 0 ? unjudged + " of " + detail.checks.length + " not judged" : "All are judged",
      [["check", "name"], ["on", "name"], ["metric", "name"], ["window"], ["limits", "name"], ["now", "name"]],
      detail.checks.map((check) => [
        h("strong", null, breakable(check.check)),
        check.on,
        breakable(check.name),
        check.window,
        limitsText(check),
        standing(check, detail),
      ]),
    ),
  );
}
function limitsText(check) {
  const sides = { above: "above ", below: "below ", beyond: "beyond ±", max_drop: "drop of ", max_rise: "rise of " };
  const limits = check.limits.map((limit) =>
    limit.tier + " " + (sides[limit.side] || limit.side + " ") +
    (typeof limit.share === "number" ? share(limit.share) : limit.value)
  );
  const budgets = (check.budgets || []).map((one) => one.tier + " " + one.alarms + " a " + one.period);
  return [...limits, ...budgets].join("; ");
}
