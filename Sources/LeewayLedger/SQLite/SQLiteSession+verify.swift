import LeewayCore

/// Reading everything that this program has encoded, to see whether it decodes.
extension SQLiteSession {
  /// - Parameter limit: of problems that are named.
  /// - Returns: a line for each row that does not decode.
  func undecodable(limit: Int) throws -> [String] {
    var found: [String] = []
    let tables = Set(try rows(Self.doing, "SELECT name FROM sqlite_schema WHERE type = 'table'") { try $0.text(0) })
    for block in StoredBlock.ofBoth + StoredBlock.textsOfBoth + [Self.waitingBlock] where tables.contains(block.table) {
      let isText = block.column == "line"
      // SQLite keeps the order of the table, so that every page is read once.
      let sql = "SELECT \(block.key), \(block.column) FROM \(block.table)"
      try statement(Self.doing, sql) { select in
        while found.count < limit, try select.step() {
          let bytes = isText ? Array(try select.text(1).utf8) : try select.blob(1)
          if let problem = block.problem(bytes) { found.append(block.sentence(try select.text(0), problem)) }
        }
      }
    }
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
