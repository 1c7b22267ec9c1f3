// The newest lines of a window, filtered by slice and subject.

import { byId, h, show, table } from "./elements.js";
import { inWords, stageOf, valueOf } from "./lines.js";
import { hrefOf, setQuery } from "./address.js";
import { state } from "./state.js";
import { verdictTable } from "./verdicts.js";
import { clock, count, isNumber, number, probability, share, time } from "./words.js";

const MOST_ROWS = 200;

function field(name, label) {
  return h(
    "label",
    null,
    label,
    h("input", {
      type: "search",
      "data-key": "filter " + name,
      value: state.filter[name],
      placeholder: "any",
      oninput: (event) => {
        state.filter[name] = event.target.value;
        renderTables();
      },
    }),
  );
}

export function renderTables() {
  const detail = state.detail;
  if (!detail) {
    show(byId("tables"));
    return;
  }
  const choice = state.choice;
  const has = (text, part) => String(text || "").toLowerCase().includes(part.toLowerCase());
  // Within city=porto the city is porto: that is no drift, and would head the list.
  const drift = detail.drift.filter((line) =>
    line.window === choice.window && has(line.slice, state.filter.slice) &&
    has(line.subject, state.filter.subject) && !line.slice.startsWith(line.subject + "=")
  );
  drift.sort((a, b) => ((b.metrics || {}).psi || 0) - ((a.metrics || {}).psi || 0));
  const performance = detail.performance.filter((line) =>
    line.window === choice.window &&
    has(line.slice, state.filter.slice)
  );
  const shown = detail.metrics.filter((one) =>
    one.line === "performance" && one.path.length > 1 &&
    performance.some((line) => isNumber(valueOf(line, one)))
  );
  const staged = performance.some((line) => stageOf(line) === "early");
  const pick = (line) =>
    h("button", {
      class: "link",
      type: "button",
      "data-key": "pick " + line.slice + " " +
        line.subject,
      onclick: () => setQuery({ ...state.choice, slice: line.slice, subject: line.subject }),
    }, line.subject);
  const metric = (line, name) => number((line.metrics || {})[name]);
  const more = (all) => all.length > MOST_ROWS ? ", the first " + MOST_ROWS + " of " + all.length : "";
  show(
    byId("tables"),
    h("div", { class: "choices" }, field("slice", "Slice holds"), field("subject", "Subject holds")),
    drift.length === 0 ? h("p", { class: "empty" }, "No drift line matches.") : table(
      "Newest drift lines of window " + choice.window + ", largest psi first" + more(drift) +
        (detail.truncated ? "; the API has more" : ""),
      [
        ["subject", "name"],
        ["slice", "name"],
        ["against"],
        ["to"],
        ["rows", "number"],
        ["psi", "number"],
        ["noise", "number"],
        ["ks", "number"],
        ["Jensen–Shannon", "number"],
        ["missing", "number"],
        ["invalid", "number"],
        ["unseen", "number"],
        ["outside", "number"],
        ["mean", "number"],
      ],
      drift.slice(0, MOST_ROWS).map((
        line,
      ) => [
        pick(line),
        line.slice,
        line.against === "slice" ? "slice" : "all",
        clock(line.end),
        count(line.rows),
        metric(line, "psi"),
        metric(line, "psi_noise"),
        metric(line, "ks"),
        metric(line, "jensen_shannon"),
        share(line.metrics.missing_ratio),
        share(line.metrics.invalid_ratio),
        share(line.metrics.unseen_ratio),
        share(line.metrics.outside_ratio),
        metric(line, "mean"),
      ]),
      (index) => drift[index].slice === choice.slice && drift[index].subject === choice.subject,
    ),
    performance.length > 0 &&
      table(
        "Newest performance lines of window " + choice.window + more(performance),
        [
          ["slice", "name"],
          ["to"],
          staged && ["stage"],
          ["predictions", "number"],
          ["labelled", "number"],
          ["coverage", "number"],
          ["all labels in"],
          ...shown.map((one) => [one.name.replaceAll("_", " "), "number"]),
        ]
          .filter((one) => one),
        performance.slice(0, MOST_ROWS).map((line) =>
          [
            line.slice,
            clock(line.end),
            staged && stageOf(line),
            count(line.predictions),
            count(line.labelled),
            share(line.coverage),
            line.final ? "yes" : "not yet",
            ...shown.map((one) => inWords(one, valueOf(line, one))),
          ].filter((one) => one !== false)
        ),
      ),
    comparisonTable(detail),
    verdictTable(),
  );
}

// The challenger beside the champion, in the slice that was chosen.
function comparisonTable(detail) {
  const lines = detail.comparison.filter((line) =>
    line.window === state.choice.window &&
    line.slice === state.choice.slice
  );
  const found = lines.find((line) => line.subject === "performance");
  const outputs = lines.find((line) => line.subject !== "performance");
  const rows = found ? Object.entries(found.differences) : [];
  if (rows.length === 0 && !outputs) return null;
  const any = found || outputs;
  const distance = outputs && ["psi", "ks", "total_variation"].filter((name) => isNumber(outputs.metrics[name]))
    .map((name) => name.replaceAll("_", " ") + " " + number(outputs.metrics[name])).join(", ");
  const worse = (one) => one.lower > 0 ? "higher" : one.upper < 0 ? "lower" : "not told apart";
  return [
    h(
      "h4",
      null,
      "Challenger " + any.challenger + " beside champion " + any.champion + " ",
      h("a", { href: hrefOf("compare", detail.monitor, { window: any.window, slice: any.slice }) }, "Compare them"),
    ),
    outputs && h(
      "p",
      { class: "quiet" },
      "Outputs of the window to " + time(outputs.end) + ": " + distance + "; " +
        count(outputs.rows.challenger) + " rows beside " + count(outputs.rows.champion) + ".",
    ),
    rows.length > 0 &&
    table(
      "Performance in the window to " + time(found.end) + (found.final ? "" : ", not final") + ": " +
        (found.paired ? count(found.labelled.pairs) + " labelled pairs" : count(found.labelled.challenger) +
          " labelled rows beside " + count(found.labelled.champion)),
      [
        ["metric", "name"],
        ["champion", "number"],
        ["challenger", "number"],
        ["difference", "number"],
        ["99 % interval", "number"],
        ["p-value", "number"],
        ["challenger is", "name"],
        ["method", "name"],
      ],
      rows.map((
        [name, one],
      ) => [
        name.replaceAll("_", " "),
        number(one.champion),
        number(one.challenger),
        number(one.difference),
        number(one.lower) + " to " + number(one.upper),
        probability(one.p_value),
        worse(one),
        one.method.replaceAll("_", " "),
      ]),
    ),
  ];
}
