import LeewayCore

/// Predictions and labels that wait for each other: a row for each id.
extension PostgreSQLSession {
  func waiting(monitor: String, generation: String, ids: [[UInt8]]) throws -> [[UInt8]?] {
    guard let scope = try scope(monitor, generation) else { return Array(repeating: nil, count: ids.count) }
    return try waiting(scope, ids)
  }

  /// See `LedgerLock.joins` for why nothing is missed where there is no row yet.
  func lockWaiting(monitor: String, generation: String, ids: [[UInt8]]) throws -> [[UInt8]?] {
    let scope = try scopeForWriting(monitor, generation)
    try lock(.joins(scope: scope))
    return try waiting(scope, ids)
  }

  private func waiting(_ scope: Int64, _ ids: [[UInt8]]) throws -> [[UInt8]?] {
    let sql = """
      SELECT k.n, w.state FROM unnest($2::bytea[]) WITH ORDINALITY AS k (id, n)
      CROSS JOIN LATERAL (SELECT state FROM waiting r WHERE r.scope = $1 AND r.id = k.id OFFSET 0) w
      """
    return try blobs("reading waiting predictions", sql, for: ids, size: { $0.count + 300 }) { batch in
      var parameters = PostgreSQLParameters(scope)
      parameters.append(batch) { PostgreSQLKey.bounded($0) }
      return parameters
    }
  }

  func put(waiting rows: [WaitingRow], monitor: String, generation: String) throws {
    let scope = try scopeForWriting(monitor, generation)
    try lock(.joins(scope: scope))
    let doing: StaticString = "storing waiting predictions"
    let rows = lastOfEach(rows) { $0.id.lexicographicallyPrecedes($1.id) }
    let upsert = """
      INSERT INTO waiting (scope, id, reclaim_after, state)
      SELECT $1, k.id, k.reclaim_after, k.state
      FROM unnest($2::bytea[], $3::bigint[], $4::bytea[]) AS k (id, reclaim_after, state)
      ON CONFLICT (scope, id) DO UPDATE SET reclaim_after = excluded.reclaim_after, state = excluded.state
      """
    try PostgreSQLBatches.of(rows.filter { $0.state != nil }, size: { $0.id.count + ($0.state?.count ?? 0) + 32 }) {
      batch in
      var parameters = PostgreSQLParameters(scope)
      parameters.append(batch) { PostgreSQLKey.bounded($0.id) }
      parameters.append(batch) { $0.reclaimAfter }
      parameters.append(batch) { $0.state }
      try execute(doing, upsert, parameters)
    }
    try PostgreSQLBatches.of(rows.filter { $0.state == nil }, size: { $0.id.count + 8 }) { batch in
      var parameters = PostgreSQLParameters(scope)
      parameters.append(batch) { PostgreSQLKey.bounded($0.id) }
      // All that change rows have the lock of the joins, so that a row stays where it is.
      try execute(
        doing,
        """
        DELETE FROM waiting WHERE ctid = ANY (ARRAY(
          SELECT w.ctid FROM unnest($2::bytea[]) AS k (id)
          CROSS JOIN LATERAL (SELECT ctid FROM waiting r WHERE r.scope = $1 AND r.id = k.id OFFSET 0) w))
        """, parameters)
    }
  }

  func reclaimWaiting(monitor: String, generation: String, before: EventTime, limit: Int) throws -> [[UInt8]] {
    guard let scope = try scope(monitor, generation) else { return [] }
    try lock(.joins(scope: scope))
    return try rows(
      "reclaiming waiting predictions",
      """
      DELETE FROM waiting w USING (
        SELECT id FROM waiting WHERE scope = $1 AND reclaim_after < $2 ORDER BY scope, reclaim_after LIMIT $3
      ) k WHERE w.scope = $1 AND w.id = k.id RETURNING w.state
      """, scope, before, max(0, limit)
    ) { try $0.blob(0) }
  }
}
