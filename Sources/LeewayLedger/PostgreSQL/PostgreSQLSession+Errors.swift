import LeewayCore

/// Errors of labelled predictions.
extension PostgreSQLSession {
  func errors(
    monitor: String, generation: String, in range: Range<EventTime>, visit: (_ row: ErrorRow) throws -> Void
  ) throws {
    guard let scope = try scope(monitor, generation) else { return }
    let sql = """
      SELECT time, id, version, error, slices FROM errors
      WHERE scope = $1 AND time >= $2 AND time < $3 AND (time > $2 OR (id, version) > ($4, $5) OR $6)
      ORDER BY time, id, version LIMIT $7
      """
    // In pages, as a busy pane has more rows than a process should hold at once.
    let page = 10_000
    var last = ErrorRow(time: range.lowerBound, id: [], version: [], error: nil)
    var isFirst = true
    while true {
      var count = 0
      _ = try rows("reading errors", sql, scope, last.time, range.upperBound, last.id, last.version, isFirst, page) {
        row in
        count += 1
        last = ErrorRow(
          time: try row.time(0), id: try row.blob(1), version: try row.blob(2), error: try row.optionalReal(3),
          slices: try row.blob(4))
        try visit(last)
      }
      guard count == page else { return }
      isFirst = false
    }
  }

  func put(errors: [ErrorRow], monitor: String, generation: String) throws {
    let scope = try scopeForWriting(monitor, generation)
    let doing: StaticString = "storing errors"
    let rows = lastOfEach(errors) { a, b in
      if a.time != b.time { return a.time < b.time }
      if a.id != b.id { return a.id.lexicographicallyPrecedes(b.id) }
      return a.version.lexicographicallyPrecedes(b.version)
    }
    let upsert = """
      INSERT INTO errors (scope, time, row_key, id, version, error, slices)
      SELECT $1, k.time, k.row_key, k.id, k.version, k.error, k.slices
      FROM unnest($2::bigint[], $3::bytea[], $4::bytea[], $5::bytea[], $6::double precision[], $7::bytea[])
        AS k (time, row_key, id, version, error, slices)
      ON CONFLICT (scope, time, row_key) DO UPDATE SET error = excluded.error, slices = excluded.slices
      """
    func size(_ row: ErrorRow) -> Int { row.id.count + row.version.count + row.slices.count + 64 }
    try PostgreSQLBatches.of(rows.filter { $0.error != nil }, size: size) { batch in
      var parameters = PostgreSQLParameters(scope)
      parameters.append(batch) { $0.time }
      parameters.append(batch) { Self.key($0) }
      parameters.append(batch) { $0.id }
      parameters.append(batch) { $0.version }
      parameters.append(batch) { $0.error }
      parameters.append(batch) { $0.slices }
      try execute(doing, upsert, parameters)
    }
    try PostgreSQLBatches.of(rows.filter { $0.error == nil }, size: { _ in 64 }) { batch in
      var parameters = PostgreSQLParameters(scope)
      parameters.append(batch) { $0.time }
      parameters.append(batch) { Self.key($0) }
      try execute(
        doing,
        """
        DELETE FROM errors e USING unnest($2::bigint[], $3::bytea[]) AS k (time, row_key)
        WHERE e.scope = $1 AND e.time = k.time AND e.row_key = k.row_key
        """, parameters)
    }
  }

  private static func key(_ row: ErrorRow) -> [UInt8] {
    // The count keeps pairs apart that read alike when put together.
    PostgreSQLKey.bounded(Array("\(row.version.count):".utf8) + row.version + row.id)
  }

  func delete(errorsBefore before: EventTime, monitor: String, generation: String) throws -> Int {
    guard let scope = try scope(monitor, generation) else { return 0 }
    // What a flush has locked comes late and can wait for the next round; the flush must not wait for this one, nor this
    // one for it.
    return try run(
      "deleting errors",
      """
      DELETE FROM errors e USING (
        SELECT time, row_key FROM errors WHERE scope = $1 AND time < $2 FOR UPDATE SKIP LOCKED
      ) k
      WHERE e.scope = $1 AND e.time = k.time AND e.row_key = k.row_key
      """, scope, before)
  }

  func reclaimErrors(monitor: String, generation: String, before: EventTime, limit: Int) throws -> Int {
    guard let scope = try scope(monitor, generation) else { return 0 }
    let sql = """
      DELETE FROM errors e USING (
        SELECT time, row_key FROM errors WHERE scope = $1 AND time < $2
        ORDER BY scope, time, row_key LIMIT $3 FOR UPDATE SKIP LOCKED
      ) k
      WHERE e.scope = $1 AND e.time = k.time AND e.row_key = k.row_key
      """
    let removed = try run("reclaiming errors", sql, scope, before, max(0, limit))
    return removed + (try reclaimFedPanes(scope, before: before, limit: max(0, limit - removed)))
  }
}
