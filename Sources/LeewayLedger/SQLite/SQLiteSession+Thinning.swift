import LeewayCore

extension SQLiteSession {
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
        rawTier: row.isNull(11) ? nil : try row.numbered(11))
    }
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
