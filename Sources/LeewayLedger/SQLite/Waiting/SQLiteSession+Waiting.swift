import LeewayCore

/// Waiting predictions and labels. Ids are random, so rows of a tree by id lie everywhere: each would cost a page to read
/// and a page to write. Instead each flush writes its rows as one sorted run, and every flush pays a share of merging runs
/// into larger ones (a log-structured merge tree, O'Neil and others 1996), all in the flush's own transaction.
///
/// The newest run with a row of an id has the one that counts. Filters in memory say which runs need not be asked.
extension SQLiteSession {
  /// Rows that a flush merges for each row that it brings: more than the levels of 10 million rows.
  private static let mergedRowsPerRow = 4

  func waiting(monitor: String, generation: String, ids: [[UInt8]]) throws -> [[UInt8]?] {
    guard let scope = try scope(monitor, generation) else { return Array(repeating: nil, count: ids.count) }
    let doing: StaticString = "reading waiting predictions"
    let runs = try waitingRuns(of: scope, doing).filter { $0.state == .complete }
    return try find(ids, in: runs, doing).map { if case .state(let state) = $0 { state } else { nil } }
  }

  /// What the newest of some runs that has a row of an id says, parallel to `ids`.
  ///
  /// - Parameter runs: the newest first.
  func find(_ ids: [[UInt8]], in runs: [WaitingRun], _ doing: StaticString) throws -> [Outcome] {
    let hashes = ids.map { Digest64.hash($0) }
    var open = Self.inOrder(hashes) { WaitingBlock.order(ids[$0], ids[$1]) < 0 }
    var outcomes = [Outcome](repeating: .none, count: ids.count)
    for run in runs where !open.isEmpty {
      let index = try index(of: run, doing)
      let candidates = open.filter { index.filter.mayContain(hashes[$0]) }
      guard !candidates.isEmpty else { continue }
      var found = false
      try statement(doing, "SELECT rows FROM waiting_blocks WHERE key = ?") { select in
        // Neighbours are in one block, which is read once.
        var loaded: Int?
        for candidate in candidates {
          for block in index.blocks(for: hashes[candidate]) {
            if loaded != block {
              select.reset()
              try select.bind(WaitingRun.key(run.id, block))
              guard try select.step() else { throw damaged(doing, "a block of waiting rows is missing") }
              loaded = block
            }
            let outcome = try select.withBlob(0) { Self.find(ids[candidate], hashes[candidate], in: $0) }
            guard let outcome else { throw damaged(doing, "a block of waiting rows is damaged") }
            outcomes[candidate] = outcome
            guard case .none = outcome else {
              found = true
              break
            }
          }
        }
      }
      if found { open.removeAll { if case .none = outcomes[$0] { false } else { true } } }
    }
    return outcomes
  }

  /// SQLite has one writing transaction at a time, so reading is locking.
  func lockWaiting(monitor: String, generation: String, ids: [[UInt8]]) throws -> [[UInt8]?] {
    try waiting(monitor: monitor, generation: generation, ids: ids)
  }

  func put(waiting rows: [WaitingRow], monitor: String, generation: String) throws {
    guard !rows.isEmpty else { return }
    try put(waiting: rows, scope: try scopeForWriting(monitor, generation))
  }

  func put(waiting rows: [WaitingRow], scope: Int64) throws {
    let doing: StaticString = "storing waiting predictions"
    waitingMemory.isChanged = true
    let hashes = rows.map { Digest64.hash($0.id) }
    // Among rows with one id the last stands.
    let order = Self.inOrder(hashes) {
      let order = WaitingBlock.order(rows[$0].id, rows[$1].id)
      return order != 0 ? order < 0 : $0 > $1
    }
    let id = try makeRun(scope, doing)
    var builder = WaitingRunBuilder(run: id, atMost: rows.count)
    var row: [UInt8] = []
    try storingBlocks(doing) { store in
      var last: Int?
      for i in order {
        if let last, hashes[last] == hashes[i], rows[last].id == rows[i].id { continue }
        last = i
        row.removeAll(keepingCapacity: true)
        rows[i].id.withUnsafeBytes { id in
          if let state = rows[i].state {
            state.withUnsafeBytes {
              WaitingBlock.append(
                hash: hashes[i], reclaimAfter: rows[i].reclaimAfter.milliseconds, id: id, state: $0, to: &row)
            }
          } else {
            WaitingBlock.append(hash: hashes[i], reclaimAfter: .min, id: id, state: nil, to: &row)
          }
        }
        try row.withUnsafeBytes {
          try builder.append(
            hash: hashes[i], reclaimAfter: rows[i].state == nil ? .min : rows[i].reclaimAfter.milliseconds, row: $0,
            store: store)
        }
      }
      try builder.finish(store: store)
    }
    try completeRun(builder, newest: id, level: 0, doing)
    try mergeRuns(scope, budget: Self.mergedRowsPerRow * rows.count + 256, doing)
    // As many blocks go as have come, and twice as many again.
    try dropBlocks(doing, limit: 3 * builder.blocks + 1)
  }

  // MARK: Rows

  /// Positions by ascending hash; those with one hash as `isBefore` says.
  private static func inOrder(_ hashes: [UInt64], _ isBefore: (Int, Int) -> Bool) -> [Int] {
    hashes.indices.sorted { hashes[$0] != hashes[$1] ? hashes[$0] < hashes[$1] : isBefore($0, $1) }
  }

  enum Outcome {
    case state([UInt8])
    case deleted
    case none
  }

  /// nil if the block is damaged.
  private static func find(_ id: [UInt8], _ hash: UInt64, in block: UnsafeRawBufferPointer) -> Outcome? {
    id.withUnsafeBytes { id in
      var position = 0
      while position < block.count {
        guard let row = WaitingBlock.row(at: position, in: block) else { return nil }
        if row.hash > hash { return Outcome.none }
        if row.hash == hash, WaitingBlock.order(row.id, id) == 0 {
          return row.state.map { .state(Array($0)) } ?? .deleted
        }
        position += row.bytes.count
      }
      return Outcome.none
    }
  }
}

extension WaitingBlock {
  static func order(_ a: [UInt8], _ b: [UInt8]) -> Int {
    a.withUnsafeBytes { a in b.withUnsafeBytes { b in order(a, b) } }
  }
}
