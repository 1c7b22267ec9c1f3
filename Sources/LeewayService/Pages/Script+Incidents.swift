extension Script {
  /// Incidents, those that are open first.
  static let incidents = #"""
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

    """#
}
