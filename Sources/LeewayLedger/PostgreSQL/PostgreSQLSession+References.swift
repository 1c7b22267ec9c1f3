import LeewayCore

/// References from production.
extension PostgreSQLSession {
  func references(monitor: String) throws -> [ReferenceRecord] {
    let sql = """
      SELECT hash, slice, begins, ends, through, used_at FROM frozen_references WHERE monitor = $1 ORDER BY hash, slice
      """
    return try rows("reading references", sql, monitor) {
      ReferenceRecord(
        key: SliceKey(hash: try $0.text(0), slice: try $0.text(1)), begins: try $0.time(2), ends: try $0.time(3),
        through: try $0.time(4), usedAt: try $0.time(5))
    }
  }

  func referenceBlocks(monitor: String, keys: [SliceKey]) throws -> [[UInt8]?] {
    var found = [[UInt8]?](repeating: nil, count: keys.count)
    let sql = """
      SELECT k.n, r.block FROM unnest($2::text[], $3::bytea[]) WITH ORDINALITY AS k (hash, slice_key, n)
      JOIN frozen_references r ON r.monitor = $1 AND r.hash = k.hash AND r.slice_key = k.slice_key
      """
    try PostgreSQLBatches.of(keys, size: { _ in 8192 }) { batch in
      var parameters = PostgreSQLParameters(monitor)
      parameters.append(batch) { $0.hash }
      parameters.append(batch) { PostgreSQLKey.bounded($0.slice) }
      _ = try rows("reading references", sql, parameters) { row in
        let index = batch.startIndex + Int(clamping: try row.integer(0)) - 1
        guard found.indices.contains(index) else { throw row.damaged(0, "is not a place in the batch") }
        found[index] = try row.blob(1)
      }
    }
    return found
  }

  func put(references: [ReferenceRecord], monitor: String) throws {
    let records = lastOfEach(references) { SliceKey.precedes($0.key, $1.key) }
    let upsert = """
      INSERT INTO frozen_references (monitor, hash, slice_key, slice, begins, ends, through, used_at, block)
      SELECT $1, k.hash, k.slice_key, k.slice, k.begins, k.ends, k.through, k.used_at, k.block
      FROM unnest($2::text[], $3::bytea[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],
        $9::bytea[]) AS k (hash, slice_key, slice, begins, ends, through, used_at, block)
      ON CONFLICT (monitor, hash, slice_key) DO UPDATE SET begins = excluded.begins, ends = excluded.ends,
        through = excluded.through, used_at = excluded.used_at
      """
    for (isWhole, part) in [(true, records.filter { $0.block != nil }), (false, records.filter { $0.block == nil })] {
      let statement = upsert + (isWhole ? ", block = excluded.block" : "")
      try PostgreSQLBatches.of(part, size: { ($0.block?.count ?? 0) + $0.key.slice.utf8.count * 2 + 128 }) { batch in
        var parameters = PostgreSQLParameters(monitor)
        parameters.append(batch) { $0.key.hash }
        parameters.append(batch) { PostgreSQLKey.bounded($0.key.slice) }
        parameters.append(batch) { $0.key.slice }
        parameters.append(batch) { $0.begins }
        parameters.append(batch) { $0.ends }
        parameters.append(batch) { $0.through }
        parameters.append(batch) { $0.usedAt }
        parameters.append(batch) { $0.block ?? [] }
        try execute("storing references", statement, parameters)
      }
    }
  }

  func reclaimReferences(monitor: String, usedBefore before: EventTime, limit: Int) throws -> Int {
    try run(
      "reclaiming references",
      """
      DELETE FROM frozen_references r USING (
        SELECT hash, slice_key FROM frozen_references WHERE monitor = $1 AND used_at < $2
        ORDER BY used_at, hash, slice LIMIT $3
      ) k
      WHERE r.monitor = $1 AND r.hash = k.hash AND r.slice_key = k.slice_key
      """, monitor, before, max(0, limit))
  }
}
