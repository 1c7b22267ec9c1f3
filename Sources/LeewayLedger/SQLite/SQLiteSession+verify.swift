import LeewayCore

/// Reading everything that this program has encoded, to see whether it decodes.
extension SQLiteSession {
  /// - Parameter limit: of problems that are named.
  /// - Returns: a line for each row that does not decode.
  func undecodable(limit: Int) throws -> [String] {
    let tables = Set(try rows(Self.doing, "SELECT name FROM sqlite_schema WHERE type = 'table'") { try $0.text(0) })
    var found: [String] = []
    for table in tables.sorted() where !table.hasPrefix("sqlite_") && found.count < limit {
      found += try unreadableTexts(in: table, limit: limit - found.count)
    }
    for block in StoredBlock.ofBoth + [Self.waitingBlock] where tables.contains(block.table) {
      // SQLite keeps the order of the table, so that every page is read once.
      let sql = "SELECT \(block.key), \(block.column) FROM \(block.table)"
      try statement(Self.doing, sql) { select in
        while found.count < limit, try select.step() {
          if let problem = block.problem(try select.blob(1)) {
            found.append(block.sentence((try? select.text(0)) ?? "whose key is not UTF-8", problem))
          }
        }
      }
    }
    if tables.contains("results") { found += try undecodableLines(limit: limit - found.count) }
    guard tables.contains("waiting_runs") else { return found }
    let summaries = "SELECT s.run, s.summary, r.blocks FROM waiting_summaries s JOIN waiting_runs r ON r.id = s.run"
    try statement(Self.doing, summaries) { select in
      while found.count < limit, try select.step() {
        guard WaitingIndex(encoded: try select.blob(1), blocks: try select.count(2)) == nil else { continue }
        found.append("table waiting_summaries, row \(try select.integer(0)): summary: is not that of its run")
      }
    }
    return found
  }

  /// Texts that are not UTF-8, for which SQLite does not look: the service reads them as text, and stops at the first.
  private func unreadableTexts(in table: String, limit: Int) throws -> [String] {
    let columns = try rows(
      Self.doing, "SELECT name FROM pragma_table_info('\(table)') WHERE type = 'TEXT' ORDER BY cid"
    ) { try $0.text(0) }
    guard !columns.isEmpty else { return [] }
    var found: [String] = []
    try statement(Self.doing, "SELECT \(columns.joined(separator: ", ")) FROM \(table)") { select in
      var row = 0
      while found.count < limit, try select.step() {
        row += 1
        for (i, column) in columns.enumerated() {
          do { _ = try select.optionalText(CInt(i)) } catch {
            found.append("table \(table), row \(row) in its order: \(column): is not UTF-8")
          }
        }
      }
    }
    return found
  }

  private func undecodableLines(limit: Int) throws -> [String] {
    // A ledger of an older version, and the copy of one, have no packed lines.
    let isPacked =
      try first(Self.doing, "SELECT 1 FROM pragma_table_info('results') WHERE name = 'packed'") { try $0.integer(0) }
      != nil
    let sql = "SELECT \(StoredBlock.lines.key), line, \(isPacked ? "packed" : "NULL") FROM results"
    var found: [String] = []
    try statement(Self.doing, sql) { select in
      while found.count < limit, try select.step() {
        // One that is not UTF-8 is named already.
        guard let plain = try? select.text(1) else { continue }
        let problem = try StoredBlock.lineProblem(
          plain: plain, packed: select.isNull(2) ? nil : try select.blob(2), unpack: unpacked)
        if let problem { found.append(StoredBlock.lines.sentence(try select.text(0), problem)) }
      }
    }
    return found
  }

  private static let doing: StaticString = "verifying what is stored"

  private static let waitingBlock = StoredBlock(
    table: "waiting_blocks", column: "rows", key: "CAST(key AS TEXT)"
  ) { bytes in
    bytes.withUnsafeBytes { block in
      var position = 0
      while position < block.count {
        guard let row = WaitingBlock.row(at: position, in: block) else { return "holds a row that is none" }
        if let state = row.state, let problem = StoredBlock.joinProblem(Array(state)) { return problem }
        position += row.bytes.count
      }
      return nil
    }
  }
}
