import LeewayCore

extension PostgreSQLSession {
  func resultKeys(monitor: String, after: EventTime, through: EventTime) throws -> [ResultKey] {
    let sql = """
      SELECT s.generation, s.type, s.window_name, s.size, r.end_time, s.slice, s.subject, s.check_name, s.metric, s.stage,
        r.sequence, r.raw_tier
      FROM result_series s JOIN results r ON r.series = s.id
      WHERE s.monitor = $1 AND s.first_end <= $3 AND s.last_end > $2
        AND r.end_time > $2 AND r.end_time <= $3
      """
    return try rows("reading what results there are", sql, monitor, after, through) { row in
      ResultKey(
        position: ResultPosition(
          end: try row.time(4), size: try row.integer(3), slice: try row.text(5), type: try row.text(1),
          subject: try row.text(6), check: try row.text(7), metric: try row.text(8), stage: try row.named(9),
          sequence: try row.integer(10), monitor: monitor, window: try row.text(2), generation: try row.text(0)),
        rawTier: row.isNull(11) ? nil : try row.numbered(11))
    }
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

  func thinning(of monitor: String) throws -> ThinningProgress? {
    try first(
      "reading how far results are thinned", "SELECT through, before FROM result_thinnings WHERE monitor = $1", monitor
    ) { ThinningProgress(through: try $0.time(0), before: try $0.time(1)) }
  }

  func put(thinning: ThinningProgress, monitor: String) throws {
    let sql = """
      INSERT INTO result_thinnings (monitor, through, before) VALUES ($1, $2, $3)
      ON CONFLICT (monitor) DO UPDATE SET through = excluded.through, before = excluded.before
      """
    try run("storing how far results are thinned", sql, monitor, thinning.through, thinning.before)
  }
}
