import LeewayCore

/// Waiting rows that are due go with their run, the oldest run first.
extension SQLiteSession {
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
      guard let key else { return try removeRun(old.id, doing) }
      examined += max(1, held.count)
      states += try gone(held, newer, doing)
      try run(doing, "DELETE FROM waiting_blocks WHERE key = ?", key)
      // An empty run is no matter for another call.
      if key == WaitingRun.key(old.id, 0) { return try removeRun(old.id, doing) }
    }
  }

  func gone(
    _ rows: [(id: [UInt8], state: [UInt8])], _ newer: [WaitingRun], _ doing: StaticString
  ) throws -> [[UInt8]] {
    zip(rows, try find(rows.map(\.id), in: newer, doing)).compactMap { row, outcome in
      if case .none = outcome { row.state } else { nil }
    }
  }

  func removeRun(_ run: Int64, _ doing: StaticString) throws {
    try self.run(doing, "DELETE FROM waiting_summaries WHERE run = ?", run)
    try self.run(doing, "DELETE FROM waiting_runs WHERE id = ?", run)
    waitingMemory.forget(run)
  }
}
