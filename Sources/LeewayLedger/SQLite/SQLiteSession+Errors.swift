import LeewayCore

/// Errors of labelled predictions, and the detectors that are fed with them.
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

  func errorFeed(monitor: String, generation: String) throws -> [UInt8]? {
    guard let scope = try scope(monitor, generation) else { return nil }
    return try first("reading detectors", "SELECT state FROM error_feeds WHERE scope = ?", scope) { try $0.blob(0) }
  }

  func put(errorFeed: [UInt8], monitor: String, generation: String) throws {
    let scope = try scopeForWriting(monitor, generation)
    let sql = """
      INSERT INTO error_feeds (scope, state) VALUES (?, ?) ON CONFLICT (scope) DO UPDATE SET state = excluded.state
      """
    try run("storing detectors", sql, scope, errorFeed)
  }

  func fedPanes(monitor: String, generation: String, in range: Range<EventTime>) throws -> [FedPaneRecord] {
    guard let scope = try scope(monitor, generation) else { return [] }
    let sql = "SELECT pane, block FROM fed_panes WHERE scope = ? AND pane >= ? AND pane < ? ORDER BY pane"
    return try rows("reading what detectors found", sql, scope, range.lowerBound, range.upperBound) {
      FedPaneRecord(pane: try $0.time(0), block: try $0.blob(1))
    }
  }

  func put(fedPanes: [FedPaneRecord], monitor: String, generation: String) throws {
    let scope = try scopeForWriting(monitor, generation)
    let sql = """
      INSERT INTO fed_panes (scope, pane, block) VALUES (?, ?, ?)
      ON CONFLICT (scope, pane) DO UPDATE SET block = excluded.block
      """
    try statement("storing what detectors found", sql) { insert in
      for record in fedPanes { try insert.run(scope, record.pane, record.block) }
    }
  }

  func reclaimErrors(monitor: String, generation: String, before: EventTime, limit: Int) throws -> Int {
    guard let scope = try scope(monitor, generation) else { return 0 }
    let doing: StaticString = "reclaiming errors"
    let removed = try run(
      doing,
      """
      DELETE FROM errors WHERE scope = ?1 AND (time, id, version) IN
        (SELECT time, id, version FROM errors WHERE scope = ?1 AND time < ?2 ORDER BY time, id, version LIMIT ?3)
      """, scope, before, max(0, limit))
    return removed
      + (try run(
        doing,
        """
        DELETE FROM fed_panes WHERE scope = ?1 AND pane IN
          (SELECT pane FROM fed_panes WHERE scope = ?1 AND pane < ?2 ORDER BY pane LIMIT ?3)
        """, scope, before, max(0, limit - removed)))
  }
}
