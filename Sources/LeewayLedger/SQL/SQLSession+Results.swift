import LeewayCore

let resultColumns = """
  s.monitor, s.generation, s.type, s.window_name, s.size, r.end_time, s.slice, s.subject, s.check_name, s.metric,
  s.stage, r.sequence, r.line, r.raw_tier, r.value, r.revision, r.packed
  """

/// As `ResultPosition` compares.
private let resultOrder = """
  r.end_time, s.size, s.slice, s.type, s.subject, s.check_name, s.metric, s.stage, r.sequence, s.monitor,
  s.window_name, s.generation
  """

/// Reading result lines. What a line repeats from window to window is kept once, in `result_series`; a line has its series,
/// its end and its sequence. How they are stored and removed many at a time is in the sessions.
///
/// SQLite joins in the order that CROSS JOIN is written in; PostgreSQL takes the order that it finds best.
extension SQLSession {
  func result(_ row: Row) throws -> ResultRecord {
    ResultRecord(
      monitor: try row.text(0), generation: try row.text(1), type: try row.named(2), window: try row.text(3),
      size: try row.integer(4), end: try row.time(5), slice: try row.text(6), subject: try row.text(7),
      check: try row.text(8), metric: try row.text(9), stage: try row.named(10), sequence: try row.integer(11),
      line: try line(row, plain: 12, packed: 16), rawTier: try row.optionalNumbered(13),
      value: try row.optionalReal(14), revision: try row.integer(15))
  }

  func latestResults(monitor: String, generation: String, type: ResultType) throws -> [ResultRecord] {
    let sql = """
      SELECT \(resultColumns) FROM result_series s CROSS JOIN results r
      WHERE s.monitor = ? AND s.generation = ? AND s.type = ? AND r.end_time = s.last_end AND r.series = s.id
        AND r.sequence = (SELECT max(l.sequence) FROM results l WHERE l.end_time = s.last_end AND l.series = s.id)
      ORDER BY \(resultOrder)
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
    // leave out what does not match; the database then orders the lines of one end at a time.
    let few = extent.series <= 16 || query.type == .incident
    let ends = """
      WITH RECURSIVE ends (end_time) AS (
        SELECT min(end_time) FROM results WHERE end_time >= ?7
        UNION ALL
        SELECT (SELECT min(end_time) FROM results r WHERE r.end_time > ends.end_time) FROM ends
        WHERE end_time < ?8)
      """
    // Both say between which ends, of the side that is walked: SQLite would else look through all of a series' lines at
    // each end.
    let from =
      few
      ? """
      result_series s CROSS JOIN ends CROSS JOIN results r
        WHERE ends.end_time >= ?7 AND ends.end_time <= ?8 AND r.end_time = ends.end_time AND r.series = s.id
      """
      : """
      results r CROSS JOIN result_series s
        WHERE r.end_time >= ?7 AND r.end_time <= ?8 AND s.id = r.series
      """
    let behind =
      query.after == nil
      ? "" : "AND (\(resultOrder)) > (?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)"
    let sql = """
      \(few ? ends : "") SELECT \(resultColumns) FROM \(from)
        AND \(filter(query)) \(behind)
      ORDER BY \(resultOrder) LIMIT ?9
      """
    let doing: StaticString = "reading results"
    guard let after = query.after else {
      return try rows(
        doing, sql, query.monitor, query.type?.rawValue, query.window, query.slice, query.subject,
        query.stage?.rawValue, first, last, query.limit, as: result)
    }
    return try rows(
      doing, sql, query.monitor, query.type?.rawValue, query.window, query.slice, query.subject,
      query.stage?.rawValue, first, last, query.limit, after.end, after.size, after.slice, after.type, after.subject,
      after.check, after.metric, after.stage.rawValue, after.sequence, after.monitor, after.window, after.generation,
      as: result)
  }

  /// Conditions on `result_series s`, with parameters 1 to 6; those that are not asked for are named all the same.
  private func filter(_ query: ResultQuery) -> String {
    [
      ("s.monitor", query.monitor != nil), ("s.type", query.type != nil), ("s.window_name", query.window != nil),
      ("s.slice", query.slice != nil), ("s.subject", query.subject != nil), ("s.stage", query.stage != nil),
    ].enumerated().map { i, term in term.1 ? "\(term.0) = ?\(i + 1)" : "CAST(?\(i + 1) AS TEXT) IS NULL" }
      .joined(separator: " AND ")
  }

  /// How many series match, and between which ends their lines are.
  private func extent(of query: ResultQuery) throws -> (series: Int64, first: EventTime, last: EventTime)? {
    let sql = """
      SELECT count(*), coalesce(min(s.first_end), 0), coalesce(max(s.last_end), 0) FROM result_series s
      WHERE \(filter(query))
      """
    return try first(
      "reading results", sql, query.monitor, query.type?.rawValue, query.window, query.slice, query.subject,
      query.stage?.rawValue
    ) { (try $0.integer(0), try $0.time(1), try $0.time(2)) }
  }

  // MARK: Thinning

  func resultKeys(monitor: String, after: EventTime, through: EventTime) throws -> [ResultKey] {
    let sql = """
      SELECT s.generation, s.type, s.window_name, s.size, r.end_time, s.slice, s.subject, s.check_name, s.metric, s.stage,
        r.sequence, r.raw_tier
      FROM result_series s CROSS JOIN results r
      WHERE s.monitor = ?1 AND s.first_end <= ?3 AND s.last_end > ?2
        AND r.series = s.id AND r.end_time > ?2 AND r.end_time <= ?3
      """
    return try rows("reading what results there are", sql, monitor, after, through) { row in
      ResultKey(
        position: ResultPosition(
          end: try row.time(4), size: try row.integer(3), slice: try row.text(5), type: try row.text(1),
          subject: try row.text(6), check: try row.text(7), metric: try row.text(8), stage: try row.named(9),
          sequence: try row.integer(10), monitor: monitor, window: try row.text(2), generation: try row.text(0)),
        rawTier: try row.optionalNumbered(11))
    }
  }

  func thinning(of monitor: String) throws -> ThinningProgress? {
    try first(
      "reading how far results are thinned", "SELECT through, before FROM result_thinnings WHERE monitor = ?", monitor
    ) { ThinningProgress(through: try $0.time(0), before: try $0.time(1)) }
  }

  func put(thinning: ThinningProgress, monitor: String) throws {
    let sql = """
      INSERT INTO result_thinnings (monitor, through, before) VALUES (?, ?, ?)
      ON CONFLICT (monitor) DO UPDATE SET through = excluded.through, before = excluded.before
      """
    try run("storing how far results are thinned", sql, monitor, thinning.through, thinning.before)
  }
}
