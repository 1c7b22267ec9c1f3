/// A sorted, unchangeable piece of one scope's waiting rows: what one flush brought, or several runs merged.
struct WaitingRun {
  enum State: Int {
    /// A merge is writing it; it is not read.
    case unfinished
    case complete
    /// Its blocks are being deleted.
    case dropped
    /// All of it is due: it is read no more, but for what has gone with it.
    case due
  }

  let id: Int64
  let scope: Int64
  /// Age: of two runs with one id's row the one with the greater number has the newer.
  let newest: Int64
  /// How often its rows have been merged.
  let level: Int
  let state: State
  let rows: Int
  let blocks: Int
  /// No row of it has a later one.
  let reclaimAfter: Int64
  /// Rows with an earlier time to reclaim them after may go.
  let dueBefore: Int64

  /// Blocks of a run are neighbours: key = run · 2^24 + number.
  static func key(_ run: Int64, _ block: Int) -> Int64 { run << 24 | Int64(block) }
  static let maximumBlocks = 1 << 24
}

/// What is kept in memory of a run: where its rows may be. Two bytes a row and eight a block.
struct WaitingIndex {
  /// The first row's hash of every block.
  let fences: [UInt64]
  let filter: WaitingFilter

  /// The blocks that may have rows of a hash.
  func blocks(for hash: UInt64) -> Range<Int> {
    // Rows of one hash may begin in the block before the first whose fence reaches it.
    let first = max(0, partition { $0 < hash } - 1)
    let end = partition { $0 <= hash }
    return first..<max(first, end)
  }

  /// How many fences come before those that `isBefore` does not hold for.
  private func partition(_ isBefore: (UInt64) -> Bool) -> Int {
    var low = 0
    var high = fences.count
    while low < high {
      let middle = (low + high) / 2
      if isBefore(fences[middle]) { low = middle + 1 } else { high = middle }
    }
    return low
  }

  // MARK: Stored form: the number of fences, the fences, the filter's words, each 8 bytes, little-endian.

  func encoded() -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(8 * (1 + fences.count + filter.words.count))
    withUnsafeBytes(of: UInt64(fences.count).littleEndian) { out.append(contentsOf: $0) }
    for words in [fences, filter.words] {
      words.withUnsafeBytes { bytes in
        #if _endian(little)
          out.append(contentsOf: bytes)
        #else
          for word in words { withUnsafeBytes(of: word.littleEndian) { out.append(contentsOf: $0) } }
        #endif
      }
    }
    return out
  }

  /// nil if the bytes are no index of a run with so many blocks.
  init?(encoded bytes: [UInt8], blocks: Int) {
    guard bytes.count >= 8, bytes.count.isMultiple(of: 8), blocks <= bytes.count / 8 - 1 else { return nil }
    let words = bytes.withUnsafeBytes { bytes in
      (0..<bytes.count / 8).map {
        UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self))
      }
    }
    guard words[0] == UInt64(blocks), let filter = WaitingFilter(words: Array(words[(1 + blocks)...])) else {
      return nil
    }
    fences = Array(words[1..<1 + blocks])
    self.filter = filter
  }

  init(fences: [UInt64], filter: WaitingFilter) {
    self.fences = fences
    self.filter = filter
  }
}

/// Takes the rows of a new run in their order and writes them block by block.
struct WaitingRunBuilder {
  let run: Int64
  private(set) var rows = 0
  private(set) var reclaimAfter = Int64.min
  private(set) var blocks = 0
  private var fences: [UInt64] = []
  private var filter: WaitingFilter
  private var block: [UInt8] = []

  init(run: Int64, atMost rows: Int) {
    self.run = run
    filter = WaitingFilter(rows: rows)
    block.reserveCapacity(WaitingBlock.targetBytes)
  }

  typealias Store = (_ key: Int64, _ block: [UInt8]) throws -> Void

  mutating func append(hash: UInt64, reclaimAfter: Int64, row: UnsafeRawBufferPointer, store: Store) rethrows {
    if !block.isEmpty, block.count + row.count > WaitingBlock.targetBytes { try finish(store: store) }
    if block.isEmpty { fences.append(hash) }
    block.append(contentsOf: row)
    filter.insert(hash)
    rows += 1
    self.reclaimAfter = max(self.reclaimAfter, reclaimAfter)
  }

  /// Writes what is left of the last block.
  mutating func finish(store: Store) rethrows {
    guard !block.isEmpty else { return }
    try store(WaitingRun.key(run, blocks), block)
    blocks += 1
    block.removeAll(keepingCapacity: true)
  }

  var index: WaitingIndex { WaitingIndex(fences: fences, filter: filter) }
}
