import HTTPTypes
import Hummingbird
import LeewayCore

/// Every monitor in a few words: which of them need a person, and why.
struct FleetEndpoint: Sendable {
  let view: ServiceView
  let threads: LedgerThreads
  let standings: MonitorStandings

  var all: [Endpoint] { [Endpoint(path: "/api/v1/fleet", access: .reading, respond: fleet)] }

  @Sendable private func fleet(_ request: Request, _ context: ServiceContext) async throws -> Response {
    _ = try request.query()
    let monitors = view.monitors()
    let (standings, now) = (standings, view.now())
    let fleet = try await threads.run { try standings.fleet(monitors, now: now) }
    return JSONAnswer.response(request) { json in
      json.beginObject()
      json.members("monitors", zip(monitors, fleet)) { json, pair in json.write(pair.1, of: pair.0) }
      json.endObject()
    }
  }
}

extension JSONWriter {
  fileprivate mutating func write(_ row: FleetRow, of view: MonitorView) {
    let monitor = view.monitor
    beginObject()
    member("monitor", monitor.name)
    member("task", monitor.task.rawValue)
    member("has_labels", monitor.labels != nil)
    member("watermark", view.watermark)
    member("label_watermark", view.labelWatermark)
    member("closed_through", view.progress?.closedThrough)
    member("versions", view.versions)
    members("checks", monitor.checks) { json, check in
      json.write(check, row.checks[check.name] ?? CheckStanding(), of: view, limits: check.metric.isOfLabels)
    }
    member("open_incidents", row.openIncidents)
    members("incidents", row.worst) { json, incident in json.write(brief: incident) }
    members("approvals", row.approvals) { json, retrain in
      json.beginObject()
      json.member("retrain", retrain.id)
      json.member("incident", retrain.incident)
      json.member("deadline", retrain.deadline)
      json.endObject()
    }
    key("traffic")
    if let traffic = row.traffic {
      beginObject()
      member("window", traffic.window)
      member("end", traffic.end)
      member("rows", traffic.rows)
      endObject()
    } else {
      null()
    }
    key("quality")
    if let quality = row.quality { write(quality) } else { null() }
    members("windows", row.performance) { json, line in json.write(line) }
    key("week")
    beginObject()
    member("from", row.weekFrom)
    member("to", row.weekTo)
    members("spans", row.week) { json, span in
      json.beginObject()
      json.member("incident", span.id)
      json.member("tier", span.tier.name)
      json.member("from", span.openedAt)
      json.member("to", span.resolvedAt)
      json.endObject()
    }
    endObject()
    endObject()
  }

  private mutating func write(_ quality: FleetRow.Quality) {
    beginObject()
    member("metric", quality.metric.name)
    member("unit", quality.metric.unit.rawValue)
    member("direction", quality.metric.direction.name)
    member("value", quality.value)
    member("baseline", quality.baseline)
    member("window", quality.window)
    member("end", quality.end)
    member("final", quality.isFinal)
    endObject()
  }

  private mutating func write(_ line: FleetRow.Performance) {
    beginObject()
    member("window", line.window)
    key("performance")
    beginObject()
    member("end", line.end)
    member("coverage", line.coverage)
    key("metrics")
    beginObject()
    for (name, value) in line.metrics { member(name, value) }
    endObject()
    endObject()
    endObject()
  }

  /// What a row says of an open incident, with the first of its evidence.
  private mutating func write(brief incident: IncidentRecord) {
    beginObject()
    member("incident", incident.id)
    member("group", incident.group.rawValue)
    member("state", incident.state.rawValue)
    member("tier", incident.tier.name)
    member("opened_at", incident.openedAt)
    member("subjects", Array(incident.subjects.prefix(3)))
    member("subject_count", incident.subjects.count)
    member("retrain", json: incident.retrain)
    member("people", json: incident.people)
    key("evidence")
    let evidence = try? JSONReader(JSONValue(parsing: Array(incident.evidence.utf8))).elements().first?.value
    if let evidence { raw(CanonicalJSON.bytes(of: evidence)) } else { null() }
    endObject()
  }
}
