import LeewayCore

/// Runs of waiting rows and their blocks, and how runs are merged into larger ones.
extension SQLiteSession {
  /// So many runs of a level are merged into one of the next.
  private static let fanIn = 8
  /// No merge makes a larger run: old runs then hold what became due at about one time, and go as a whole.
  private static let maximumRunRows = 8_000_000

  /// The newest first.
  func waitingRuns(of scope: Int64, _ doing: StaticString) throws -> [WaitingRun] {
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

  func index(of run: WaitingRun, _ doing: StaticString) throws -> WaitingIndex {
    try waitingMemory.index(of: run.id) {
      let summary = try first(doing, "SELECT summary FROM waiting_summaries WHERE run = ?", run.id) { try $0.blob(0) }
      guard let summary, let index = WaitingIndex(encoded: summary, blocks: run.blocks) else {
        throw damaged(doing, "the index of a run of waiting rows is damaged")
      }
      return index
    }
  }

  /// A new run that is not read yet.
  func makeRun(_ scope: Int64, _ doing: StaticString) throws -> Int64 {
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

  func completeRun(_ builder: WaitingRunBuilder, newest: Int64, level: Int, _ doing: StaticString) throws {
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
  func dropOrphans(_ doing: StaticString) throws {
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

  func storingBlocks<T>(_ doing: StaticString, _ body: (WaitingRunBuilder.Store) throws -> T) throws -> T {
    try statement(doing, "INSERT INTO waiting_blocks (key, rows) VALUES (?, ?)") { insert in
      try body { key, block in try insert.run(key, block) }
    }
  }

  /// Deletes blocks of dropped runs of any scope.
  func dropBlocks(_ doing: StaticString, limit: Int) throws {
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
    if blocks < limit { try removeRun(run, doing) }
    return blocks
  }

  // MARK: Merging

  func mergeRuns(_ scope: Int64, budget: Int, _ doing: StaticString) throws {
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
        try completeRun(job.builder, newest: job.inputs[0].newest, level: job.level + 1, doing)
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
}
