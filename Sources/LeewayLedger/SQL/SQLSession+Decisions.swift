import Foundation
import LeewayCore

private let incidentColumns = """
  id, monitor, cause_group, state, tier, opened_at, changed_at, resolved_at, checks, subjects, evidence, slices,
  retrain, twin, people, worst
  """

private let retrainColumns = """
  id, monitor, incident, state, requested_at, deadline, requested_wall, completed_wall, answer, decisions, overdue_wall
  """

/// Incidents, retrains, outside inputs, the log of decisions.
extension SQLSession {
  private func incident(_ row: Row) throws -> IncidentRecord {
    IncidentRecord(
      id: try row.text(0), monitor: try row.text(1), group: try row.named(2), state: try row.named(3),
      tier: try row.numbered(4), openedAt: try row.time(5), changedAt: try row.time(6),
      resolvedAt: try row.optionalTime(7), checks: try names(row, 8), subjects: try names(row, 9),
      slices: try names(row, 11), evidence: try row.text(10), worst: try row.text(15), retrain: try row.text(12),
      twin: try row.text(13), people: try row.text(14))
  }

  /// Names may hold any character, so a list of them is a JSON array.
  private func names(_ row: Row, _ column: CInt) throws -> [String] {
    let text = try row.text(column)
    guard let names = try? JSONDecoder().decode([String].self, from: Data(text.utf8)) else {
      throw row.damaged(column, "is not a JSON array of texts")
    }
    return names
  }

  private func json(_ names: [String]) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    return String(decoding: try encoder.encode(names), as: UTF8.self)
  }

  /// Holds the decisions of the monitor that `id` of `table` belongs to; it always belongs to the same one.
  private func lockDecisions(of id: String, in table: String) throws {
    guard hasRivals else { return }
    let monitor = try first("locking", "SELECT monitor FROM \(table) WHERE id = ?", id) { try $0.text(0) }
    if let monitor { try lock(.decisions(monitor: monitor)) }
  }

  func incidents(_ query: IncidentQuery) throws -> [IncidentRecord] {
    if let monitor = query.monitor { try lock(.decisions(monitor: monitor)) }
    let sql = """
      SELECT \(incidentColumns) FROM incidents
      WHERE (CAST(?1 AS TEXT) IS NULL OR monitor = ?1) AND (CAST(?2 AS BOOLEAN) IS NULL OR (state <> 'resolved') = ?2)
      ORDER BY opened_at DESC, id DESC LIMIT ?3
      """
    return try rows("reading incidents", sql, query.monitor, query.open, max(0, query.limit), as: incident)
  }

  func incident(_ id: String) throws -> IncidentRecord? {
    try lockDecisions(of: id, in: "incidents")
    return try first(
      "reading an incident", "SELECT \(incidentColumns) FROM incidents WHERE id = ?", id, as: incident)
  }

  func put(incident: IncidentRecord) throws {
    try lock(.decisions(monitor: incident.monitor))
    let sql = """
      INSERT INTO incidents (\(incidentColumns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET monitor = excluded.monitor, cause_group = excluded.cause_group,
        state = excluded.state, tier = excluded.tier, opened_at = excluded.opened_at,
        changed_at = excluded.changed_at, resolved_at = excluded.resolved_at, checks = excluded.checks,
        subjects = excluded.subjects, evidence = excluded.evidence, slices = excluded.slices,
        retrain = excluded.retrain, twin = excluded.twin, people = excluded.people, worst = excluded.worst
      """
    try run(
      "storing an incident", sql, incident.id, incident.monitor, incident.group.rawValue, incident.state.rawValue,
      incident.tier.rawValue, incident.openedAt, incident.changedAt, incident.resolvedAt, try json(incident.checks),
      try json(incident.subjects), incident.evidence, try json(incident.slices), incident.retrain, incident.twin,
      incident.people, incident.worst)
  }

  func reclaimIncidents(monitor: String, resolvedBefore before: EventTime, limit: Int) throws -> Int {
    // Until this one ends no other transaction changes the monitor's incidents: the statements find the same ones.
    try lock(.decisions(monitor: monitor))
    let doing: StaticString = "reclaiming incidents"
    let old = """
      (SELECT id FROM incidents WHERE monitor = ? AND state = 'resolved' AND resolved_at < ?
       ORDER BY resolved_at, id LIMIT ?)
      """
    func remove(_ column: String, of table: String) throws -> Int {
      try run(doing, "DELETE FROM \(table) WHERE \(column) IN \(old)", monitor, before, max(0, limit))
    }
    _ = try remove("incident", of: "retrains")
    _ = try remove("incident", of: "outside_inputs")
    _ = try remove("incident", of: "acts")
    return try remove("id", of: "incidents")
  }

  // MARK: Retrains

  private func retrain(_ row: Row) throws -> RetrainRecord {
    RetrainRecord(
      id: try row.text(0), monitor: try row.text(1), incident: try row.text(2), state: try row.named(3),
      requestedAt: try row.time(4), deadline: try row.time(5), requestedWall: try row.time(6),
      completedWall: try row.optionalTime(7), answer: try row.text(8), decisions: try decisions(row, 9),
      overdueWall: try row.optionalTime(10))
  }

  private func decisions(_ row: Row, _ column: CInt) throws -> [RetrainDecision] {
    let text = try row.text(column)
    do { return try RetrainRecord.decisions(text) } catch {
      throw row.damaged(column, "is not a list of decisions: \(error)")
    }
  }

  func retrains(monitor: String?, state: RetrainState?, limit: Int) throws -> [RetrainRecord] {
    if let monitor { try lock(.decisions(monitor: monitor)) }
    let sql = """
      SELECT \(retrainColumns) FROM retrains WHERE (CAST(?1 AS TEXT) IS NULL OR monitor = ?1)
        AND (CAST(?2 AS TEXT) IS NULL OR state = ?2)
      ORDER BY requested_wall DESC, id DESC LIMIT ?3
      """
    return try rows("reading retrains", sql, monitor, state?.rawValue, max(0, limit), as: retrain)
  }

  func retrain(_ id: String) throws -> RetrainRecord? {
    try lockDecisions(of: id, in: "retrains")
    return try first("reading a retrain", "SELECT \(retrainColumns) FROM retrains WHERE id = ?", id, as: retrain)
  }

  func put(retrain: RetrainRecord) throws {
    try lock(.decisions(monitor: retrain.monitor))
    let sql = """
      INSERT INTO retrains (\(retrainColumns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET monitor = excluded.monitor, incident = excluded.incident, state = excluded.state,
        requested_at = excluded.requested_at, deadline = excluded.deadline, requested_wall = excluded.requested_wall,
        completed_wall = excluded.completed_wall, answer = excluded.answer, decisions = excluded.decisions,
        overdue_wall = excluded.overdue_wall
      """
    try run(
      "storing a retrain", sql, retrain.id, retrain.monitor, retrain.incident, retrain.state.rawValue,
      retrain.requestedAt, retrain.deadline, retrain.requestedWall, retrain.completedWall, retrain.answer,
      retrain.decisionsText, retrain.overdueWall)
  }

  // MARK: Outside inputs

  func record(input: OutsideInput) throws {
    try lock(.decisions(monitor: input.monitor))
    try run(
      "recording an input", "INSERT INTO outside_inputs (monitor, incident, at, kind, detail) VALUES (?, ?, ?, ?, ?)",
      input.monitor, input.incident, input.at, input.kind, input.detail)
  }

  func inputs(monitor: String?, incident: String?, limit: Int) throws -> [OutsideInput] {
    if let monitor { try lock(.decisions(monitor: monitor)) }
    // Written out, so that each form uses its index.
    let filter =
      switch (monitor, incident) {
      case (nil, nil): "CAST(?1 AS TEXT) IS NULL AND CAST(?2 AS TEXT) IS NULL"
      case (_?, nil): "monitor = ?1 AND CAST(?2 AS TEXT) IS NULL"
      case (nil, _?): "incident = ?2 AND CAST(?1 AS TEXT) IS NULL"
      case (_?, _?): "incident = ?2 AND monitor = ?1"
      }
    let sql = "SELECT monitor, incident, at, kind, detail FROM outside_inputs WHERE \(filter) ORDER BY id DESC LIMIT ?3"
    return try rows("reading inputs", sql, monitor, incident, max(0, limit)) {
      OutsideInput(
        monitor: try $0.text(0), incident: try $0.text(1), at: try $0.time(2), kind: try $0.text(3),
        detail: try $0.text(4))
    }
  }

  // MARK: The log

  func append(decision: DecisionRecord) throws {
    try lock(.decisions(monitor: decision.monitor))
    try run(
      "logging a decision",
      "INSERT INTO decision_log (monitor, cause_group, number, kind, at, wall, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
      decision.monitor, decision.group.rawValue, decision.number, decision.kind, decision.at, decision.wall,
      decision.body)
  }

  func decisions(
    monitor: String, group: CauseGroup?, outside: Bool, after: (group: CauseGroup, number: Int64)?, limit: Int
  ) throws -> [DecisionRecord] {
    try lock(.decisions(monitor: monitor))
    let sql = """
      SELECT monitor, cause_group, number, kind, at, wall, body FROM decision_log
      WHERE monitor = ?1 AND (CAST(?2 AS TEXT) IS NULL OR cause_group = ?2) AND (NOT ?3 OR wall IS NOT NULL)
        AND (CAST(?4 AS TEXT) IS NULL OR (cause_group, number) > (?4, CAST(?5 AS BIGINT)))
      ORDER BY cause_group, number LIMIT ?6
      """
    return try rows(
      "reading decisions", sql, monitor, group?.rawValue, outside, after?.group.rawValue, after?.number, max(0, limit)
    ) {
      DecisionRecord(
        monitor: try $0.text(0), group: try $0.named(1), number: try $0.integer(2), kind: try $0.text(3),
        at: try $0.time(4), wall: try $0.optionalTime(5), body: try $0.text(6))
    }
  }

  func finalVerdicts(monitor: String) throws -> [Int64] {
    try lock(.decisions(monitor: monitor))
    return try rows(
      "reading final verdicts",
      "SELECT number FROM decision_log WHERE monitor = ? AND cause_group = ? AND kind = ? ORDER BY number", monitor,
      CauseGroup.performanceEarly.rawValue, DecisionInput.finalVerdictKind
    ) { try $0.integer(0) }
  }

  func reclaimDecisions(monitor: String, before: EventTime, limit: Int) throws -> Int {
    try lock(.decisions(monitor: monitor))
    // For each group from the first on, so that what is left has no gap.
    let sql = """
      DELETE FROM decision_log WHERE (monitor, cause_group, number) IN
        (SELECT monitor, cause_group, number FROM decision_log l WHERE monitor = ?1 AND at < ?2 AND NOT EXISTS (
           SELECT 1 FROM decision_log k
           WHERE k.monitor = l.monitor AND k.cause_group = l.cause_group AND k.number < l.number AND k.at >= ?2)
         ORDER BY cause_group, number LIMIT ?3)
      """
    return try run("reclaiming decisions", sql, monitor, before, max(0, limit))
  }
}
