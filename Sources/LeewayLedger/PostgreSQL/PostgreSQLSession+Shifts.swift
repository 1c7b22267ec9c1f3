import LeewayCore

/// What detectors of shifts know.
extension PostgreSQLSession {
  func shiftStates(monitor: String, keys: [SliceKey]) throws -> [[UInt8]?] {
    var found = [[UInt8]?](repeating: nil, count: keys.count)
    let sql = """
      SELECT k.n, s.state FROM unnest($2::text[], $3::bytea[]) WITH ORDINALITY AS k (hash, slice_key, n)
      JOIN shift_states s ON s.monitor = $1 AND s.hash = k.hash AND s.slice_key = k.slice_key
      """
    try PostgreSQLBatches.of(keys, size: { _ in 8192 }) { batch in
      var parameters = PostgreSQLParameters(monitor)
      parameters.append(batch) { $0.hash }
      parameters.append(batch) { PostgreSQLKey.bounded($0.slice) }
      _ = try rows("reading shifts", sql, parameters) { row in
        let index = batch.startIndex + Int(clamping: try row.integer(0)) - 1
        guard found.indices.contains(index) else { throw row.damaged(0, "is not a place in the batch") }
        found[index] = try row.blob(1)
      }
    }
    return found
  }

  func put(shiftStates: [ShiftRecord], monitor: String) throws {
    let records = lastOfEach(shiftStates) { SliceKey.precedes($0.key, $1.key) }
    let sql = """
      INSERT INTO shift_states (monitor, hash, slice_key, slice, through, state)
      SELECT $1, k.hash, k.slice_key, k.slice, k.through, k.state
      FROM unnest($2::text[], $3::bytea[], $4::text[], $5::bigint[], $6::bytea[])
        AS k (hash, slice_key, slice, through, state)
      ON CONFLICT (monitor, hash, slice_key) DO UPDATE SET through = excluded.through, state = excluded.state
      """
    try PostgreSQLBatches.of(records, size: { $0.state.count + $0.key.slice.utf8.count * 2 + 128 }) { batch in
      var parameters = PostgreSQLParameters(monitor)
      parameters.append(batch) { $0.key.hash }
      parameters.append(batch) { PostgreSQLKey.bounded($0.key.slice) }
      parameters.append(batch) { $0.key.slice }
      parameters.append(batch) { $0.through }
      parameters.append(batch) { $0.state }
      try execute("storing shifts", sql, parameters)
    }
  }

  func reclaimShiftStates(monitor: String, before: EventTime, limit: Int) throws -> Int {
    try run(
      "reclaiming shifts",
      """
      DELETE FROM shift_states s USING (
        SELECT hash, slice_key FROM shift_states WHERE monitor = $1 AND through < $2
        ORDER BY through, hash, slice LIMIT $3
      ) k
      WHERE s.monitor = $1 AND s.hash = k.hash AND s.slice_key = k.slice_key
      """, monitor, before, max(0, limit))
  }
}
