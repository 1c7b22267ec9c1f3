import LeewayCore

private let generationColumns =
  "generation, definition, starts_at, baseline, pairs, pairs_start_at, early_starts_at, pair_shape, read_through, drained"

/// Generations of monitors.
extension SQLSession {
  func lockGeneration(of monitor: String) throws { try lock(.generation(monitor: monitor)) }

  private func generation(_ row: Row, _ monitor: String) throws -> GenerationRecord {
    GenerationRecord(
      monitor: monitor, generation: try row.text(0), definition: try row.text(1), startsAt: try row.time(2),
      baseline: try row.text(3), pairs: try row.text(4), pairsStartAt: try row.time(5), earlyStartsAt: try row.time(6),
      pairShape: try row.text(7), readThrough: try row.time(8), isDrained: try row.integer(9) != 0)
  }

  func generations(of monitor: String) throws -> [GenerationRecord] {
    try lock(.generation(monitor: monitor), shared: true)
    let sql = "SELECT \(generationColumns) FROM generations WHERE monitor = ? ORDER BY id"
    return try rows("reading generations", sql, monitor) { try generation($0, monitor) }
  }

  func generation(of monitor: String) throws -> GenerationRecord? {
    try lock(.generation(monitor: monitor), shared: true)
    let sql = "SELECT \(generationColumns) FROM generations WHERE monitor = ? ORDER BY id DESC LIMIT 1"
    return try first("reading a generation", sql, monitor) { try generation($0, monitor) }
  }

  func files(monitor: String, generation: String) throws -> GenerationFiles? {
    let sql = """
      SELECT monitor_file, baseline_file FROM generations
      WHERE monitor = ? AND generation = ? AND monitor_file IS NOT NULL AND baseline_file IS NOT NULL
      """
    return try first("reading a generation's files", sql, monitor, generation) {
      GenerationFiles(monitor: String(decoding: try $0.blob(0), as: UTF8.self), baseline: try $0.blob(1))
    }
  }

  func put(generation: GenerationRecord, files: GenerationFiles?) throws {
    try lock(.generation(monitor: generation.monitor))
    let doing: StaticString = "storing a generation"
    // A new row has a new id, and the greatest id is the current one.
    try run(
      doing, "DELETE FROM generations WHERE monitor = ? AND generation = ?", generation.monitor, generation.generation)
    try run(
      doing,
      """
      INSERT INTO generations (monitor, \(generationColumns), monitor_file, baseline_file)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """, generation.monitor, generation.generation, generation.definition, generation.startsAt, generation.baseline,
      generation.pairs, generation.pairsStartAt, generation.earlyStartsAt, generation.pairShape,
      generation.readThrough, generation.isDrained ? 1 : 0, files.map { Array($0.monitor.utf8) }, files?.baseline)
  }

  func drain(monitor: String, pairs: String) throws -> Int {
    let doing: StaticString = "ending the wait of a generation"
    try lock(.generation(monitor: monitor))
    if let scope = try scope(monitor, pairs) {
      guard try isEmpty(doing, Self.waitingTables, scope) else { return 0 }
    }
    let sql = """
      UPDATE generations SET drained = 1, monitor_file = NULL, baseline_file = NULL
      WHERE monitor = ? AND pairs = ? AND drained = 0
      """
    return try run(doing, sql, monitor, pairs)
  }

  func reclaimGeneration(monitor: String, generation: String) throws -> Int {
    let doing: StaticString = "reclaiming a generation"
    try lock(.generation(monitor: monitor))
    guard try self.generation(of: monitor)?.generation != generation else { return 0 }
    let lines = try first(
      doing, "SELECT id FROM result_series WHERE monitor = ? AND generation = ? LIMIT 1", monitor, generation
    ) { try $0.integer(0) }
    guard lines == nil else { return 0 }
    try run(doing, "DELETE FROM result_dictionaries WHERE monitor = ? AND generation = ?", monitor, generation)
    if let scope = try scope(monitor, generation) {
      let tables = PaneKind.allCases.map(\.table) + Self.waitingTables + ["errors", "fed_panes"]
      guard try isEmpty(doing, tables, scope) else { return 0 }
      for table in ["dirty_marks", "evaluations", "error_feeds"] {
        try run(doing, "DELETE FROM \(table) WHERE scope = ?", scope)
      }
      if !Self.keepsScopes {
        try run(doing, "DELETE FROM scopes WHERE id = ?", scope)
        scopes[[monitor, generation]] = nil
      }
    }
    return try run(doing, "DELETE FROM generations WHERE monitor = ? AND generation = ?", monitor, generation)
  }

  /// Whether none of the tables has a row of the scope.
  private func isEmpty(_ doing: StaticString, _ tables: [String], _ scope: Int64) throws -> Bool {
    try tables.allSatisfy { table in
      try first(doing, "SELECT scope FROM \(table) WHERE scope = ? LIMIT 1", scope) { try $0.integer(0) } == nil
    }
  }
}
