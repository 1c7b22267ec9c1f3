import LeewayCore

/// Errors of labelled predictions.
extension SQLiteSession {
  func errors(
    monitor: String, generation: String, in range: Range<EventTime>, visit: (_ row: ErrorRow) throws -> Void
  ) throws {
    guard let scope = try scope(monitor, generation) else { return }
    let sql = """
      SELECT time, id, version, error, slices FROM errors WHERE scope = ? AND time >= ? AND time < ?
      ORDER BY time, id, version
      """
    try statement("reading errors", sql) { select in
      try select.bind(scope, range.lowerBound, range.upperBound)
      while try select.step() {
        try visit(
          ErrorRow(
            time: try select.time(0), id: try select.blob(1), version: try select.blob(2),
            error: try select.optionalReal(3), slices: try select.blob(4)))
      }
    }
  }

  func put(errors: [ErrorRow], monitor: String, generation: String) throws {
    let scope = try scopeForWriting(monitor, generation)
    let doing: StaticString = "storing errors"
    let sql = """
      INSERT INTO errors (scope, time, id, version, error, slices) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (scope, time, id, version) DO UPDATE SET error = excluded.error, slices = excluded.slices
      """
    try statement(doing, sql) { insert in
      try statement(doing, "DELETE FROM errors WHERE scope = ? AND time = ? AND id = ? AND version = ?") { delete in
        for row in errors {
          if let error = row.error {
            try insert.run(scope, row.time, row.id, row.version, error, row.slices)
          } else {
            try delete.run(scope, row.time, row.id, row.version)
          }
        }
      }
    }
  }

  func delete(errorsBefore before: EventTime, monitor: String, generation: String) throws -> Int {
    guard let scope = try scope(monitor, generation) else { return 0 }
    return try run("deleting errors", "DELETE FROM errors WHERE scope = ? AND time < ?", scope, before)
  }

  func reclaimErrors(monitor: String, generation: String, before: EventTime, limit: Int) throws -> Int {
    guard let scope = try scope(monitor, generation) else { return 0 }
    let sql = """
      DELETE FROM errors WHERE scope = ?1 AND (time, id, version) IN
        (SELECT time, id, version FROM errors WHERE scope = ?1 AND time < ?2 ORDER BY time, id, version LIMIT ?3)
      """
    let removed = try run("reclaiming errors", sql, scope, before, max(0, limit))
    return removed + (try reclaimFedPanes(scope, before: before, limit: max(0, limit - removed)))
  }
}
