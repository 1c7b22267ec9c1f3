import LeewayCore

/// Result lines. What a line repeats from window to window is kept once, in `result_series`; a line has its series, its
/// end and its sequence.
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

  func latestResults(monitor: String, generation: String, type: ResultType) throws -> [ResultRecord] {
    let sql = """
      SELECT \(Self.resultColumns) FROM result_series s CROSS JOIN results r
      WHERE s.monitor = ? AND s.generation = ? AND s.type = ? AND r.row =
        (SELECT row FROM results WHERE end_time = s.last_end AND series = s.id ORDER BY sequence DESC LIMIT 1)
      ORDER BY \(Self.resultOrder)
      """
    return try rows("reading the latest results", sql, monitor, generation, type.rawValue, as: result)
  }

  func results(_ query: ResultQuery) throws -> [ResultRecord] {
    guard query.limit > 0 else { return [] }
    guard let extent = try extent(of: query), extent.series > 0 else { return [] }
    // The series say where their lines begin and end: no query reads through years in which there are none.
    var first = max(query.from ?? .distantPast, extent.first)
    var last = extent.last
    if let to = query.to {
      guard to > .distantPast else { return [] }
      last = min(last, EventTime(milliseconds: to.milliseconds - 1))
    }
    if let after = query.after { first = max(first, after.end) }
    guard first <= last else { return [] }
    // Few series: look for a line of each at every end, then order what was found. Many: walk the ends in order and
    // leave out what does not match; SQLite then orders the lines of one end at a time. CROSS JOIN keeps the order
    // written here.
    let few = extent.series <= 16 || query.type == .incident
    let ends = """
      WITH RECURSIVE ends (end_time) AS (
        SELECT min(end_time) FROM results WHERE end_time >= ?7
        UNION ALL
        SELECT (SELECT min(end_time) FROM results r WHERE r.end_time > ends.end_time) FROM ends
        WHERE end_time < ?8)
      """
    let join =
      few
      ? "result_series s CROSS JOIN ends CROSS JOIN results r ON r.end_time = ends.end_time AND r.series = s.id"
      : "results r CROSS JOIN result_series s ON s.id = r.series"
    let after =
      query.after == nil
      ? ""
      : """
      AND (r.end_time, s.size, s.slice, s.type, s.subject, s.check_name, s.metric, s.stage, r.sequence, s.monitor,
        s.window_name, s.generation) > (?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)
      """
    let sql = """
      \(few ? ends : "") SELECT \(Self.resultColumns) FROM \(join)
      WHERE \(filter(query)) AND r.end_time >= ?7 AND r.end_time <= ?8 \(after)
      ORDER BY \(Self.resultOrder) LIMIT ?9
      """
    return try statement("reading results", sql) { select in
      try bind(query, to: select)
      try select.bind(first, at: 7)
      try select.bind(last, at: 8)
      try select.bind(query.limit, at: 9)
      if let after = query.after {
        try select.bind(after.end, at: 10)
        try select.bind(after.size, at: 11)
        try select.bind(after.slice, at: 12)
        try select.bind(after.type, at: 13)
        try select.bind(after.subject, at: 14)
        try select.bind(after.check, at: 15)
        try select.bind(after.metric, at: 16)
        try select.bind(after.stage.rawValue, at: 17)
        try select.bind(after.sequence, at: 18)
        try select.bind(after.monitor, at: 19)
        try select.bind(after.window, at: 20)
        try select.bind(after.generation, at: 21)
      }
      var found: [ResultRecord] = []
      while try select.step() { found.append(try result(select)) }
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

  // MARK: Parts of the statements

  private static let resultColumns = """
    s.monitor, s.generation, s.type, s.window_name, s.size, r.end_time, s.slice, s.subject, s.check_name, s.metric,
    s.stage, r.sequence, r.line, r.raw_tier, r.value, r.revision, r.packed
    """

  /// As `ResultPosition` compares.
  private static let resultOrder = """
    r.end_time, s.size, s.slice, s.type, s.subject, s.check_name, s.metric, s.stage, r.sequence, s.monitor,
    s.window_name, s.generation
    """

  private func result(_ row: PreparedStatement) throws -> ResultRecord {
    ResultRecord(
      monitor: try row.text(0), generation: try row.text(1), type: try row.named(2), window: try row.text(3),
      size: try row.integer(4), end: try row.time(5), slice: try row.text(6), subject: try row.text(7),
      check: try row.text(8), metric: try row.text(9), stage: try row.named(10), sequence: try row.integer(11),
      line: try line(row, plain: 12, packed: 16), rawTier: row.isNull(13) ? nil : try row.numbered(13),
      value: try row.optionalReal(14),
      revision: try row.integer(15))
  }

  /// Conditions on `result_series s`, with parameters 1 to 6.
  private func filter(_ query: ResultQuery) -> String {
    var terms: [String] = []
    if query.monitor != nil { terms.append("s.monitor = ?1") }
    if query.type != nil { terms.append("s.type = ?2") }
    if query.window != nil { terms.append("s.window_name = ?3") }
    if query.slice != nil { terms.append("s.slice = ?4") }
    if query.subject != nil { terms.append("s.subject = ?5") }
    if query.stage != nil { terms.append("s.stage = ?6") }
    return terms.isEmpty ? "?6 IS NULL" : terms.joined(separator: " AND ")
  }

  private func bind(_ query: ResultQuery, to select: PreparedStatement) throws {
    let values = [
      query.monitor, query.type?.rawValue, query.window, query.slice, query.subject, query.stage?.rawValue,
    ]
    // A statement that does not use the last of them has fewer parameters.
    for (i, value) in values.enumerated() where value != nil { try select.bind(value, at: CInt(i + 1)) }
  }

  private struct Extent {
    var series: Int64
    var first: EventTime
    var last: EventTime
  }

  /// How many series match, and between which ends their lines are.
  private func extent(of query: ResultQuery) throws -> Extent? {
    let sql = """
      SELECT count(*), ifnull(min(s.first_end), 0), ifnull(max(s.last_end), 0) FROM result_series s WHERE \(filter(query))
      """
    return try statement("reading results", sql) { select in
      try bind(query, to: select)
      guard try select.step() else { return nil }
      return Extent(series: try select.integer(0), first: try select.time(1), last: try select.time(2))
    }
  }
}
