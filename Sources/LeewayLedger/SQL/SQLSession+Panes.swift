import LeewayCore

extension PaneKind {
  var table: String {
    switch self {
    case .drift: "drift_panes"
    case .performance: "performance_panes"
    case .earlyPerformance: "early_performance_panes"
    }
  }
}

/// Blocks of panes. How they are read and deleted many at a time, and the marks that say which changed, are in the sessions.
extension SQLSession {
  func ownSlices(_ kind: PaneKind, monitor: String, generation: String, writer: String, pane: EventTime) throws
    -> [String]
  {
    guard let scope = try scope(monitor, generation) else { return [] }
    let sql = "SELECT slice FROM \(kind.table) WHERE scope = ? AND pane = ? AND writer = ? ORDER BY slice"
    return try rows("reading a writer's slices", sql, scope, pane, writer) { try $0.text(0) }
  }

  func ownKeys(
    _ kind: PaneKind, monitor: String, generation: String, writer: String, before: EventTime, limit: Int
  ) throws -> [PaneKey] {
    guard let scope = try scope(monitor, generation) else { return [] }
    let sql = """
      SELECT pane, slice FROM \(kind.table) WHERE writer = ? AND scope = ? AND pane < ? ORDER BY pane, slice LIMIT ?
      """
    return try rows("reading a writer's panes", sql, writer, scope, before, max(0, limit)) {
      PaneKey(pane: try $0.time(0), slice: try $0.text(1))
    }
  }

  func put(
    _ kind: PaneKind, monitor: String, generation: String, writer: String, blocks: [(key: PaneKey, block: [UInt8])]
  ) throws {
    let scope = try scopeForWriting(monitor, generation)
    var batch = SQLBatch(
      into: kind.table, blocks,
      precedes: { a, b in
        a.key.pane != b.key.pane ? a.key.pane < b.key.pane : utf8Order(a.key.slice, b.key.slice)
      }, size: { $0.block.count + 2 * $0.key.slice.utf8.count + writer.utf8.count + 40 })
    batch.key("scope") { _ in scope }
    batch.key("pane") { $0.key.pane }
    batch.longKey("slice") { $0.key.slice }
    batch.key("writer") { _ in writer }
    batch.value("block") { $0.block }
    try store("storing panes", batch)
  }

  func reclaimPanes(_ kind: PaneKind, monitor: String, generation: String, before: EventTime, limit: Int) throws -> Int
  {
    guard let scope = try scope(monitor, generation) else { return 0 }
    let key = "scope, pane, \(Self.longKey("slice")), writer"
    let sql = """
      DELETE FROM \(kind.table) WHERE (\(key)) IN
        (SELECT \(key) FROM \(kind.table) WHERE scope = ? AND pane < ? ORDER BY \(key) LIMIT ?)
      """
    return try run("reclaiming panes", sql, scope, before, max(0, limit))
  }
}
