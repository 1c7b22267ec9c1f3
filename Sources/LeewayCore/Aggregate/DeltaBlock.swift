/// What a partition has added to one pane and slice since the last flush: a `CellBlock` in the making, by the same
/// layout, at half its size and without wide arithmetic for every value. One thread's.
///
/// While it holds few rows it is a list of entries, so hundreds of partitions with a few rows each stay small; then it
/// becomes an array of every count and sum. Sums of u below `DriftColumns.near` fit a word for 2²² rows; before
/// more come, and for what lies farther out, they go to a wide block.
final class DeltaBlock {
  private let shape: CellBlock.Shape
  private let pool: DeltaPool
  private var rows: Int64 = 0
  /// While sparse: places of counts, one for every row and subject, and sums.
  private var counted: [UInt32] = []
  private var summed: [(place: UInt32, u: Int64)] = []
  private var dense: DenseCells?
  private var rowsUnsettled = 0
  /// Few and wide: always exact.
  private var squares: [Int192]
  private var settled: CellBlock?

  init(_ shape: CellBlock.Shape, pool: DeltaPool) {
    self.shape = shape
    self.pool = pool
    squares = Array(repeating: .zero, count: shape.squares)
  }

  /// Bytes held while resident.
  var residentBytes: Int {
    let sparse = counted.capacity * 4 + summed.capacity * 16
    return sparse + (dense == nil ? 0 : DenseCells.bytes(shape)) + squares.count * 32 + (settled?.residentBytes ?? 0)
  }

  /// Gives memory back to the pool; the block is not used again.
  func discard() {
    if let dense { pool.put(dense) }
    dense = nil
  }

  // MARK: Adding rows

  /// Adds some rows of a batch; nil for all of them.
  func add(_ columns: DriftColumns, rows picked: UnsafeBufferPointer<Int32>?) {
    let count = picked?.count ?? columns.count
    rows &+= Int64(count)
    if dense == nil {
      let width = columns.width
      guard (counted.count + count * width) * 4 + summed.count * 16 > DenseCells.bytes(shape) / 4 else {
        return addSparse(columns, picked, count)
      }
      makeDense()
    }
    rowsUnsettled += count
    if rowsUnsettled > pool.settleRows { settle(count) }
    guard let dense else { return }
    if let start = picked?.baseAddress {
      columns.forEachPart { add($0, count, to: dense) { Int(truncatingIfNeeded: start[$0]) } }
    } else {
      columns.forEachPart { add($0, count, to: dense) { $0 } }
    }
  }

  @inline(__always)
  private func add(_ part: DriftColumns.Part, _ count: Int, to dense: DenseCells, _ row: (Int) -> Int) {
    let counts = dense.counts + part.firstCount
    guard part.isNumeric else {
      for i in 0..<count { counts[Int(part.cells[row(i)])] &+= 1 }
      return
    }
    guard part.isNear else { return addFar(part, count, to: dense, row) }
    let sums = dense.sums + part.firstSum
    var total: UInt128 = 0
    for i in 0..<count {
      let row = row(i)
      let cell = Int(part.cells[row])
      let u = part.units[row]
      counts[cell] &+= 1
      // Odd cells are knots, whose sum their count says. Missing and invalid have u = 0, which may be added to the sum
      // behind the subject's last.
      sums[cell >> 1] &+= u & (Int64(truncatingIfNeeded: cell & 1) &- 1)
      let magnitude = UInt128(u.magnitude)
      total &+= magnitude &* magnitude
    }
    squares[part.square] += Int192(low: total, high: 0)
  }

  /// The same where some u is large or has no place in sums.
  private func addFar(_ part: DriftColumns.Part, _ count: Int, to dense: DenseCells, _ row: (Int) -> Int) {
    for i in 0..<count {
      let row = row(i)
      let cell = Int(part.cells[row])
      let u = part.units[row]
      dense.counts[part.firstCount + cell] &+= 1
      guard cell < part.cellCount else { continue }
      if u == DriftColumns.outlying {
        dense.counts[part.outlying] &+= 1
        continue
      }
      squares[part.square] += Int192(squareOf: u)
      if cell & 1 == 0 { add(u, toSum: part.firstSum + cell / 2, of: dense) }
    }
  }

  private func add(_ u: Int64, toSum place: Int, of dense: DenseCells) {
    if u.magnitude < DriftColumns.near {
      dense.sums[place] &+= u
    } else {
      if settled == nil { settled = CellBlock(shape) }
      settled?.sums[place] &+= Int128(u)
    }
  }

  private func addSparse(_ columns: DriftColumns, _ picked: UnsafeBufferPointer<Int32>?, _ count: Int) {
    // Local for the while: every single access to an object's lists would be checked at run time.
    var counted = self.counted
    var summed = self.summed
    self.counted = []
    self.summed = []
    let wanted = counted.count + count * columns.width
    if counted.capacity < wanted { counted.reserveCapacity(max(wanted, 2 * counted.capacity)) }
    columns.forEachPart { part in
      var total = Int192.zero
      for i in 0..<count {
        let row = picked.map { Int($0[i]) } ?? i
        let cell = Int(part.cells[row])
        counted.append(UInt32(part.firstCount + cell))
        guard part.isNumeric, cell < part.cellCount else { continue }
        let u = part.units[row]
        if u == DriftColumns.outlying {
          counted.append(UInt32(part.outlying))
          continue
        }
        total += Int192(squareOf: u)
        if cell & 1 == 0 { summed.append((UInt32(part.firstSum + cell / 2), u)) }
      }
      if part.isNumeric { squares[part.square] += total }
    }
    self.counted = counted
    self.summed = summed
  }

  private func makeDense() {
    let dense = pool.take()
    for place in counted { dense.counts[Int(place)] &+= 1 }
    for (place, u) in summed { add(u, toSum: Int(place), of: dense) }
    self.dense = dense
    // Every row has at most one sum for each subject.
    rowsUnsettled = Int(clamping: rows)
    counted = []
    summed = []
  }

  /// Moves counts and sums to the wide block before words could overflow.
  private func settle(_ coming: Int) {
    guard let dense else { return }
    var block = settled ?? CellBlock(shape)
    settled = nil
    dense.add(to: &block)
    dense.clear()
    settled = block
    rowsUnsettled = coming
  }

  // MARK: The block

  /// Adds all of it to a block.
  func add(to block: inout CellBlock) {
    precondition(block.shape == shape, "blocks of different layouts")
    if let settled { block += settled }
    block.counts[DriftLayout.rows] &+= rows
    block.counts.withUnsafeMutableBufferPointer { to in for place in counted { to[Int(place)] &+= 1 } }
    block.sums.withUnsafeMutableBufferPointer { to in for (place, u) in summed { to[Int(place)] &+= Int128(u) } }
    dense?.add(to: &block)
    for i in squares.indices { block.squares[i] += squares[i] }
  }
}

/// Counts and sums in single words, all zero when made. Places as in a `CellBlock`, and one sum more.
final class DenseCells {
  let counts: UnsafeMutablePointer<UInt32>
  let sums: UnsafeMutablePointer<Int64>
  private let shape: CellBlock.Shape

  init(_ shape: CellBlock.Shape) {
    self.shape = shape
    counts = .allocate(capacity: shape.counts)
    sums = .allocate(capacity: shape.sums + 1)
    clear()
  }

  deinit {
    counts.deallocate()
    sums.deallocate()
  }

  static func bytes(_ shape: CellBlock.Shape) -> Int { shape.counts * 4 + (shape.sums + 1) * 8 }

  func clear() {
    counts.initialize(repeating: 0, count: shape.counts)
    sums.initialize(repeating: 0, count: shape.sums + 1)
  }

  func add(to block: inout CellBlock) {
    precondition(block.shape == shape, "blocks of different layouts")
    // Zeros too: a guess whether there is one costs more than adding it.
    block.counts.withUnsafeMutableBufferPointer { to in for i in 0..<to.count { to[i] &+= Int64(counts[i]) } }
    block.sums.withUnsafeMutableBufferPointer { to in for i in 0..<to.count { to[i] &+= Int128(sums[i]) } }
  }
}

/// Spare arrays of one monitor's partitions: clearing is cheaper than allocating, and a burst's memory is not kept for
/// ever. One thread's.
final class DeltaPool {
  private let shape: CellBlock.Shape
  private var spare: [DenseCells] = []
  /// How many rows a block's words are given before they are emptied into wide ones.
  let settleRows: Int

  private let keptBytes: Int

  /// - Parameter keptBytes: of spare arrays.
  init(_ shape: CellBlock.Shape, settleRows: Int = 1 << 22, keptBytes: Int = 16 << 20) {
    // 2⁴⁰ · 2²² is below 2⁶³.
    precondition((1...1 << 22).contains(settleRows))
    self.shape = shape
    self.settleRows = settleRows
    self.keptBytes = keptBytes
  }

  func take() -> DenseCells { spare.popLast() ?? DenseCells(shape) }

  func put(_ cells: DenseCells) {
    guard (spare.count + 1) * DenseCells.bytes(shape) <= keptBytes else { return }
    cells.clear()
    spare.append(cells)
  }
}
