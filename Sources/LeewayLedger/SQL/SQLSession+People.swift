import LeewayCore

private let actColumns = "number, monitor, cause_group, incident, wall, kind, body, state, input, because"

/// What people do about incidents, and the audit log.
extension SQLSession {
  private func act(_ row: Row) throws -> ActRecord {
    ActRecord(
      number: try row.integer(0), monitor: try row.text(1), group: try row.named(2), incident: try row.text(3),
      wall: try row.time(4), kind: try row.text(5), body: try row.text(6), state: try row.named(7),
      input: try row.optionalInteger(8), because: try row.text(9))
  }

  func queuedActs(monitor: String, limit: Int) throws -> [ActRecord] {
    try lock(.decisions(monitor: monitor))
    return try rows(
      "reading acts",
      "SELECT \(actColumns) FROM acts WHERE monitor = ? AND state = 'queued' ORDER BY number LIMIT ?", monitor,
      max(0, limit), as: act)
  }

  func acts(incident: String, limit: Int) throws -> [ActRecord] {
    try rows(
      "reading acts", "SELECT \(actColumns) FROM acts WHERE incident = ? ORDER BY number LIMIT ?", incident,
      max(0, limit), as: act)
  }

  func enqueue(act: ActRecord) throws -> Int64 {
    try lock(.decisions(monitor: act.monitor))
    let doing: StaticString = "storing an act"
    let sql = """
      INSERT INTO acts (monitor, cause_group, incident, wall, kind, body, state, input, because)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING number
      """
    let number = try first(
      doing, sql, act.monitor, act.group.rawValue, act.incident, act.wall, act.kind, act.body, act.state.rawValue,
      act.input, act.because
    ) { try $0.integer(0) }
    guard let number else { throw damaged(doing, "an act has no number") }
    return number
  }

  func settle(act: ActRecord) throws {
    try lock(.decisions(monitor: act.monitor))
    let doing: StaticString = "settling an act"
    let changed = try run(
      doing, "UPDATE acts SET state = ?, input = ?, because = ? WHERE number = ? AND state = 'queued'",
      act.state.rawValue, act.input, act.because, act.number)
    guard changed == 1 else { throw refused(doing, "number \(act.number) is not queued") }
  }

  // MARK: The audit log

  func record(audit: AuditRecord) throws {
    try run(
      "recording a change",
      """
      INSERT INTO audit (at, name, action, outcome, monitor, incident, origin, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      """, audit.at, audit.name, audit.action, audit.outcome, audit.monitor, audit.incident, audit.origin, audit.detail)
  }

  func audit(_ query: AuditQuery) throws -> [AuditRecord] {
    let sql = """
      SELECT number, at, name, action, outcome, monitor, incident, origin, detail FROM audit
      WHERE (CAST(?1 AS TEXT) IS NULL OR name = ?1) AND (CAST(?2 AS TEXT) IS NULL OR monitor = ?2)
        AND (CAST(?3 AS TEXT) IS NULL OR incident = ?3) AND (CAST(?4 AS BIGINT) IS NULL OR number < CAST(?4 AS BIGINT))
      ORDER BY number DESC LIMIT ?5
      """
    return try rows(
      "reading the audit log", sql, query.name, query.monitor, query.incident, query.before, max(0, query.limit)
    ) {
      AuditRecord(
        number: try $0.integer(0), at: try $0.time(1), name: try $0.text(2), action: try $0.text(3),
        outcome: try $0.text(4), monitor: try $0.text(5), incident: try $0.text(6), origin: try $0.text(7),
        detail: try $0.text(8))
    }
  }

  func reclaimAudit(before: EventTime, limit: Int) throws -> Int {
    try run(
      "reclaiming the audit log",
      "DELETE FROM audit WHERE number IN (SELECT number FROM audit WHERE at < ? ORDER BY at, number LIMIT ?)", before,
      max(0, limit))
  }
}
