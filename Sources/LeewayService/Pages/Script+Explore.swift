extension Script {
  /// One monitor's windows: choices, charts and tables.
  static let explore = #"""
    const DRIFT = ["psi", "ks", "jensen_shannon", "wasserstein_normalised", "hellinger", "total_variation", "l_infinity",
      "missing_ratio", "invalid_ratio", "unseen_ratio", "outside_ratio", "mean", "standard_deviation"];
    const PERFORMANCE = ["auc", "average_precision", "brier", "log_loss", "ece", "mce", "accuracy", "precision", "recall",
      "f1", "macro_f1", "mae", "rmse", "bias", "wape", "r2", "calibration_slope", "calibration_intercept", "positive_rate",
      "predicted_positive_rate", "labelled_score_ks", "adwin", "page_hinkley", "ddm", "eddm", "hddm_a", "hddm_w",
      "demographic_parity_difference", "disparate_impact", "equal_opportunity_difference", "equalised_odds_difference"];
    const MOST_ROWS = 200;
    const OVER_TIME = 120;

    const current = () => (state.monitors || []).find((one) => one.monitor === state.choice.monitor);

    function choose(change, scroll) {
      Object.assign(state.choice, change);
      state.series = null;
      state.histogram = null;
      state.judged = null;
      state.looked = null;
      if ("monitor" in change) state.detail = null;
      writeAddress();
      renderMonitors();
      renderExplore();
      loadExplore();
      if (scroll) byId("explore").scrollIntoView({ block: "start" });
    }

    // Fills what is not chosen yet with what the monitor has.
    function settleChoice(monitor) {
      const choice = state.choice;
      const windows = monitor.definitions.map((window) => window.window);
      if (!windows.includes(choice.window)) choice.window = windows[0] || "";
      const subjects = subjectsOf(monitor);
      if (!subjects.includes(choice.subject)) choice.subject = subjects[subjects.length - 1];
      if (!choice.slice) choice.slice = "all";
      const metrics = [...DRIFT, ...PERFORMANCE];
      if (!metrics.includes(choice.metric)) {
        const check = monitor.checks.find((one) => one.window === choice.window && DRIFT.includes(one.metric));
        choice.metric = check ? check.metric : "psi";
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
        const isPerformance = PERFORMANCE.includes(choice.metric);
        const lines = window ? await seriesLines(choice, isPerformance, detail) : [];
        if (!still()) return;
        state.series = lines.map((line) => ({ at: Date.parse(line.end), value: (line.metrics || {})[choice.metric],
          final: line.final !== false, line }));
        state.judged = lines.length > 0 ? await verdictsOf(choice, isPerformance, lines) : [];
        if (!still()) return;
        state.histogram = window ? await ask(monitorPath(choice.monitor) + "/histogram"
          + query({ window: choice.window, slice: choice.slice, subject: choice.subject }), 404) : null;
        if (still()) renderExplore();
      } catch (error) { fail(error); }
    }

    // The newest lines: what ends within the last hundred or so steps of the window.
    async function seriesLines(choice, isPerformance, detail) {
      const newest = (isPerformance ? detail.performance : detail.drift).filter((line) => line.window === choice.window
        && line.slice === choice.slice && (isPerformance || line.subject === choice.subject));
      if (newest.length === 0) return [];
      const line = newest[newest.length - 1];
      const definition = detail.definitions.find((one) => one.window === choice.window);
      const from = Date.parse(line.end) - OVER_TIME * (definition ? definition.every_ms : 3600000);
      const answer = await ask("/api/v1/results" + query({ monitor: choice.monitor, window: choice.window,
        type: isPerformance ? "performance" : "drift", slice: choice.slice, subject: isPerformance ? "" : choice.subject,
        from: new Date(Math.max(from, 0)).toISOString(), limit: 1000 }));
      return answer.results.map((line, index) => ({ ...line, revision: answer.revisions[index] }));
    }

    // What checks said of the metric in these windows, the newest first.
    async function verdictsOf(choice, isPerformance, lines) {
      const answer = await ask("/api/v1/results" + query({ monitor: choice.monitor, window: choice.window, type: "verdict",
        slice: choice.slice, from: lines[0].end, limit: 1000 }));
      const mine = answer.results.filter((line) => line.metric === choice.metric
        && (isPerformance || line.subject === choice.subject));
      return mine.reverse().slice(0, 20);
    }

    // A verdict is given once; what its window says now may differ, since labels still come.
    function verdictTable() {
      const judged = state.judged || [];
      if (judged.length === 0) return null;
      const now = new Map((state.series || []).map((point) => [point.line.end, point]));
      return table("Verdicts on " + state.choice.metric + ", the newest first: as judged, and as it is now",
        [["to"], ["check"], ["subject", "name"], ["tier"], ["judged", "number"], ["now", "number"], ["revisions", "number"],
          ["limit", "number"], ["worst slice", "name"]],
        judged.map((line) => {
          const point = now.get(line.end);
          const moved = point && isNumber(line.value) && isNumber(point.value) && point.value !== line.value;
          return [clock(line.end), line.check, line.subject, tier(line.tier), number(line.value),
            point ? number(point.value) + (moved ? " (revised)" : "") : "–", point ? count(point.line.revision) : "–",
            number(line.threshold), worstOf(line.worst_slice && line.worst_slice.slice,
              line.worst_slice && line.worst_slice.value)];
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
      const isPerformance = PERFORMANCE.includes(state.choice.metric);
      return monitor.checks.filter((check) => check.metric === state.choice.metric && check.window === state.choice.window
        && (check.group === "performance") === isPerformance
        && (isPerformance || watches(check, monitor, state.choice.subject)))
        .flatMap((check) => check.limits).filter((limit) => isNumber(limit.value) && !limit.side.startsWith("max_"));
    }

    function select(name, label, values, value, onchange) {
      return h("label", null, label, h("select", { "data-key": "choice " + name, onchange: (event) =>
        onchange(event.target.value) }, values.map((one) => h("option", { value: one, selected: one === value },
          short(one, 60)))));
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
      const slices = [...new Set(["all", choice.slice, ...(detail ? detail.drift.map((line) => line.slice) : [])])];
      show(byId("choices"),
        select("monitor", "Monitor", state.monitors.map((one) => one.monitor), choice.monitor, (value) =>
          choose({ monitor: value, window: "", slice: "all", subject: "", metric: "" })),
        select("window", "Window", monitor.definitions.map((one) => one.window), choice.window, (window) => choose({ window })),
        select("slice", "Slice", slices, choice.slice, (slice) => choose({ slice })),
        select("subject", "Subject", subjectsOf(monitor), choice.subject, (subject) => choose({ subject })),
        select("metric", "Metric over time", [...DRIFT, ...(monitor.has_labels ? PERFORMANCE : [])], choice.metric,
          (metric) => choose({ metric })));
      const line = detail && (detail.performance.find((one) => one.window === choice.window && one.slice === choice.slice));
      const isPerformance = PERFORMANCE.includes(choice.metric);
      show(byId("charts"),
        state.histogram && state.histogram.bins ? histogramChart(state.histogram)
          : h("div", { class: "chart" }, h("h3", null, "Distribution of " + choice.subject), h("p", { class: "empty" },
            state.histogram ? state.histogram.detail : detail ? "Loading…" : "No window is closed yet.")),
        state.series && seriesChart(choice.metric + (isPerformance ? "" : " of " + choice.subject), state.series,
          limitsOf(monitor)),
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
      const names = PERFORMANCE.filter((name) => performance.some((line) => isNumber((line.metrics || {})[name])));
      const pick = (line) => h("button", { class: "link", type: "button", "data-key": "pick " + line.slice + " "
        + line.subject, onclick: () => choose({ slice: line.slice, subject: line.subject }) }, line.subject);
      const metric = (line, name) => number((line.metrics || {})[name]);
      const more = (all) => all.length > MOST_ROWS ? ", the first " + MOST_ROWS + " of " + all.length : "";
      show(byId("tables"),
        h("div", { class: "choices" }, field("slice", "Slice holds"), field("subject", "Subject holds")),
        drift.length === 0 ? h("p", { class: "empty" }, "No drift line matches.")
          : table("Newest drift lines of window " + choice.window + ", largest psi first" + more(drift)
            + (detail.truncated ? "; the API has more" : ""),
            [["subject", "name"], ["slice", "name"], ["to"], ["rows", "number"], ["psi", "number"], ["noise", "number"],
              ["ks", "number"], ["Jensen–Shannon", "number"], ["missing", "number"], ["invalid", "number"],
              ["unseen", "number"], ["outside", "number"], ["mean", "number"]],
            drift.slice(0, MOST_ROWS).map((line) => [pick(line), line.slice, clock(line.end), count(line.rows),
              metric(line, "psi"), metric(line, "psi_noise"), metric(line, "ks"), metric(line, "jensen_shannon"),
              share(line.metrics.missing_ratio), share(line.metrics.invalid_ratio), share(line.metrics.unseen_ratio),
              share(line.metrics.outside_ratio), metric(line, "mean")]),
            (index) => drift[index].slice === choice.slice && drift[index].subject === choice.subject),
        performance.length > 0 && table("Newest performance lines of window " + choice.window + more(performance),
          [["slice", "name"], ["to"], ["predictions", "number"], ["labelled", "number"], ["coverage", "number"], ["final"],
            ...names.map((name) => [name.replaceAll("_", " "), "number"])],
          performance.slice(0, MOST_ROWS).map((line) => [line.slice, clock(line.end), count(line.predictions),
            count(line.labelled), share(line.coverage), line.final ? "yes" : "not yet",
            ...names.map((name) => metric(line, name))])),
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
