// A card for every monitor.

import { isJudged, standing, wasJudged } from "./checks.js";
import { byId, h, show, table } from "./elements.js";
import { choose, state } from "./state.js";
import { tier, worst } from "./tiers.js";
import { age, breakable, clock, count, share, short, time } from "./words.js";

export function renderMonitors() {
  const all = state.monitors || [];
  show(
    byId("monitors"),
    all.length === 0
      ? h("p", { class: "empty" }, "No monitor is configured: put a file into the monitors folder.")
      : all.map(monitorCard),
  );
}

function monitorCard(monitor) {
  const name = monitor.monitor;
  const unjudged = monitor.checks.filter((check) => !isJudged(check));
  const word = monitor.checks.length === 0
    ? tier(null, "no checks")
    : !monitor.checks.some(wasJudged)
    ? tier("insufficient_data", "nothing judged yet")
    : unjudged.length === monitor.checks.length
    ? tier("insufficient_data", "newest windows not judged")
    : tier(worst(monitor.checks.map((check) => check.tier).filter((one) => one)));
  const fact = (term, ...value) => [h("dt", null, term), h("dd", null, value)];
  return h(
    "article",
    { class: "card" + (name === state.choice.monitor ? " chosen" : "") },
    h(
      "div",
      { class: "row" },
      h("h3", null, name),
      h(
        "span",
        null,
        word,
        unjudged.length > 0 && unjudged.length < monitor.checks.length &&
          h("span", { class: "why" }, unjudged.length + " of " + monitor.checks.length + " checks not judged"),
      ),
    ),
    h(
      "dl",
      { class: "facts" },
      fact(
        "Model",
        monitor.task,
        monitor.versions.length ? ", " + monitor.versions.slice(0, 6).join(", ") : "",
        monitor.versions.length > 6 ? " and " + (monitor.versions.length - 6) + " more" : "",
      ),
      fact(
        "Read up to",
        monitor.watermark ? time(monitor.watermark) + " (" + age(monitor.watermark) + " ago)" : "nothing yet",
      ),
      monitor.has_labels && fact(
        "Labels up to",
        monitor.label_watermark
          ? time(monitor.label_watermark) + " (" + age(monitor.label_watermark) + " ago)"
          : "nothing yet",
      ),
      fact("Baseline", count(monitor.baseline_rows) + " rows, " + short(monitor.baseline, 19)),
      monitor.draining.length > 0 && fact(
        "Earlier baseline",
        "windows up to " + time(monitor.draining.at(-1).until) + " wait for labels up to " +
          time(monitor.draining.at(-1).due),
      ),
      monitor.open_incidents > 0 && fact("Incidents", monitor.open_incidents + " open"),
    ),
    monitor.windows.length > 0 &&
      table(
        "Newest windows",
        [["window"], ["to"], ["rows", "number"], monitor.has_labels && ["labelled", "number"]].filter((one) => one),
        monitor.windows.map((window) =>
          [
            window.window,
            clock(window.end),
            count(window.rows),
            monitor.has_labels &&
            share((window.performance || {}).coverage),
          ].filter((one) => one !== false)
        ),
      ),
    monitor.checks.length > 0 &&
      table(
        "Checks",
        [["check", "name"], ["metric and window", "name"], ["worst tier", "name"]],
        monitor.checks.map((
          check,
        ) => [check.check, breakable(check.name) + ", " + check.window, standing(check, monitor)]),
      ),
    h(
      "p",
      null,
      h("button", {
        type: "button",
        "data-key": "monitor " + name,
        "aria-pressed": String(name === state.choice.monitor),
        onclick: () => choose({ monitor: name, window: "", slice: "all", subject: "", metric: "" }, true),
      }, "Look at its windows"),
    ),
  );
}
