// Champion beside challenger: which is better, by how much, and how sure that is.

import { here, hrefOf, setQuery } from "../parts/address.js";
import { ask, monitorPath, query } from "../parts/api.js";
import { byId, exact, h, show, showFor, table, when } from "../parts/elements.js";
import { gapInWords, inWords } from "../parts/lines.js";
import { forget, metricNamed, rowOf, state, textOf, update } from "../parts/state.js";
import { differencesChart } from "../charts/differences.js";
import { wholeWidth } from "../charts/figure.js";
import { whisker } from "../charts/whisker.js";
import { breakable, count, isNumber, metricWords, number, probability, short, some } from "../parts/words.js";

const MOST_STEPS = 120;
let missing = "";
let newestEnds = "";

export const compare = {
  title: () => here.id + ", versions compared",
  frame: () => {
    forget("detail", "compared");
    missing = newestEnds = "";
    return [
      h(
        "div",
        { id: "compare-head" },
        h("h1", { tabindex: -1, "data-key": "title" }, here.id),
        h("p", null, "Loading…"),
      ),
      h("div", { id: "compare-choices", class: "choices" }),
      h("div", { id: "compare-metrics" }),
      h("div", { id: "charts", class: "charts" }),
      h("div", { id: "compare-slices" }),
      h("div", { id: "compare-outputs" }),
    ];
  },
  render,
  refresh: () => {},
  load,
};

async function load(turns = 0) {
  const stamp = here.stamp;
  const row = rowOf(here.id);
  const ends = JSON.stringify([row && row.windows, here.query]);
  // Differences are worked out again while labels come.
  if (ends === newestEnds && turns % 15 !== 0 && state.detail) return;
  newestEnds = ends;
  const detail = await ask(monitorPath(here.id), 404);
  if (stamp !== here.stamp) return;
  missing = detail.monitor ? "" : detail.detail + (detail.fix ? " " + detail.fix : "");
  let isNew = !missing && update("detail", detail);
  if (!missing && lines().length > 0) {
    const choice = chosen();
    const answer = await ask(
      "/api/v1/results" + query({
        monitor: here.id,
        type: "comparison",
        window: choice.window,
        slice: choice.slice,
        subject: "performance",
        from: new Date(Math.max(0, newestEnd(choice) - MOST_STEPS * stepOf(choice))).toISOString(),
        limit: 1000,
      }),
      400,
    );
    if (stamp !== here.stamp) return;
    isNew = update("compared", answer.results || []) || isNew;
  }
  if (isNew || missing) render();
}

const lines = () => state.detail.comparison || [];
const newestEnd = ({ window }) =>
  Math.max(0, ...lines().filter((line) => line.window === window).map((line) => Date.parse(line.end)));
function stepOf({ window }) {
  const definition = state.detail.definitions.find((one) => one.window === window);
  return definition ? definition.every_ms : 3600000;
}

// What is shown: as the address asks, where there is that.
function chosen() {
  const windows = [...new Set(lines().map((line) => line.window))];
  const window = windows.includes(here.query.window) ? here.query.window : windows[0];
  const slices = [...new Set(performanceOf(window).map((line) => line.slice))];
  const slice = slices.includes(here.query.slice)
    ? here.query.slice
    : slices.includes("all")
    ? "all"
    : slices[0] || "all";
  const line = performanceOf(window).find((one) => one.slice === slice);
  const metrics = line ? Object.keys(line.differences || {}) : [];
  const metric = metrics.includes(here.query.metric) ? here.query.metric : metrics[0] || "";
  const asked = ["window", "slice", "metric"].filter((name) =>
    here.query[name] && here.query[name] !== { window, slice, metric }[name]
  );
  return { windows, window, slices, slice, metrics, metric, line, asked };
}
const performanceOf = (window) => lines().filter((line) => line.window === window && line.subject === "performance");

// +1: the challenger is better, −1: it is worse, 0: not told apart; null: neither side is better.
function standing(name, one) {
  const apart = one.lower > 0 ? 1 : one.upper < 0 ? -1 : 0;
  const { direction, two_sided: isTwoSided } = metricNamed(name) || {};
  if (apart === 0) return 0;
  // A rate that has changed is no better or worse for that.
  if (isTwoSided) return null;
  return direction === "below" ? apart : direction === "above" ? -apart : null;
}
const STYLES = new Map([[1, "ok"], [-1, "critical"], [0, ""], [null, "info"]]);
const WORDS = new Map([[1, "✓ better"], [-1, "◆ worse"], [0, "not told apart"], [null, "● differs"]]);

function render() {
  if (missing) {
    show(
      byId("compare-head"),
      h("h1", { tabindex: -1, "data-key": "title" }, "No such monitor"),
      h("p", { class: "trouble" }, missing),
      h("p", null, h("a", { href: hrefOf("fleet") }, "All monitors")),
    );
    return;
  }
  if (!state.detail) return;
  const crumbs = h(
    "p",
    { class: "crumbs" },
    h("a", { href: hrefOf("fleet") }, "Fleet"),
    " / ",
    h("a", { href: hrefOf("monitor", here.id) }, here.id),
    " / versions compared",
  );
  const title = h("h1", { tabindex: -1, "data-key": "title" }, breakable(here.id) + ", versions compared");
  if (lines().length === 0) {
    show(
      byId("compare-head"),
      crumbs,
      title,
      h(
        "p",
        { class: "empty" },
        "Nothing is compared yet. A monitor with compare: {champion: v1, challenger: v2} compares them in every window in which " +
          "both have rows.",
      ),
    );
    return;
  }
  const choice = chosen();
  renderHead(crumbs, title, choice);
  renderChoices(choice);
  renderMetrics(choice);
  renderSeries(choice);
  renderSlices(choice);
  renderOutputs(choice);
}

function renderHead(crumbs, title, { line, window }) {
  const any = line || lines().find((one) => one.window === window);
  show(
    byId("compare-head"),
    crumbs,
    title,
    h("p", { class: "lead" }, line ? sentence(line) : "No window has labels of both versions yet."),
    h(
      "p",
      { class: "quiet" },
      "Challenger " + short(any.challenger, 60) + " beside champion " + short(any.champion, 60) + ", window to ",
      when(any.end),
      line ? [": " + labels(line), line.final ? "" : "; labels are still to come"] : "",
      ".",
    ),
  );
}
const labels = (line) =>
  line.paired
    ? count(line.labelled.pairs) + " labelled predictions that both have made"
    : count(line.labelled.challenger) + " labelled rows beside " + count(line.labelled.champion);

// Which is better, in one sentence.
function sentence(line) {
  const found = Object.entries(line.differences || {}).map(([name, one]) => [metricWords(name), standing(name, one)]);
  const named = (wanted) => found.filter(([, side]) => side === wanted).map(([name]) => name);
  const [better, worse, differs] = [named(1), named(-1), named(null)];
  const parts = [
    better.length > 0 && "is better in " + some(better),
    worse.length > 0 && "is worse in " + some(worse),
    differs.length > 0 && "differs in " + some(differs),
  ].filter((one) => one);
  const rest = named(0).length;
  if (parts.length === 0) {
    return "No metric tells " + short(line.challenger, 60) + " and " + short(line.champion, 60) +
      " apart in this window.";
  }
  return short(line.challenger, 60) + " " + parts.join(" and ") +
    (rest > 0 ? "; " + count(rest) + " more do not tell them apart." : ".");
}

function renderChoices(choice) {
  const select = (name, label, values, words = (one) => one) =>
    h(
      "label",
      null,
      label,
      h(
        "select",
        { "data-key": "compare " + name, onchange: (event) => setQuery({ [name]: event.target.value }) },
        values.map((one) => h("option", { value: one, selected: one === choice[name] }, short(words(one), 60))),
      ),
    );
  const { line: _, ...key } = choice;
  showFor(byId("compare-choices"), JSON.stringify(key), () => [
    choice.asked.length > 0 && state.compared && h(
      "p",
      { class: "trouble" },
      "There is no " + choice.asked.map((name) => name + ' "' + short(here.query[name], 60) + '"').join(" and no ") +
        " here; this is shown instead.",
    ),
    choice.windows.length > 1 && select("window", "Window", choice.windows),
    choice.slices.length > 1 && select("slice", "Slice", choice.slices),
    choice.metrics.length > 1 && select("metric", "Metric over time and by slice", choice.metrics, metricWords),
  ]);
}

const COLUMNS = [
  ["champion", "number"],
  ["challenger", "number"],
  ["difference", "number"],
  ["99 % interval", "number"],
  ["beside 0"],
  ["p-value", "number"],
  ["challenger is", "name"],
];
function cells(name, one) {
  const metric = metricNamed(name);
  const side = standing(name, one);
  const interval = gapInWords(metric, one.lower) + " to " + gapInWords(metric, one.upper);
  return [
    exact(one.champion, inWords(metric, one.champion)),
    exact(one.challenger, inWords(metric, one.challenger)),
    exact(one.difference, gapInWords(metric, one.difference)),
    interval,
    isNumber(one.lower) && isNumber(one.upper)
      ? whisker(
        one,
        STYLES.get(side),
        metricWords(name) + ": difference " + gapInWords(metric, one.difference) + ", " + interval,
      )
      : "no interval",
    probability(one.p_value),
    h("span", { class: STYLES.get(side) || "quiet" }, WORDS.get(side)),
  ];
}

function renderMetrics({ line }) {
  const rows = line ? Object.entries(line.differences || {}) : [];
  show(
    byId("compare-metrics"),
    rows.length > 0 && [
      h("h2", null, "Each metric"),
      table(
        "Slice " + line.slice + ": each difference is challenger less champion",
        [["metric", "name"], ...COLUMNS, ["method", "name"]],
        rows.map(([name, one]) => [metricWords(name), ...cells(name, one), one.method.replaceAll("_", " ")]),
      ),
    ],
  );
}

function renderSeries({ metric, slice }) {
  const points = (state.compared || []).map((line) => ({
    at: Date.parse(line.end),
    final: line.final !== false,
    ...(line.differences || {})[metric],
  })).filter((point) => [point.difference, point.lower, point.upper].every(isNumber));
  const width = wholeWidth("charts");
  showFor(byId("charts"), textOf("compared") + JSON.stringify([metric, slice, width]), () =>
    points.length > 0 &&
    differencesChart(
      metricWords(metric) + ", challenger less champion",
      metricNamed(metric),
      points,
      width,
      () => {},
    ));
}

function renderSlices({ metric, window }) {
  const rows = performanceOf(window).filter((line) => (line.differences || {})[metric]);
  show(
    byId("compare-slices"),
    rows.length > 1 && [
      h("h2", null, metricWords(metric) + " by slice"),
      table(
        "The newest window of each slice. With many slices some are told apart by chance: of 100, one",
        [["slice", "name"], ...COLUMNS, ["labelled", "number"]],
        rows.map((line) => [
          breakable(line.slice),
          ...cells(metric, line.differences[metric]),
          line.paired
            ? count(line.labelled.pairs) + " pairs"
            : count(line.labelled.challenger) + " and " + count(line.labelled.champion),
        ]),
        (index) => rows[index].slice === chosen().slice,
      ),
    ],
  );
}

function renderOutputs({ window }) {
  const found = lines().filter((line) => line.window === window && line.subject !== "performance");
  show(
    byId("compare-outputs"),
    found.length > 0 && [
      h("h2", null, "Their outputs"),
      h("p", { class: "quiet" }, "How far the challenger's outputs are from the champion's, whatever the labels say."),
      found.map((line) => {
        const metrics = Object.entries(line.metrics || {}).filter(([, value]) => isNumber(value));
        return table(
          line.subject + " in the window to " + line.end.slice(0, 16).replace("T", " ") + ": " +
            count(line.rows.challenger) +
            " rows beside " + count(line.rows.champion),
          [["distance", "name"], ["value", "number"]],
          metrics.map(([name, value]) => [metricWords(name), exact(value, number(value))]),
        );
      }),
    ],
  );
}
