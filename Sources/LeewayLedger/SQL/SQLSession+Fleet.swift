import LeewayCore

/// Reading for overviews: single lines, tiers without lines, incidents without what they are about.
extension SQLSession {
  func results(at positions: [ResultPosition]) throws -> [ResultRecord?] {
    let sql = """
      SELECT \(resultColumns) FROM result_series s CROSS JOIN results r
      WHERE s.monitor = ? AND s.generation = ? AND s.type = ? AND s.check_name = ? AND s.window_name = ? AND s.size = ?
        AND s.slice = ? AND s.subject = ? AND s.metric = ? AND s.stage = ?
        AND r.end_time = ? AND r.series = s.id AND r.sequence = ?
      """
    return try positions.map { line in
      try first(
        "reading results", sql, line.monitor, line.generation, line.type, line.check, line.window, line.size,
        line.slice, line.subject, line.metric, line.stage.rawValue, line.end, line.sequence, as: result)
    }
  }

  func tiers(_ query: TierMapQuery) throws -> [TierCell] {
    guard query.every > .zero, query.from < query.through else { return [] }
    let doing: StaticString = "reading tiers"
    let mine = """
      s.monitor = ?1 AND s.type = 'verdict' AND s.window_name = ?2 AND s.first_end <= ?4 AND s.last_end > ?3
      """
    // By the series' numbers: names that repeat in a hundred thousand rows are what would take long.
    var rows: [(subject: String, check: String, worst: [Int: Tier])] = []
    var places: [[UInt8]: Int] = [:]
    var rowOfSeries: [Int64: Int] = [:]
    let series = try self.rows(
      doing, "SELECT s.id, s.subject, s.check_name FROM result_series s WHERE \(mine)", query.monitor, query.window,
      query.from, query.through
    ) { (id: try $0.integer(0), subject: try $0.text(1), check: try $0.text(2)) }
    for one in series {
      let key = Array(one.subject.utf8) + [0xFF] + Array(one.check.utf8)
      let place = places[key] ?? rows.count
      if place == rows.count {
        places[key] = place
        rows.append((one.subject, one.check, [:]))
      }
      rowOfSeries[one.id] = place
    }
    let sql = """
      SELECT s.id, (r.end_time - ?3 - 1) / ?5, max(r.raw_tier) FROM result_series s CROSS JOIN results r
      WHERE \(mine) AND r.series = s.id AND r.end_time > ?3 AND r.end_time <= ?4 AND r.raw_tier IS NOT NULL
      GROUP BY s.id, (r.end_time - ?3 - 1) / ?5
      """
    let cells = try self.rows(
      doing, sql, query.monitor, query.window, query.from, query.through, query.every.milliseconds
    ) { (id: try $0.integer(0), column: try $0.count(1), tier: try $0.numbered(2, as: Tier.self)) }
    for cell in cells {
      guard let row = rowOfSeries[cell.id] else { continue }
      rows[row].worst[cell.column] = max(rows[row].worst[cell.column] ?? cell.tier, cell.tier)
    }
    rows.sort { a, b in
      let isSame = a.subject.utf8.elementsEqual(b.subject.utf8)
      return isSame ? utf8Order(a.check, b.check) : utf8Order(a.subject, b.subject)
    }
    return rows.flatMap { row in
      row.worst.sorted { $0.key < $1.key }.map {
        TierCell(subject: row.subject, check: row.check, column: $0.key, tier: $0.value)
      }
    }
  }

  func incidentSpans(openAfter time: EventTime) throws -> [IncidentSpan] {
    let sql = """
      SELECT id, monitor, tier, opened_at, resolved_at FROM incidents
      WHERE state <> 'resolved' OR resolved_at >= ? ORDER BY monitor, opened_at, id
      """
    return try rows("reading incidents", sql, time) {
      IncidentSpan(
        id: try $0.text(0), monitor: try $0.text(1), tier: try $0.numbered(2), openedAt: try $0.time(3),
        resolvedAt: try $0.optionalTime(4))
    }
  }
}
