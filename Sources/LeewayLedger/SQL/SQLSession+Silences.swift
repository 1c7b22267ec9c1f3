import LeewayCore

private let silenceColumns = "number, matchers, author, reason, created_at, starts, ends, expired_by"

/// What people asked not to be told of for a while.
extension SQLSession {
  private func silence(_ row: Row) throws -> SilenceRecord {
    let text = try row.text(1)
    let matchers: SilenceMatchers
    do { matchers = try SilenceMatchers(JSONReader(try JSONValue(parsing: Array(text.utf8)))) } catch {
      throw row.damaged(1, "is no object of matchers: \(error)")
    }
    return SilenceRecord(
      number: try row.integer(0), matchers: matchers, author: try row.text(2), reason: try row.text(3),
      createdAt: try row.time(4), starts: try row.time(5), ends: try row.time(6), expiredBy: try row.optionalText(7))
  }

  func silences(_ states: Set<SilenceState>, limit: Int) throws -> [SilenceRecord] {
    let now = Self.clock("?1")
    let conditions = states.map { state in
      switch state {
      case .active: "starts <= \(now) AND ends > \(now)"
      case .pending: "starts > \(now) AND ends > \(now)"
      case .expired: "ends <= \(now)"
      }
    }.sorted()
    guard !conditions.isEmpty else { return [] }
    let sql = """
      SELECT \(silenceColumns) FROM silences WHERE (\(conditions.joined(separator: ") OR (")))
      ORDER BY number DESC LIMIT ?2
      """
    return try rows("reading silences", sql, wall, max(0, limit), as: silence)
  }

  func silence(_ number: Int64) throws -> SilenceRecord? {
    try first(
      "reading a silence", "SELECT \(silenceColumns) FROM silences WHERE number = ?\(forUpdate)", number, as: silence)
  }

  func add(silence: SilenceRecord) throws -> Int64 {
    try lock(.silences)
    let doing: StaticString = "storing a silence"
    let sql = """
      INSERT INTO silences (matchers, author, reason, created_at, starts, ends, expired_by)
      VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING number
      """
    let number = try first(
      doing, sql, silence.matchers.text, silence.author, silence.reason, silence.createdAt, silence.starts,
      silence.ends,
      silence.expiredBy
    ) { try $0.integer(0) }
    guard let number else { throw damaged(doing, "a silence has no number") }
    return number
  }

  func expire(silence number: Int64, by name: String, at: EventTime) throws -> Bool {
    try run(
      "ending a silence", "UPDATE silences SET ends = ?1, expired_by = ?2 WHERE number = ?3 AND ends > ?1", at, name,
      number) == 1
  }

  func reclaimSilences(endedBefore before: EventTime, limit: Int) throws -> Int {
    try run(
      "reclaiming silences",
      "DELETE FROM silences WHERE number IN (SELECT number FROM silences WHERE ends < ? ORDER BY ends, number LIMIT ?)",
      before, max(0, limit))
  }
}
