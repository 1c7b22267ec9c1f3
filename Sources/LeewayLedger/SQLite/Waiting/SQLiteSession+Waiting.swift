import LeewayCore

/// Waiting predictions and labels. Ids are random, so rows of a tree by id lie everywhere: each would cost a page to read
/// and a page to write. Instead each flush writes its rows as one sorted run, and every flush pays a share of merging runs
/// into larger ones (a log-structured merge tree, O'Neil and others 1996), all in the flush's own transaction.
///
/// The newest run with a row of an id has the one that counts. Filters in memory say which runs need not be asked.
extension SQLiteSession {
  /// So many runs of a level are merged into one of the next.
  private static let fanIn = 8
  /// No merge makes a larger run: old runs then hold what became due at about one time, and go as a whole.
  private static let maximumRunRows = 8_000_000
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
  private func find(_ ids: [[UInt8]], in runs: [WaitingRun], _ doing: StaticString) throws -> [Outcome] {
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
    try complete(builder, newest: id, level: 0, doing)
    try merge(scope, budget: Self.mergedRowsPerRow * rows.count + 256, doing)
    // As many blocks go as have come, and twice as many again.
    try dropBlocks(doing, limit: 3 * builder.blocks + 1)
  }

  func reclaimWaiting(monitor: String, generation: String, before: EventTime, limit: Int) throws -> [[UInt8]] {
    guard limit > 0, let scope = try scope(monitor, generation) else { return [] }
    let doing: StaticString = "reclaiming waiting predictions"
    waitingMemory.isChanged = true
    // For what is stored by now: a row that comes later stays, however old it is.
    let mark = "UPDATE waiting_runs SET due_before = ?1 WHERE scope = ?2 AND state = ?3 AND due_before < ?1"
    try run(doing, mark, before, scope, WaitingRun.State.complete.rawValue)
    // What no flush comes to any more would never be merged to the end.
    waitingMemory.merges.removeAll { merge in
      let isDue = merge.scope == scope && merge.inputs.allSatisfy { $0.reclaimAfter < before.milliseconds }
      if isDue { waitingMemory.hasOrphans = true }
      return isDue
    }
    try dropOrphans(doing)
    let merging = Set(waitingMemory.merges.flatMap { $0.inputs.map(\.id) })
    // The oldest first, and no other: a run that hides an older row must not go before it.
    for old in try waitingRuns(of: scope, doing).reversed() where old.state == .complete {
      guard old.reclaimAfter < before.milliseconds, !merging.contains(old.id) else { break }
      try run(doing, "UPDATE waiting_runs SET state = ? WHERE id = ?", WaitingRun.State.due.rawValue, old.id)
    }
    var states = try takeDeparted(scope, limit, doing)
    var examined = 0
    for old in try waitingRuns(of: scope, doing).reversed() where old.state == .due {
      guard states.count < limit, examined < 8 * limit else { break }
      try takeDue(old, limit, &states, &examined, doing)
    }
    try dropBlocks(doing, limit: max(1, limit / 64))
    return states
  }

  private func takeDeparted(_ scope: Int64, _ limit: Int, _ doing: StaticString) throws -> [[UInt8]] {
    let sql = "SELECT id, state FROM waiting_departed WHERE scope = ? ORDER BY id LIMIT ?"
    let taken = try rows(doing, sql, scope, limit) { (id: try $0.integer(0), state: try $0.blob(1)) }
    if let last = taken.last {
      try run(doing, "DELETE FROM waiting_departed WHERE scope = ? AND id <= ?", scope, last.id)
    }
    return taken.map(\.state)
  }

  /// Takes blocks of a run that is due, and from the last on, so that where it stands needs not be written down. Rows that
  /// a newer run has, too, have not gone.
  private func takeDue(
    _ old: WaitingRun, _ limit: Int, _ states: inout [[UInt8]], _ examined: inout Int, _ doing: StaticString
  ) throws {
    let newer = try waitingRuns(of: old.scope, doing).filter {
      $0.newest > old.newest && ($0.state == .complete || $0.state == .due)
    }
    let last = "SELECT key, rows FROM waiting_blocks WHERE key >= ? AND key < ? ORDER BY key DESC LIMIT 1"
    while states.count < limit, examined < 8 * limit {
      var held: [(id: [UInt8], state: [UInt8])] = []
      let key = try first(doing, last, WaitingRun.key(old.id, 0), WaitingRun.key(old.id + 1, 0)) { block in
        try block.withBlob(1) { bytes in
          var position = 0
          while position < bytes.count {
            guard let row = WaitingBlock.row(at: position, in: bytes) else {
              throw damaged(doing, "a block of waiting rows is damaged")
            }
            if let state = row.state { held.append((Array(row.id), Array(state))) }
            position += row.bytes.count
          }
        }
        return try block.integer(0)
      }
      guard let key else { return try remove(old.id, doing) }
      examined += max(1, held.count)
      states += try gone(held, newer, doing)
      try run(doing, "DELETE FROM waiting_blocks WHERE key = ?", key)
      // An empty run is no matter for another call.
      if key == WaitingRun.key(old.id, 0) { return try remove(old.id, doing) }
    }
  }

  private func gone(
    _ rows: [(id: [UInt8], state: [UInt8])], _ newer: [WaitingRun], _ doing: StaticString
  ) throws -> [[UInt8]] {
    zip(rows, try find(rows.map(\.id), in: newer, doing)).compactMap { row, outcome in
      if case .none = outcome { row.state } else { nil }
    }
  }

  private func remove(_ run: Int64, _ doing: StaticString) throws {
    try self.run(doing, "DELETE FROM waiting_summaries WHERE run = ?", run)
    try self.run(doing, "DELETE FROM waiting_runs WHERE id = ?", run)
    waitingMemory.forget(run)
  }

  // MARK: Runs

  /// The newest first.
  private func waitingRuns(of scope: Int64, _ doing: StaticString) throws -> [WaitingRun] {
    let sql = """
      SELECT id, newest, level, state, rows, blocks, reclaim_after, due_before FROM waiting_runs
      WHERE scope = ? ORDER BY newest DESC
      """
    return try rows(doing, sql, scope) { row in
      let run = WaitingRun(
        id: try row.integer(0), scope: scope, newest: try row.integer(1), level: try row.count(2),
        state: try row.numbered(3),
        rows: try row.count(4), blocks: try row.count(5), reclaimAfter: try row.integer(6),
        dueBefore: try row.integer(7))
      guard (0..<1 << 38).contains(run.id), (0..<1 << 40).contains(run.rows) else {
        throw row.damaged(0, "or the number of rows is too large")
      }
      guard (0...WaitingRun.maximumBlocks).contains(run.blocks) else { throw row.damaged(5, "is too large") }
      return run
    }
  }

  private func index(of run: WaitingRun, _ doing: StaticString) throws -> WaitingIndex {
    try waitingMemory.index(of: run.id) {
      let summary = try first(doing, "SELECT summary FROM waiting_summaries WHERE run = ?", run.id) { try $0.blob(0) }
      guard let summary, let index = WaitingIndex(encoded: summary, blocks: run.blocks) else {
        throw damaged(doing, "the index of a run of waiting rows is damaged")
      }
      return index
    }
  }

  /// A new run that is not read yet.
  private func makeRun(_ scope: Int64, _ doing: StaticString) throws -> Int64 {
    let sql = """
      INSERT INTO waiting_runs (scope, newest, level, state, rows, blocks, reclaim_after, due_before)
      VALUES (?, 0, 0, ?, 0, 0, 0, ?) RETURNING id
      """
    let id = try first(doing, sql, scope, WaitingRun.State.unfinished.rawValue, EventTime.distantPast) {
      try $0.integer(0)
    }
    guard let id else { throw damaged(doing, "a run of waiting rows has no number") }
    return id
  }

  private func complete(_ builder: WaitingRunBuilder, newest: Int64, level: Int, _ doing: StaticString) throws {
    let sql = """
      UPDATE waiting_runs SET newest = ?, level = ?, state = ?, rows = ?, blocks = ?, reclaim_after = ? WHERE id = ?
      """
    let index = builder.index
    try run(
      doing, sql, newest, level, WaitingRun.State.complete.rawValue, builder.rows, builder.blocks, builder.reclaimAfter,
      builder.run)
    try run(doing, "INSERT INTO waiting_summaries (run, summary) VALUES (?, ?)", builder.run, index.encoded())
    waitingMemory.remember(index, of: builder.run)
  }

  private func drop(_ old: WaitingRun, _ doing: StaticString) throws {
    try run(doing, "UPDATE waiting_runs SET state = ? WHERE id = ?", WaitingRun.State.dropped.rawValue, old.id)
    waitingMemory.forget(old.id)
  }

  /// Runs that a merge had begun, in this process or one before it, and that none goes on with.
  private func dropOrphans(_ doing: StaticString) throws {
    guard waitingMemory.hasOrphans else { return }
    let goingOn = Set(waitingMemory.merges.map(\.builder.run))
    let unfinished = try rows(
      doing, "SELECT id FROM waiting_runs WHERE state = ?", WaitingRun.State.unfinished.rawValue
    ) { try $0.integer(0) }
    for run in unfinished where !goingOn.contains(run) {
      try self.run(doing, "UPDATE waiting_runs SET state = ? WHERE id = ?", WaitingRun.State.dropped.rawValue, run)
    }
    waitingMemory.hasOrphans = false
  }

  // MARK: Blocks

  private func storingBlocks<T>(_ doing: StaticString, _ body: (WaitingRunBuilder.Store) throws -> T) throws -> T {
    try statement(doing, "INSERT INTO waiting_blocks (key, rows) VALUES (?, ?)") { insert in
      try body { key, block in try insert.run(key, block) }
    }
  }

  /// Deletes blocks of dropped runs of any scope.
  private func dropBlocks(_ doing: StaticString, limit: Int) throws {
    let sql = "SELECT id FROM waiting_runs WHERE state = ? ORDER BY id LIMIT 1"
    var left = limit
    while left > 0 {
      guard
        let id = try first(doing, sql, WaitingRun.State.dropped.rawValue, as: { try $0.integer(0) })
      else { return }
      left -= max(1, try dropBlocks(of: id, doing, limit: left))
    }
  }

  /// - Returns: how many have gone.
  private func dropBlocks(of run: Int64, _ doing: StaticString, limit: Int) throws -> Int {
    let sql = """
      DELETE FROM waiting_blocks WHERE key IN (SELECT key FROM waiting_blocks WHERE key >= ? AND key < ? LIMIT ?)
      """
    let blocks = try self.run(doing, sql, WaitingRun.key(run, 0), WaitingRun.key(run + 1, 0), limit)
    if blocks < limit { try remove(run, doing) }
    return blocks
  }

  // MARK: Merging

  private func merge(_ scope: Int64, budget: Int, _ doing: StaticString) throws {
    try dropOrphans(doing)
    var budget = budget
    while budget > 0 {
      try beginMerges(scope, doing)
      // Small runs first: they are what makes many.
      guard let job = waitingMemory.merges.filter({ $0.scope == scope }).min(by: { $0.level < $1.level }) else {
        return
      }
      let done: Bool
      do {
        done = try storingBlocks(doing) { store in
          try statement(doing, "SELECT rows FROM waiting_blocks WHERE key = ?") { select in
            try job.step(&budget) { key in
              try select.bind(key)
              guard try select.step() else { throw damaged(doing, "a block of waiting rows is missing") }
              defer { select.reset() }
              return try select.blob(0)
            } store: {
              try store($0, $1)
            }
          }
        }
      } catch is WaitingBlockDamaged {
        throw damaged(doing, "a block of waiting rows is damaged")
      }
      guard done else { return }
      waitingMemory.merges.removeAll { $0 === job }
      if job.builder.rows > 0 {
        try complete(job.builder, newest: job.inputs[0].newest, level: job.level + 1, doing)
      } else {
        try run(doing, "DELETE FROM waiting_runs WHERE id = ?", job.builder.run)
      }
      for input in job.inputs { try drop(input, doing) }
      if !job.departed.isEmpty {
        let newer = try waitingRuns(of: scope, doing).filter {
          $0.newest > job.inputs[0].newest && $0.state == .complete
        }
        try statement(doing, "INSERT INTO waiting_departed (scope, state) VALUES (?, ?)") { insert in
          for state in try gone(job.departed, newer, doing) { try insert.run(scope, state) }
        }
      }
    }
  }

  /// Begins a merge on every level that has none and has enough neighbours.
  private func beginMerges(_ scope: Int64, _ doing: StaticString) throws {
    let runs = try waitingRuns(of: scope, doing).filter { $0.state == .complete }
    let mine = waitingMemory.merges.filter { $0.scope == scope }
    let merging = Set(mine.flatMap { $0.inputs.map(\.id) })
    for level in Set(runs.map(\.level)).sorted() where !mine.contains(where: { $0.level == level }) {
      // From the oldest on.
      var end = runs.count
      while end >= Self.fanIn {
        let group = runs[end - Self.fanIn..<end]
        if group.allSatisfy({ $0.level == level && !merging.contains($0.id) }),
          group.reduce(0, { $0 + $1.rows }) <= Self.maximumRunRows
        {
          waitingMemory.merges.append(
            WaitingMerge(
              scope: scope, level: level, inputs: Array(group), isOldest: end == runs.count,
              output: try makeRun(scope, doing)))
          break
        }
        end -= 1
      }
    }
  }

  // MARK: Rows

  /// Positions by ascending hash; those with one hash as `isBefore` says.
  private static func inOrder(_ hashes: [UInt64], _ isBefore: (Int, Int) -> Bool) -> [Int] {
    hashes.indices.sorted { hashes[$0] != hashes[$1] ? hashes[$0] < hashes[$1] : isBefore($0, $1) }
  }

  private enum Outcome {
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
