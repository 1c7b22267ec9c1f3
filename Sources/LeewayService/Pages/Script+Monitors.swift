extension Script {
  /// A card for every monitor.
  static let monitors = #"""
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
      const tiers = monitor.checks.map((check) => check.tier).filter((one) => one);
      const fact = (term, ...value) => [h("dt", null, term), h("dd", null, value)];
      return h("article", { class: "card" + (name === state.choice.monitor ? " chosen" : "") },
        h("div", { class: "row" }, h("h3", null, name), tier(worst(tiers))),
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
        monitor.checks.length > 0 && table("Checks", [["check", "name"], ["metric and window", "name"], ["worst tier"]],
          monitor.checks.map((check) => [check.check, breakable(check.metric) + ", " + check.window, tier(check.tier)])),
        h("p", null, h("button", { type: "button", "data-key": "monitor " + name, "aria-pressed":
          String(name === state.choice.monitor), onclick: () => choose({ monitor: name, window: "", slice: "all",
            subject: "", metric: "" }, true) }, "Look at its windows")));
    }

    function renderOverall() {
      const open = (state.incidents || []).filter((incident) => incident.state !== "resolved");
      const top = worst(open.map((incident) => incident.tier));
      const ready = !state.ready || state.ready.ready;
      const incidents = open.length + (open.length === 1 ? " incident is open" : " incidents are open");
      const [text, name] = state.failure ? [state.failure, "critical"]
        : !ready ? ["Not ready" + (open.length > 0 ? ", " + incidents : ""), "critical"]
        : open.length > 0 ? [incidents, top]
        : state.incidents ? ["All quiet", "ok"] : ["Loading…", null];
      const pill = tier(name, text + (open.length > 0 && !state.failure ? ", worst " + tierOf(top)[1] : ""));
      if (byId("overall").textContent !== pill.textContent) show(byId("overall"), pill);
      document.title = (open.length > 0 || !ready || state.failure ? tierOf(name)[0] + " " + text + " – " : "") + "Leeway";
      byId("readiness").hidden = ready;
      if (!ready) {
        show(byId("conditions"), state.ready.conditions.filter((one) => !one.holds).map((one) =>
          h("li", null, h("strong", null, one.name), ": ", one.detail || "does not hold")));
      }
    }

    """#
}
