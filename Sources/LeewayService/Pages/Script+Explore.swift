extension Script {
  /// One monitor's windows: choices, charts and tables.
  static let explore = #"""
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

    """#
}
