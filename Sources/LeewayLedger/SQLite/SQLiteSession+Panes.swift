import LeewayCore

/// Blocks of panes and the marks that say which changed.
extension SQLiteSession {
  func panes(
    _ kind: PaneKind, monitor: String, generation: String, in range: Range<EventTime>,
    visit: (_ pane: EventTime, _ slice: String, _ block: [UInt8]) throws -> Void
  ) throws {
    guard let scope = try scope(monitor, generation) else { return }
    let sql = """
      SELECT pane, slice, block FROM \(kind.table) WHERE scope = ? AND pane >= ? AND pane < ?
      ORDER BY pane, slice, writer
      """
    try statement("reading panes", sql) { select in
      try select.bind(scope, range.lowerBound, range.upperBound)
      while try select.step() { try visit(try select.time(0), try select.text(1), try select.blob(2)) }
    }
  }

  func paneStarts(_ kind: PaneKind, monitor: String, generation: String, in range: Range<EventTime>) throws
    -> [EventTime]
  {
    guard let scope = try scope(monitor, generation) else { return [] }
    let sql = "SELECT DISTINCT pane FROM \(kind.table) WHERE scope = ? AND pane >= ? AND pane < ? ORDER BY pane"
    return try rows("reading panes", sql, scope, range.lowerBound, range.upperBound) { try $0.time(0) }
  }

  func ownPanes(_ kind: PaneKind, monitor: String, generation: String, writer: String, keys: [PaneKey]) throws
    -> [[UInt8]?]
  {
    guard let scope = try scope(monitor, generation) else { return Array(repeating: nil, count: keys.count) }
    let sql = "SELECT block FROM \(kind.table) WHERE scope = ? AND writer = ? AND pane = ? AND slice = ?"
    return try statement("reading a writer's panes", sql) { select in
      try select.bind(scope, writer)
      return try keys.map { key in
        try select.bind(key.pane, at: 3)
        try select.bind(key.slice, at: 4)
        defer { select.reset() }
        return try select.step() ? try select.blob(0) : nil
      }
    }
  }

  func delete(_ kind: PaneKind, monitor: String, generation: String, writer: String, keys: [PaneKey]) throws {
    guard let scope = try scope(monitor, generation) else { return }
    let sql = "DELETE FROM \(kind.table) WHERE scope = ? AND pane = ? AND slice = ? AND writer = ?"
    try statement("deleting panes", sql) { delete in
      for key in keys { try delete.run(scope, key.pane, key.slice, writer) }
    }
  }

  // MARK: Dirty marks

  func mark(dirty panes: [(kind: PaneKind, pane: EventTime)], monitor: String, generation: String) throws {
    let scope = try scopeForWriting(monitor, generation)
    // Replacing gives the mark a new id: an evaluator that deletes the one it read leaves this one.
    let sql = "INSERT OR REPLACE INTO dirty_marks (scope, kind, pane) VALUES (?, ?, ?)"
    try statement("marking panes", sql) { insert in
      for (kind, pane) in panes { try insert.run(scope, kind.rawValue, pane) }
    }
  }

  func dirtyMarks(monitor: String, generation: String) throws -> [DirtyMark] {
    guard let scope = try scope(monitor, generation) else { return [] }
    return try rows(
      "reading marks", "SELECT id, kind, pane FROM dirty_marks WHERE scope = ? ORDER BY id", scope
    ) { DirtyMark(id: try $0.integer(0), kind: try $0.numbered(1), pane: try $0.time(2)) }
  }

  func delete(dirtyMarks ids: [Int64]) throws {
    try statement("deleting marks", "DELETE FROM dirty_marks WHERE id = ?") { delete in
      for id in ids { try delete.run(id) }
    }
  }
}
