/// What the writing connection remembers between transactions: indexes of runs, and merges under way.
///
/// `@unchecked Sendable`: the ledger owns one, and touches it only inside `write`, whose bodies run one at a time on
/// GRDB's writing queue. A reading session has one of its own.
final class WaitingRuns: @unchecked Sendable {
  private var indexes: [Int64: WaitingIndex] = [:]
  var merges: [WaitingMerge] = []
  /// Runs that a merge began may be in the file, and no merge goes on with them.
  var hasOrphans = true
  /// Whether the transaction under way changes runs.
  var isChanged = false

  func index(of run: Int64, load: () throws -> WaitingIndex) rethrows -> WaitingIndex {
    if let known = indexes[run] { return known }
    let index = try load()
    indexes[run] = index
    return index
  }

  func remember(_ index: WaitingIndex, of run: Int64) { indexes[run] = index }
  func forget(_ run: Int64) { indexes[run] = nil }

  /// What a failed transaction said of runs is void, and run numbers of it may be given again. One that only failed in
  /// something else, such as a callback that is refused, must not undo what merges have done.
  func transactionEnded(stands: Bool) {
    defer { isChanged = false }
    guard isChanged, !stands else { return }
    indexes = [:]
    merges = []
    hasOrphans = true
  }
}

/// Merges neighbouring runs into one, some rows at a time: as many flushes as it takes, each paying its share.
final class WaitingMerge {
  let scope: Int64
  let level: Int
  /// The newest first.
  let inputs: [WaitingRun]
  /// Nothing older is left, so rows that are deleted or due need not hide anything.
  let isOldest: Bool
  var builder: WaitingRunBuilder
  private var cursors: [WaitingCursor]
  /// Rows left out because they were due.
  private(set) var departed: [(id: [UInt8], state: [UInt8])] = []

  init(scope: Int64, level: Int, inputs: [WaitingRun], isOldest: Bool, output: Int64) {
    self.scope = scope
    self.level = level
    self.inputs = inputs
    self.isOldest = isOldest
    builder = WaitingRunBuilder(run: output, atMost: inputs.reduce(0) { $0 + $1.rows })
    cursors = inputs.map { WaitingCursor(run: $0) }
  }

  /// Moves at most `budget` rows, which it lowers by what it has moved.
  ///
  /// - Returns: whether all rows have been moved.
  func step(
    _ budget: inout Int, load: (_ key: Int64) throws -> [UInt8], store: WaitingRunBuilder.Store
  ) throws -> Bool {
    while budget > 0 {
      var least: WaitingCursor?
      var row: WaitingBlock.Row?
      for cursor in cursors {
        guard let candidate = try cursor.row(load: load) else { continue }
        // Among rows with one id the newest run's stands, and it comes first.
        if let found = row, !candidate.precedes(found) { continue }
        least = cursor
        row = candidate
      }
      guard let least, let row else {
        try builder.finish(store: store)
        return true
      }
      if let state = row.state, isOldest, row.reclaimAfter < least.run.dueBefore {
        departed.append((Array(row.id), Array(state)))
      } else if !isOldest || row.state != nil {
        try builder.append(hash: row.hash, reclaimAfter: row.reclaimAfter, row: row.bytes, store: store)
      }
      budget -= 1
      for cursor in cursors where cursor !== least {
        guard let other = try cursor.row(load: load), other.isSame(as: row) else { continue }
        cursor.advance(past: other)
        budget -= 1
      }
      least.advance(past: row)
    }
    return false
  }
}

/// A place in a run. Owns the memory of the block that it stands in.
final class WaitingCursor {
  let run: WaitingRun
  private var nextBlock = 0
  private var block = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  private var position = 0
  private var current: WaitingBlock.Row?

  init(run: WaitingRun) { self.run = run }

  deinit { block.deallocate() }

  /// The row that it stands at, valid until `advance`; nil at the end.
  func row(load: (_ key: Int64) throws -> [UInt8]) throws -> WaitingBlock.Row? {
    if let current { return current }
    while position == block.count {
      guard nextBlock < run.blocks else { return nil }
      let bytes = try load(WaitingRun.key(run.id, nextBlock))
      block.deallocate()
      block = .allocate(byteCount: bytes.count, alignment: 8)
      block.copyBytes(from: bytes)
      nextBlock += 1
      position = 0
    }
    guard let row = WaitingBlock.row(at: position, in: UnsafeRawBufferPointer(block)) else {
      throw WaitingBlockDamaged()
    }
    current = row
    return row
  }

  func advance(past row: WaitingBlock.Row) {
    position += row.bytes.count
    current = nil
  }
}

/// A block of waiting rows holds something else.
struct WaitingBlockDamaged: Error {}
