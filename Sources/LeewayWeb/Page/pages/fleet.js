// The fleet: a row a monitor, those that need a person first.

import { here, hrefOf, setQuery } from "../parts/address.js";
import { byId, exact, h, show, showFor, when } from "../parts/elements.js";
import { inWords } from "../parts/lines.js";
import { needOf } from "../parts/need.js";
import { state } from "../parts/state.js";
import { strip } from "../parts/strip.js";
import { tier, tierOf } from "../parts/tiers.js";
import { breakable, count, isNumber, metricWords, number } from "../parts/words.js";

const FIRST = 50;
const FILTERS = [
  { name: "", words: "all", fits: () => true },
  { name: "needs", words: "need a person", fits: (one) => one.need.needs },
  { name: "critical", words: "critical", of: "critical", fits: (one) => one.need.tier === "critical" },
  { name: "warning", words: "warning", of: "warning", fits: (one) => one.need.tier === "warning" },
  {
    name: "unjudged",
    words: "not judged",
    of: "insufficient_data",
    fits: (one) => tierOf(one.need.tier)[2] === "none",
  },
  { name: "ok", words: "ok", of: "ok", fits: (one) => ["ok", "info"].includes(one.need.tier) },
];
const byName = (a, b) => a.row.monitor < b.row.monitor ? -1 : 1;
const changeOf = ({ row }) => {
  const it = row.quality;
  if (!it || !isNumber(it.baseline)) return -Infinity;
  return it.direction === "below" ? it.baseline - it.value : it.value - it.baseline;
};
const SORTS = {
  "": ["what needs a person", (a, b) => b.need.rank - a.need.rank || byName(a, b)],
  name: ["name", byName],
  quality: ["quality lost", (a, b) => changeOf(b) - changeOf(a) || byName(a, b)],
  traffic: ["traffic", (a, b) => rows(b) - rows(a) || byName(a, b)],
};
const rows = ({ row }) => row.traffic ? row.traffic.rows : -1;

export const fleet = {
  title: () => "",
  frame: () => [
    h("h1", { tabindex: -1 }, "Fleet"),
    h("p", { id: "fleet-said", class: "lead" }),
    h("div", { id: "fleet-choices", class: "choices" }),
    h("div", { id: "monitors" }),
  ],
  render,
  refresh: render,
  load: () => Promise.resolve(),
};

function render() {
  if (!state.fleet) {
    show(byId("monitors"), h("p", { class: "empty" }, "Loading…"));
    return;
  }
  const all = state.fleet.map((row) => ({ row, need: needOf(row) }));
  const needing = all.filter((one) => one.need.needs).length;
  byId("fleet-said").textContent = all.length === 0
    ? "No monitor is configured: put a file into the monitors folder."
    : (needing === 0
      ? "No monitor needs"
      : needing + " of " + count(all.length) + (needing === 1 ? " needs" : " need")) +
      " a person.";
  renderChoices(all);
  const { fits } = FILTERS.find(({ name }) => name === (here.query.show || "")) || FILTERS[0];
  const text = (here.query.q || "").toLowerCase();
  const found = all.filter((one) => fits(one) && searched(one.row).includes(text));
  found.sort((SORTS[here.query.sort || ""] || SORTS[""])[1]);
  const shown = here.query.all ? found : found.slice(0, FIRST);
  show(
    byId("monitors"),
    found.length > 0 ? table(shown) : all.length > 0 && h("p", { class: "empty" }, "No monitor fits. ", reset()),
    found.length > shown.length &&
      h(
        "p",
        null,
        h("button", {
          type: "button",
          "data-key": "all monitors",
          onclick: () => setQuery({ all: "1" }),
        }, "Show all " + count(found.length)),
      ),
  );
}

const searched = (row) =>
  [row.monitor, row.task, ...row.versions, ...row.checks.map((check) => check.check)].join(" ").toLowerCase();
const reset = () =>
  h("button", { class: "link", type: "button", onclick: () => setQuery({ q: "", show: "" }) }, "Show all of them");

function renderChoices(all) {
  const chosen = here.query.show || "";
  const counts = FILTERS.map(({ fits }) => all.filter(fits).length);
  showFor(byId("fleet-choices"), JSON.stringify([counts, here.query]), () => [
    h(
      "label",
      null,
      "Search",
      h("input", {
        type: "search",
        "data-key": "search",
        placeholder: "monitor, version or check",
        value: here.query.q || "",
        oninput: (event) => setQuery({ q: event.target.value }),
      }),
    ),
    h(
      "div",
      { class: "pills", role: "group", "aria-label": "Which monitors" },
      FILTERS.map(({ name, words, of }, index) =>
        h(
          "button",
          {
            type: "button",
            "data-key": "show " + name,
            "aria-pressed": String(name === chosen),
            class: of ? "pill " + tierOf(of)[2] : "pill",
            onclick: () => setQuery({ show: name }),
          },
          of && h("span", { "aria-hidden": "true" }, tierOf(of)[0] + " "),
          words + " ",
          h("b", null, count(counts[index])),
        )
      ),
    ),
    h(
      "label",
      null,
      "Sorted by",
      h(
        "select",
        { "data-key": "sort", onchange: (event) => setQuery({ sort: event.target.value }) },
        Object.entries(SORTS).map(([name, [words]]) =>
          h("option", { value: name, selected: name === (here.query.sort || "") }, words)
        ),
      ),
    ),
  ]);
}

const HEADS = ["Monitor", "Now", "Last 7 days", "Quality, from training", "Traffic", "Open"];

function table(shown) {
  return h(
    "table",
    { class: "fleet" },
    h("caption", { class: "unseen" }, "Monitors, those that need a person first"),
    h("thead", null, h("tr", null, HEADS.map((head) => h("th", { scope: "col" }, head)))),
    h("tbody", null, shown.map(rowElement)),
  );
}

function rowElement({ row, need }) {
  const cell = (index, style, ...content) => h("td", { class: style, "data-head": HEADS[index] }, content);
  const to = need.incident ? hrefOf("incident", need.incident.incident) : hrefOf("monitor", row.monitor);
  return h(
    "tr",
    { class: tierOf(need.tier)[2] + (need.needs ? " needs" : "") },
    h(
      "th",
      { scope: "row" },
      h("a", { href: hrefOf("monitor", row.monitor), "data-key": "monitor " + row.monitor }, breakable(row.monitor)),
      h(
        "span",
        { class: "why" },
        row.task,
        row.versions.length > 0 && ", " + row.versions.slice(0, 2).join(", ") +
            (row.versions.length > 2 ? " and " + (row.versions.length - 2) + " more" : ""),
      ),
    ),
    cell(
      1,
      "need",
      tier(need.tier, need.word),
      h(
        "p",
        null,
        need.text,
        need.incident && [" ", h("a", { href: to, "data-key": "to " + row.monitor }, "Look at it")],
      ),
    ),
    cell(2, "week", strip(row.week)),
    cell(3, "figure", qualityOf(row)),
    cell(4, "figure", trafficOf(row)),
    cell(
      5,
      "figure",
      row.open_incidents > 0
        ? h(
          "a",
          { href: hrefOf("incidents", "", { monitor: row.monitor }) },
          row.open_incidents + (row.open_incidents === 1 ? " incident" : " incidents"),
        )
        : h("span", { class: "quiet" }, "none"),
      row.approvals.length > 0 &&
        h("span", { class: "why" }, h("a", { href: hrefOf("decisions") }, row.approvals.length + " to approve")),
    ),
  );
}

function qualityOf(row) {
  const it = row.quality;
  if (!it) return h("span", { class: "quiet" }, row.has_labels ? "no labels yet" : "no labels");
  return [
    h("strong", null, metricWords(it.metric) + " ", exact(it.value, inWords({ unit: it.unit }, it.value))),
    isNumber(it.baseline) && [" ", changeText(it)],
    h("span", { class: "why" }, it.window + " to ", when(it.end, "clock"), it.final ? "" : ", not final"),
  ];
}
// From the model's performance in training.
function changeText(it) {
  const change = it.value - it.baseline;
  const worse = it.direction === "below" ? change < 0 : it.direction === "above" ? change > 0 : false;
  const size = it.unit === "ratio" ? number(Math.abs(change) * 100) + " points" : number(Math.abs(change));
  const words = change === 0 ? "as in training" : size + (change > 0 ? " above training" : " below training");
  return h(
    "span",
    {
      class: worse && Math.abs(change) > Math.abs(it.baseline) * 0.02 ? "change worse" : "change",
      title: words + ", where it was " + inWords({ unit: it.unit }, it.baseline),
    },
    h("span", { "aria-hidden": "true" }, change === 0 ? "=" : (change > 0 ? "▲ " : "▼ ") + size),
    h("span", { class: "unseen" }, words),
  );
}

function trafficOf(row) {
  if (!row.traffic) return h("span", { class: "quiet" }, row.watermark ? "no window yet" : "nothing read yet");
  return [
    h("strong", null, count(row.traffic.rows), " rows"),
    h("span", { class: "why" }, row.traffic.window + " to ", when(row.traffic.end, "clock")),
  ];
}
