import LeewayCore

/// Blocks of panes and the marks that say which changed.
extension PostgreSQLSession {
  func panes(
    _ kind: PaneKind, monitor: String, generation: String, in range: Range<EventTime>,
    visit: (_ pane: EventTime, _ slice: String, _ block: [UInt8]) throws -> Void
  ) throws {
    guard let scope = try scope(monitor, generation) else { return }
    let sql = """
      SELECT pane, slice, block, writer FROM \(kind.table)
      WHERE scope = $1 AND pane >= $2 AND pane < $3 AND (pane > $2 OR (slice, writer) > ($4, $5) OR $6)
      ORDER BY pane, slice, writer LIMIT $7
      """
    // In pages: a week of panes is more than a process should hold at once, and a visitor may read too.
    let page = 256
    var from = range.lowerBound
    var slice = ""
    var writer = ""
    var isFirst = true
    while true {
      var count = 0
      _ = try rows("reading panes", sql, scope, from, range.upperBound, slice, writer, isFirst, page) { row in
        count += 1
        from = try row.time(0)
        slice = try row.text(1)
        writer = try row.text(3)
        try visit(from, slice, try row.blob(2))
      }
      guard count == page else { return }
      isFirst = false
    }
  }

  func paneStarts(_ kind: PaneKind, monitor: String, generation: String, in range: Range<EventTime>) throws
    -> [EventTime]
  {
    guard let scope = try scope(monitor, generation) else { return [] }
    // From start to start by the index, past the rows between: a pane has a row for each slice and writer.
    let sql = """
      WITH RECURSIVE starts (pane) AS (
        (SELECT pane FROM \(kind.table) WHERE scope = $1 AND pane >= $2 AND pane < $3 ORDER BY scope, pane LIMIT 1)
        UNION ALL
        SELECT (SELECT p.pane FROM \(kind.table) p WHERE p.scope = $1 AND p.pane > s.pane AND p.pane < $3
          ORDER BY p.scope, p.pane LIMIT 1)
        FROM starts s WHERE s.pane IS NOT NULL)
      SELECT pane FROM starts WHERE pane IS NOT NULL ORDER BY pane
      """
    return try rows("reading panes", sql, scope, range.lowerBound, range.upperBound) { try $0.time(0) }
  }

  func ownPanes(_ kind: PaneKind, monitor: String, generation: String, writer: String, keys: [PaneKey]) throws
    -> [[UInt8]?]
  {
    guard let scope = try scope(monitor, generation) else { return Array(repeating: nil, count: keys.count) }
    let sql = """
      SELECT k.n, p.block FROM unnest($3::bigint[], $4::bytea[]) WITH ORDINALITY AS k (pane, slice_key, n)
      \(Self.ownRow(kind, "block"))
      """
    return try blobs("reading a writer's panes", sql, for: keys, size: { _ in 4096 }) { batch in
      var parameters = PostgreSQLParameters(scope, writer)
      parameters.append(batch) { $0.pane }
      parameters.append(batch) { PostgreSQLKey.bounded($0.slice) }
      return parameters
    }
  }

  /// The writer's row of each key, found by its primary key. A plain join leaves the order to the planner, which knows nothing of rows that this
  /// transaction has written: it goes through all of the writer's rows for each key.
  private static func ownRow(_ kind: PaneKind, _ column: String) -> String {
    """
    CROSS JOIN LATERAL (
      SELECT \(column) FROM \(kind.table) r
      WHERE r.scope = $1 AND r.pane = k.pane AND r.slice_key = k.slice_key AND r.writer || '' = $2 OFFSET 0) p
    """
  }

  func delete(_ kind: PaneKind, monitor: String, generation: String, writer: String, keys: [PaneKey]) throws {
    guard let scope = try scope(monitor, generation), !keys.isEmpty else { return }
    var parameters = PostgreSQLParameters(scope, writer)
    parameters.append(keys) { $0.pane }
    parameters.append(keys) { PostgreSQLKey.bounded($0.slice) }
    try execute(
      "deleting panes",
      """
      DELETE FROM \(kind.table) WHERE ctid = ANY (ARRAY(
        SELECT p.ctid FROM unnest($3::bigint[], $4::bytea[]) AS k (pane, slice_key) \(Self.ownRow(kind, "ctid"))))
      """, parameters)
  }

  // MARK: Dirty marks

  func mark(dirty panes: [(kind: PaneKind, pane: EventTime)], monitor: String, generation: String) throws {
    let scope = try scopeForWriting(monitor, generation)
    marks.append(contentsOf: panes.map { (scope: scope, kind: $0.kind, pane: $0.pane) })
  }

  /// A mark on a marked pane gets a new id: an evaluator that deletes the one it read leaves this one.
  func storeMarks() throws {
    guard !marks.isEmpty else { return }
    struct Mark: Hashable {
      var scope: Int64
      var kind: PaneKind
      var pane: EventTime
    }
    var seen: Set<Mark> = []
    let once = marks.filter { seen.insert(Mark(scope: $0.scope, kind: $0.kind, pane: $0.pane)).inserted }
    marks = []
    try PostgreSQLBatches.of(once, size: { _ in 24 }) { batch in
      var parameters = PostgreSQLParameters()
      parameters.append(batch) { $0.scope }
      parameters.append(batch) { $0.kind.rawValue }
      parameters.append(batch) { $0.pane }
      try execute(
        "marking panes",
        """
        INSERT INTO dirty_marks (scope, kind, pane)
        SELECT k.scope, k.kind, k.pane
        FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) WITH ORDINALITY AS k (scope, kind, pane, n) ORDER BY k.n
        ON CONFLICT (scope, kind, pane) DO UPDATE SET id = DEFAULT
        """, parameters)
    }
  }

  func dirtyMarks(monitor: String, generation: String) throws -> [DirtyMark] {
    guard let scope = try scope(monitor, generation) else { return [] }
    try storeMarks()
    return try rows(
      "reading marks", "SELECT id, kind, pane FROM dirty_marks WHERE scope = $1 ORDER BY id", scope
    ) { DirtyMark(id: try $0.integer(0), kind: try $0.numbered(1), pane: try $0.time(2)) }
  }

  func delete(dirtyMarks ids: [Int64]) throws {
    guard !ids.isEmpty else { return }
    // A flush that marks one of these panes at this moment is waited for; its mark has another id then and stays.
    try run("deleting marks", "DELETE FROM dirty_marks WHERE id = ANY ($1)", PostgreSQLArray(ids.sorted()))
  }
}
