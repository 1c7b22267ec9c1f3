/// One partition's additions to drift panes since the last flush.
struct DriftDeltas {
  private var panes: [EventTime: Pane] = [:]
  private(set) var residentBytes = 0
  private var last: EventTime = .distantPast

  struct Pane {
    /// By slice number.
    var blocks: [Int32: Int] = [:]
  }

  private var blocks: [CellBlock] = []
  private var spare: [CellBlock] = []
  private let shape: CellBlock.Shape

  init(shape: CellBlock.Shape) { self.shape = shape }

  var isEmpty: Bool { panes.isEmpty }

  /// Index of the block of a pane and slice, made if new.
  mutating func block(pane: EventTime, slice: Int32) -> Int {
    if let index = panes[pane]?.blocks[slice] { return index }
    let block = spare.popLast() ?? CellBlock(shape)
    blocks.append(block)
    residentBytes += block.residentBytes
    panes[pane, default: Pane()].blocks[slice] = blocks.count - 1
    return blocks.count - 1
  }

  mutating func add(_ columns: borrowing DriftColumns, rows: UnsafeBufferPointer<Int32>, to block: Int) {
    columns.add(rows: rows, to: &blocks[block])
  }

  /// Every block with its pane and slice, panes ascending.
  func forEach(_ body: (_ pane: EventTime, _ slice: Int32, _ block: CellBlock) throws -> Void) rethrows {
    for pane in panes.keys.sorted() {
      for (slice, index) in panes[pane]!.blocks.sorted(by: { $0.key < $1.key }) { try body(pane, slice, blocks[index]) }
    }
  }

  mutating func removeAll() {
    // Zeroing is cheaper than allocating, but memory of a burst is not kept for ever.
    spare.removeAll(keepingCapacity: true)
    for var block in blocks.prefix(64) {
      block.clear()
      spare.append(block)
    }
    blocks.removeAll(keepingCapacity: true)
    panes.removeAll(keepingCapacity: true)
    residentBytes = 0
  }
}

extension CellBlock {
  mutating func clear() {
    for i in counts.indices { counts[i] = 0 }
    for i in sums.indices { sums[i] = 0 }
    for i in squares.indices { squares[i] = .zero }
  }
}
