import LeewayCore

/// Storing and removing result lines, each batch in one statement and one round trip.
extension PostgreSQLSession {
  func put(results: [ResultRecord]) throws {
    // A statement changes a row once, and a revision counts every change: a line that comes twice goes in two rounds.
    var rounds: [[(result: ResultRecord, series: [UInt8])]] = []
    var seen: [[UInt8]: Int] = [:]
    for result in results {
      let series = Self.seriesKey(result.position)
      let key = series + PostgreSQLKey.digest(["\(result.end.milliseconds)", "\(result.sequence)"])
      let round = seen[key, default: 0]
      seen[key] = round + 1
      if round == rounds.count { rounds.append([]) }
      rounds[round].append((result, series))
    }
    for round in rounds {
      try PostgreSQLBatches.of(round, size: { $0.result.line.utf8.count + 256 }) { try put(results: $0) }
    }
  }

  /// A final line's is what it was before there were stages.
  private static func seriesKey(_ result: ResultPosition) -> [UInt8] {
    PostgreSQLKey.digest(
      [
        result.monitor, result.generation, result.type, result.check, result.window, "\(result.size)",
        result.slice, result.subject, result.metric,
      ] + (result.stage == .final ? [] : [result.stage.rawValue]))
  }

  private func put(results batch: ArraySlice<(result: ResultRecord, series: [UInt8])>) throws {
    let doing: StaticString = "storing results"
    let batch = try batch.map { result, series in
      (
        result: result, series: series,
        packed: try dictionary(for: result).flatMap { lines.packed(result.line, with: $0) }
      )
    }
    // Each series once, with the first and the last end that the batch has of it.
    var extents: [[UInt8]: (result: ResultRecord, first: EventTime, last: EventTime, plain: EventTime?)] = [:]
    for (result, series, packed) in batch {
      let known = extents[series] ?? (result, result.end, result.end, nil)
      let plain = packed == nil ? min(known.plain ?? result.end, result.end) : known.plain
      extents[series] = (known.result, min(known.first, result.end), max(known.last, result.end), plain)
    }
    let series = extents.sorted { $0.key.lexicographicallyPrecedes($1.key) }
    var parameters = PostgreSQLParameters()
    parameters.append(series) { $0.key }
    parameters.append(series) { $0.value.result.monitor }
    parameters.append(series) { $0.value.result.generation }
    parameters.append(series) { $0.value.result.type.rawValue }
    parameters.append(series) { $0.value.result.check }
    parameters.append(series) { $0.value.result.window }
    parameters.append(series) { $0.value.result.size }
    parameters.append(series) { $0.value.result.slice }
    parameters.append(series) { $0.value.result.subject }
    parameters.append(series) { $0.value.result.metric }
    parameters.append(series) { $0.value.result.stage.rawValue }
    parameters.append(series) { $0.value.first }
    parameters.append(series) { $0.value.last }
    parameters.append(series) { $0.value.plain }
    var numbers: [[UInt8]: Int64] = [:]
    _ = try rows(
      doing,
      """
      INSERT INTO result_series AS s (series_key, monitor, generation, type, check_name, window_name, size, slice,
        subject, metric, stage, first_end, last_end, plain_from)
      SELECT * FROM unnest($1::bytea[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[],
        $8::text[], $9::text[], $10::text[], $11::text[], $12::bigint[], $13::bigint[], $14::bigint[])
      ON CONFLICT (series_key) DO UPDATE SET first_end = least(s.first_end, excluded.first_end),
        last_end = greatest(s.last_end, excluded.last_end), plain_from = least(s.plain_from, excluded.plain_from)
      RETURNING series_key, id
      """, parameters
    ) { numbers[try $0.blob(0)] = try $0.integer(1) }
    var rows = try batch.map { line -> StoredLine in
      guard let number = numbers[line.series] else { throw damaged(doing, "a series has no number") }
      return StoredLine(series: number, result: line.result, packed: line.packed)
    }.sorted { $0.key < $1.key }
    let inserted = try self.rows(
      doing,
      """
      INSERT INTO results AS r (series, end_time, sequence, revision, line, raw_tier, value, packed)
      SELECT k.series, k.end_time, k.sequence, 0, k.line, k.raw_tier, k.value, k.packed FROM \(Self.unnestedLines)
      ON CONFLICT (end_time, series, sequence) DO NOTHING RETURNING r.series, r.end_time, r.sequence
      """, Self.parameters(rows)
    ) { StoredLine.Key(series: try $0.integer(0), end: try $0.time(1), sequence: try $0.integer(2)) }
    guard inserted.count < rows.count else { return }
    let new = Set(inserted)
    rows.removeAll { new.contains($0.key) }
    try replace(rows)
  }

  private struct StoredLine {
    struct Key: Hashable, Comparable {
      var series: Int64
      var end: EventTime
      var sequence: Int64

      static func < (a: Key, b: Key) -> Bool { (a.end, a.series, a.sequence) < (b.end, b.series, b.sequence) }
    }

    var series: Int64
    var result: ResultRecord
    var packed: [UInt8]?

    var key: Key { Key(series: series, end: result.end, sequence: result.sequence) }
  }

  private static let unnestedLines = """
    unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[], $6::double precision[], $7::bytea[])
      AS k (series, end_time, sequence, line, raw_tier, value, packed)
    """

  private static func parameters(_ lines: [StoredLine]) -> PostgreSQLParameters {
    var parameters = PostgreSQLParameters()
    parameters.append(lines) { $0.series }
    parameters.append(lines) { $0.result.end }
    parameters.append(lines) { $0.result.sequence }
    parameters.append(lines) { $0.packed == nil ? $0.result.line : "" }
    parameters.append(lines) { $0.result.rawTier?.rawValue }
    parameters.append(lines) { $0.result.value }
    parameters.append(lines) { $0.packed }
    return parameters
  }

  /// Lines that are there already, by key.
  private func replace(_ lines: [StoredLine]) throws {
    let doing: StaticString = "storing results"
    var keys = PostgreSQLParameters()
    keys.append(lines) { $0.series }
    keys.append(lines) { $0.result.end }
    keys.append(lines) { $0.result.sequence }
    let known = try Dictionary(
      rows(
        doing,
        """
        SELECT r.series, r.end_time, r.sequence, r.line, r.packed FROM results r
        JOIN unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS k (series, end_time, sequence)
          ON r.end_time = k.end_time AND r.series = k.series AND r.sequence = k.sequence
        ORDER BY r.end_time, r.series, r.sequence FOR UPDATE OF r
        """, keys
      ) { row in
        (
          StoredLine.Key(series: try row.integer(0), end: try row.time(1), sequence: try row.integer(2)),
          try line(row, plain: 3, packed: 4)
        )
      }, uniquingKeysWith: { $1 })
    var parameters = Self.parameters(lines)
    parameters.append(lines) { line -> Int64 in
      (known[line.key] ?? "").utf8.elementsEqual(line.result.line.utf8) ? 0 : 1
    }
    try execute(
      doing,
      """
      UPDATE results r SET revision = r.revision + k.changes, line = k.line, raw_tier = k.raw_tier, value = k.value,
        packed = k.packed
      FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[], $6::double precision[],
        $7::bytea[], $8::bigint[]) AS k (series, end_time, sequence, line, raw_tier, value, packed, changes)
      WHERE r.end_time = k.end_time AND r.series = k.series AND r.sequence = k.sequence
      """, parameters)
  }

  func verdicts(monitor: String, generation: String, check: String, stage: Stage, ends: [EventTime]) throws
    -> [VerdictRecord]
  {
    try rows(
      "reading verdicts",
      """
      SELECT r.raw_tier, s.slice, s.subject, r.value, r.end_time FROM result_series s
      JOIN results r ON r.series = s.id AND r.end_time = ANY ($5)
      WHERE s.monitor = $1 AND s.generation = $2 AND s.type = $3 AND s.check_name = $4 AND s.stage = $6
      """, monitor, generation, ResultType.verdict.rawValue, check, PostgreSQLArray(ends), stage.rawValue
    ) {
      VerdictRecord(
        end: try $0.time(4), slice: try $0.text(1), subject: try $0.text(2), rawTier: try $0.numbered(0),
        value: try $0.optionalReal(3))
    }
  }

  func reclaimResults(monitor: String, generation: String, before: EventTime, limit: Int) throws -> Int {
    let doing: StaticString = "reclaiming results"
    let removed = try first(
      doing,
      """
      WITH removed AS (
        DELETE FROM results r USING (
          SELECT r.end_time, r.series, r.sequence FROM results r JOIN result_series s ON s.id = r.series
          WHERE s.monitor = $1 AND s.generation = $2 AND r.end_time < $3 AND r.end_time >= (
            SELECT min(first_end) FROM result_series WHERE monitor = $1 AND generation = $2)
          ORDER BY r.end_time LIMIT $4) gone
        WHERE r.end_time = gone.end_time AND r.series = gone.series AND r.sequence = gone.sequence
        RETURNING r.end_time)
      SELECT count(*), coalesce(max(end_time), 0) FROM removed
      """, monitor, generation, before, max(0, limit)
    ) { (count: Int(try $0.integer(0)), last: try $0.time(1)) }
    guard let removed, removed.count > 0 else { return 0 }
    // The oldest go first: what is left begins here, with more lines of the last end if the limit was reached among them.
    let start = removed.count < limit ? before : removed.last
    try run(
      doing, "DELETE FROM result_series WHERE monitor = $1 AND generation = $2 AND last_end < $3", monitor, generation,
      start)
    try run(
      doing,
      "UPDATE result_series SET first_end = $3 WHERE monitor = $1 AND generation = $2 AND first_end < $3", monitor,
      generation, start)
    return removed.count
  }

  func delete(results: [ResultPosition]) throws -> Int {
    var parameters = PostgreSQLParameters()
    parameters.append(results) { Self.seriesKey($0) }
    parameters.append(results) { $0.end }
    parameters.append(results) { $0.sequence }
    return try execute(
      "thinning results",
      """
      DELETE FROM results r USING unnest($1::bytea[], $2::bigint[], $3::bigint[]) AS k (series_key, end_time, sequence)
      JOIN result_series s ON s.series_key = k.series_key
      WHERE r.end_time = k.end_time AND r.series = s.id AND r.sequence = k.sequence
      """, parameters
    ).changed
  }

  func store(packed: [(end: EventTime, sequence: Int64, line: [UInt8])], series: Int64) throws {
    var parameters = PostgreSQLParameters(series)
    parameters.append(packed) { $0.end }
    parameters.append(packed) { $0.sequence }
    parameters.append(packed) { $0.line }
    try execute(
      "packing results",
      """
      UPDATE results r SET line = '', packed = k.packed
      FROM unnest($2::bigint[], $3::bigint[], $4::bytea[]) AS k (end_time, sequence, packed)
      WHERE r.series = $1 AND r.end_time = k.end_time AND r.sequence = k.sequence
      """, parameters)
  }
}
