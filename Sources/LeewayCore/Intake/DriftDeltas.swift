/// One partition's additions to drift panes since the last flush.
struct DriftDeltas {
  private let shape: CellBlock.Shape
  private var blocks: [DeltaBlock] = []
  private var panes: [EventTime: Int] = [:]
  private var tables: [Table] = []
  private(set) var residentBytes = 0
  /// The pane that was asked for last, which the next row most likely falls into.
  private var lastPane: EventTime = .distantPast
  private var lastTable = -1
  /// By block, for grouping: the first row of a group; −1 between calls.
  private var heads: [Int32] = []
  /// By row: the next one of its group, −1 at the end.
  private var chain: [Int32] = []
  private var groups: [Int32] = []
  private var picked: [Int32] = []

  /// A pane's blocks by slice number, −1 for none. Far numbers, which only a flood of new names makes, have a dictionary.
  private struct Table {
    var pane: EventTime
    var near: [Int32] = []
    var far: [Int32: Int32] = [:]

    static let nearLimit = 4096
  }

  init(shape: CellBlock.Shape) { self.shape = shape }

  var isEmpty: Bool { blocks.isEmpty }

  // MARK: Adding

  /// Adds a batch: every row to `all` and to its slices.
  ///
  /// - Parameters:
  ///   - panes: of each row.
  ///   - slices: `width` for each row, −1 for none.
  ///   - isLeftOut: of each row; empty: none is.
  mutating func add(
    _ columns: DriftColumns, panes: [EventTime], slices: [Int32], width: Int, leavingOut isLeftOut: [Bool] = [],
    pool: DeltaPool
  ) {
    let count = columns.count
    guard count > 0 else { return }
    precondition(panes.count == count && slices.count == count * width)
    guard isLeftOut.isEmpty else {
      precondition(isLeftOut.count == count)
      addGroups(columns, count, pool) { (panes[$0], isLeftOut[$0] ? -1 : SliceTable.all) }
      for column in 0..<width {
        addGroups(columns, count, pool) { (panes[$0], isLeftOut[$0] ? -1 : slices[$0 &* width &+ column]) }
      }
      return
    }
    if panes.allSatisfy({ $0 == panes[0] }) {
      let block = blocks[block(pane: panes[0], slice: SliceTable.all, pool)]
      add(columns, nil, to: block)
    } else {
      addGroups(columns, count, pool) { (panes[$0], SliceTable.all) }
    }
    for column in 0..<width { addGroups(columns, count, pool) { (panes[$0], slices[$0 &* width &+ column]) } }
  }

  private mutating func add(_ columns: DriftColumns, _ rows: UnsafeBufferPointer<Int32>?, to block: DeltaBlock) {
    let before = block.residentBytes
    block.add(columns, rows: rows)
    residentBytes += block.residentBytes - before
  }

  /// The rows of one block are added together.
  @inline(__always)
  private mutating func addGroups(
    _ columns: DriftColumns, _ count: Int, _ pool: DeltaPool, _ place: (Int) -> (pane: EventTime, slice: Int32)
  ) {
    while chain.count < count { chain.append(-1) }
    groups.removeAll(keepingCapacity: true)
    // Backwards, so that a chain ascends.
    for row in stride(from: count - 1, through: 0, by: -1) {
      let (pane, slice) = place(row)
      guard slice >= 0 else { continue }
      let block = block(pane: pane, slice: slice, pool)
      if heads[block] < 0 { groups.append(Int32(block)) }
      chain[row] = heads[block]
      heads[block] = Int32(row)
    }
    for group in groups {
      picked.removeAll(keepingCapacity: true)
      var row = heads[Int(group)]
      heads[Int(group)] = -1
      while row >= 0 {
        picked.append(row)
        row = chain[Int(row)]
      }
      let block = blocks[Int(group)]
      let before = block.residentBytes
      picked.withUnsafeBufferPointer { block.add(columns, rows: $0) }
      residentBytes += block.residentBytes - before
    }
  }

  /// Index of the block of a pane and slice, made if new.
  private mutating func block(pane: EventTime, slice: Int32, _ pool: DeltaPool) -> Int {
    if pane != lastPane || lastTable < 0 {
      lastPane = pane
      if let known = panes[pane] {
        lastTable = known
      } else {
        lastTable = tables.count
        tables.append(Table(pane: pane))
        panes[pane] = lastTable
      }
    }
    let slice = Int(slice)
    if slice < tables[lastTable].near.count, tables[lastTable].near[slice] >= 0 {
      return Int(tables[lastTable].near[slice])
    }
    if slice >= Table.nearLimit, let known = tables[lastTable].far[Int32(slice)] { return Int(known) }
    let made = Int32(blocks.count)
    let block = DeltaBlock(shape, pool: pool)
    blocks.append(block)
    heads.append(-1)
    residentBytes += block.residentBytes
    if slice < Table.nearLimit {
      while tables[lastTable].near.count <= slice { tables[lastTable].near.append(-1) }
      tables[lastTable].near[slice] = made
    } else {
      tables[lastTable].far[Int32(slice)] = made
    }
    return Int(made)
  }

  // MARK: At a flush

  /// Every block with its pane and slice, panes ascending, then slices by number.
  func forEach(_ body: (_ pane: EventTime, _ slice: Int32, _ block: DeltaBlock) throws -> Void) rethrows {
    for table in tables.sorted(by: { $0.pane < $1.pane }) {
      for (slice, index) in table.near.enumerated() where index >= 0 {
        try body(table.pane, Int32(slice), blocks[Int(index)])
      }
      for (slice, index) in table.far.sorted(by: { $0.key < $1.key }) {
        try body(table.pane, slice, blocks[Int(index)])
      }
    }
  }

  mutating func removeAll() {
    for block in blocks { block.discard() }
    blocks.removeAll(keepingCapacity: true)
    heads.removeAll(keepingCapacity: true)
    panes.removeAll(keepingCapacity: true)
    tables.removeAll(keepingCapacity: true)
    lastTable = -1
    residentBytes = 0
  }
}
