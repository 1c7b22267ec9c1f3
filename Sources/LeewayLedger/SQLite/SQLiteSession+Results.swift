import LeewayCore

/// Storing and removing result lines, one by one through prepared statements.
extension SQLiteSession {
  func put(results: [ResultRecord]) throws {
    let doing: StaticString = "storing results"
    let seriesSQL = """
      INSERT INTO result_series AS s (monitor, generation, type, check_name, window_name, size, slice, subject, metric,
        stage, first_end, last_end, plain_from)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11, ?12)
      ON CONFLICT (monitor, generation, type, check_name, window_name, size, slice, subject, metric, stage)
      DO UPDATE SET first_end = min(first_end, excluded.first_end), last_end = max(last_end, excluded.last_end),
        plain_from = ifnull(min(s.plain_from, excluded.plain_from), ifnull(s.plain_from, excluded.plain_from))
      RETURNING id
      """
    let lineSQL = """
      INSERT INTO results (series, end_time, sequence, revision, line, raw_tier, value, packed)
      VALUES (?, ?, ?, 0, ?, ?, ?, ?) ON CONFLICT (end_time, series, sequence) DO NOTHING
      """
    try statement(doing, seriesSQL) { series in
      try statement(doing, lineSQL) { line in
        for result in results {
          let packed = try dictionary(for: result).flatMap { lines.packed(result.line, with: $0) }
          try series.bind(
            result.monitor, result.generation, result.type.rawValue, result.check, result.window, result.size,
            result.slice, result.subject, result.metric, result.stage.rawValue, result.end,
            packed == nil ? result.end : nil)
          guard try series.step() else { throw damaged(doing, "a series has no number") }
          let number = try series.integer(0)
          while try series.step() {}
          series.reset()
          let isNew = try line.run(
            number, result.end, result.sequence, packed == nil ? result.line : "", result.rawTier?.rawValue,
            result.value, packed)
          if isNew == 0 { try replace(result, series: number, packed: packed) }
        }
      }
    }
  }

  private func replace(_ result: ResultRecord, series: Int64, packed: [UInt8]?) throws {
    let doing: StaticString = "storing results"
    let known = try first(
      doing, "SELECT line, packed FROM results WHERE end_time = ? AND series = ? AND sequence = ?", result.end, series,
      result.sequence
    ) { try line($0, plain: 0, packed: 1) }
    let hasChanged = !(known ?? "").utf8.elementsEqual(result.line.utf8)
    try run(
      doing,
      """
      UPDATE results SET revision = revision + ?, line = ?, raw_tier = ?, value = ?, packed = ?
      WHERE end_time = ? AND series = ? AND sequence = ?
      """, hasChanged, packed == nil ? result.line : "", result.rawTier?.rawValue, result.value, packed, result.end,
      series, result.sequence)
  }

  func verdicts(monitor: String, generation: String, check: String, stage: Stage, ends: [EventTime]) throws
    -> [VerdictRecord]
  {
    let sql = """
      SELECT r.raw_tier, s.slice, s.subject, r.value FROM result_series s CROSS JOIN results r
      WHERE s.monitor = ? AND s.generation = ? AND s.type = ? AND s.check_name = ?
        AND s.stage = ? AND r.series = s.id AND r.end_time = ?
      """
    return try statement("reading verdicts", sql) { select in
      try select.bind(monitor, generation, ResultType.verdict.rawValue, check, stage.rawValue)
      var found: [VerdictRecord] = []
      for end in ends {
        try select.bind(end, at: 6)
        while try select.step() {
          found.append(
            VerdictRecord(
              end: end, slice: try select.text(1), subject: try select.text(2), rawTier: try select.numbered(0),
              value: try select.optionalReal(3)))
        }
        select.reset()
      }
      return found
    }
  }

  func reclaimResults(monitor: String, generation: String, before: EventTime, limit: Int) throws -> Int {
    let doing: StaticString = "reclaiming results"
    let gone = """
      DELETE FROM results WHERE row IN (
        SELECT r.row FROM result_series s JOIN results r ON r.series = s.id
        WHERE s.monitor = ? AND s.generation = ? AND s.first_end < ? AND r.end_time < ? ORDER BY r.end_time LIMIT ?)
      """
    let removed = try run(doing, gone, monitor, generation, before, before, max(0, limit))
    guard removed > 0 else { return 0 }
    // A series begins with its first line that is left, and goes with its last.
    try run(
      doing,
      """
      DELETE FROM result_series WHERE monitor = ? AND generation = ?
        AND NOT EXISTS (SELECT 1 FROM results WHERE series = result_series.id)
      """, monitor, generation)
    try run(
      doing,
      """
      UPDATE result_series SET first_end = (SELECT min(end_time) FROM results WHERE series = result_series.id)
      WHERE monitor = ? AND generation = ? AND first_end < ?
      """, monitor, generation, before)
    return removed
  }

  func delete(results: [ResultPosition]) throws -> Int {
    let sql = """
      DELETE FROM results WHERE end_time = ? AND sequence = ? AND series = (
        SELECT id FROM result_series WHERE monitor = ? AND generation = ? AND type = ? AND check_name = ?
          AND window_name = ? AND size = ? AND slice = ? AND subject = ? AND metric = ? AND stage = ?)
      """
    return try statement("thinning results", sql) { delete in
      try results.reduce(0) { count, line in
        try count
          + delete.run(
            line.end, line.sequence, line.monitor, line.generation, line.type, line.check, line.window, line.size,
            line.slice, line.subject, line.metric, line.stage.rawValue)
      }
    }
  }

  func store(packed: [(end: EventTime, sequence: Int64, line: [UInt8])], series: Int64) throws {
    let sql = "UPDATE results SET line = '', packed = ? WHERE end_time = ? AND series = ? AND sequence = ?"
    try statement("packing results", sql) { update in
      for line in packed { try update.run(line.line, line.end, series, line.sequence) }
    }
  }
}
