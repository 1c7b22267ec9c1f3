import LeewayStatistics

/// A batch of decoded predictions in columns: for every subject the cell and the fixed-point value of each row. Filled
/// row by row by a decoder, turned into cells column by column, added to blocks subject by subject. One thread's.
///
/// Its memory is allocated once. Columns are apart by a few cache lines more than a power of two, since a row is written
/// across all of them and would else fall into the same few sets of the cache.
package final class DriftColumns {
  package let capacity: Int
  /// Never lent as inout, so the run-time check of exclusive access, one a value, would find nothing.
  @exclusivity(unchecked) package private(set) var count = 0
  private let layout: DriftLayout
  /// Keeps alive what `columns` points to.
  private let categories: [CategoryIndex?]
  private let columns: UnsafeMutablePointer<Column>
  private let stride: Int
  /// Subject-major: the offset within the subject's counts (cells, then missing, then invalid). Categories have theirs
  /// at once, numbers when they are placed.
  private let cells: UnsafeMutablePointer<Int32>
  /// Subject-major, numeric: the value until it is placed, then its u (0 unless it is present), or `outlying`.
  private let units: UnsafeMutablePointer<Int64>
  /// Rows whose numbers have their cells.
  @exclusivity(unchecked) private var placed = 0

  private struct Column {
    var isNumeric: Bool
    /// Values outside are invalid; finite.
    var low: Double
    var high: Double
    /// The number of cells; missing, invalid and outlying follow.
    var cells: Int32
    /// Where its counts, sums and sum of squares begin in a block.
    var firstCount: Int
    var firstSum: Int
    var square: Int
    var index: Unmanaged<CategoryIndex>?
    /// Every magnitude of u in the batch is at most this; outlying ones are beyond all others.
    var farthest: UInt64 = 0
  }

  /// For a present value that the sums cannot hold.
  static let outlying = Int64.min
  /// Values below it in magnitude are summed in single words: hundreds of standard deviations.
  static let near: UInt64 = 1 << 40
  /// Stand for values in `units` until they are placed: NaNs that arithmetic doesn't make.
  private static let missing = Int64(bitPattern: 0x7FF8_0000_0000_1EE1)
  private static let invalid = Int64(bitPattern: 0x7FF8_0000_0000_1EE2)

  /// - Parameter ranges: parallel to the layout's subjects; numeric values outside are invalid.
  init(layout: DriftLayout, categories: [CategoryIndex?], ranges: [ClosedRange<Double>?], capacity: Int) {
    precondition(capacity > 0 && categories.count == layout.subjects.count && ranges.count == layout.subjects.count)
    self.capacity = capacity
    self.layout = layout
    self.categories = categories
    width = layout.subjects.count
    stride = capacity + 24
    let size = stride * layout.subjects.count
    cells = .allocate(capacity: size)
    cells.initialize(repeating: 0, count: size)
    units = .allocate(capacity: size)
    units.initialize(repeating: 0, count: size)
    columns = .allocate(capacity: layout.subjects.count)
    for (i, subject) in layout.subjects.enumerated() {
      let range = ranges[i] ?? -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude
      (columns + i).initialize(
        to: Column(
          isNumeric: subject.isNumeric, low: max(range.lowerBound, -Double.greatestFiniteMagnitude),
          high: min(range.upperBound, Double.greatestFiniteMagnitude), cells: Int32(subject.cells),
          firstCount: subject.firstCount, firstSum: subject.firstSum, square: subject.square,
          index: categories[i].map { Unmanaged.passUnretained($0) }))
    }
  }

  /// - Parameter capacity: rows of a batch; nil for so many that each subject's knots and counts, once they are in the
  ///   cache, serve enough rows.
  package convenience init(plan: MonitorPlan, capacity: Int? = nil) {
    let output: ClosedRange<Double>? = plan.monitor.task == .binary ? 0...1 : nil
    self.init(
      layout: plan.drift, categories: plan.categories, ranges: plan.monitor.features.map(\.range) + [output],
      capacity: capacity ?? (plan.drift.subjects.count > 64 ? 256 : 512))
  }

  deinit {
    cells.deallocate()
    units.deallocate()
    columns.deallocate()
  }

  var isFull: Bool { count == capacity }

  /// The number of subjects.
  let width: Int

  func removeAll() {
    count = 0
    placed = 0
    for i in 0..<width { columns[i].farthest = 0 }
  }

  // MARK: Filling the row at `count`

  @inline(__always) private func place(_ subject: Int) -> Int {
    precondition(subject >= 0 && subject < width && count < capacity)
    return subject &* stride &+ count
  }

  @inline(__always) func isNumeric(_ subject: Int) -> Bool {
    precondition(subject >= 0 && subject < width)
    return columns[subject].isNumeric
  }

  @inline(__always) func setMissing(_ subject: Int) {
    let i = place(subject)
    cells[i] = columns[subject].cells
    units[i] = Self.missing
  }

  @inline(__always) func setInvalid(_ subject: Int) {
    let i = place(subject)
    cells[i] = columns[subject].cells &+ 1
    units[i] = Self.invalid
  }

  /// NaN is missing; ±Inf and what is out of the declared range is invalid.
  @inline(__always) func setNumber(_ subject: Int, _ x: Double) {
    let i = place(subject)
    guard x >= columns[subject].low, x <= columns[subject].high, columns[subject].isNumeric else {
      return x.isNaN && columns[subject].isNumeric ? setMissing(subject) : setInvalid(subject)
    }
    // A cell that is present, until it is known which.
    cells[i] = 0
    units[i] = Int64(bitPattern: x.bitPattern)
  }

  /// The category's text in its shortest form.
  @inline(__always) func setCategory(_ subject: Int, _ text: UnsafeRawBufferPointer) {
    let i = place(subject)
    guard let index = columns[subject].index else { return setInvalid(subject) }
    cells[i] = index._withUnsafeGuaranteedRef { $0.cell(of: text) }
  }

  /// The row is complete.
  @inline(__always) func commitRow() { count &+= 1 }

  /// Whether the value of a subject in the row being filled is neither missing nor invalid.
  func isPresent(_ subject: Int) -> Bool { cells[place(subject)] < columns[subject].cells }

  /// Whether no row has a value of a subject, be it valid or not.
  func isMissingThroughout(_ subject: Int) -> Bool {
    precondition(subject >= 0 && subject < width)
    let missing = columns[subject].cells
    return UnsafeBufferPointer(start: cells + subject &* stride, count: count).allSatisfy { $0 == missing }
  }

  // MARK: From values to cells

  /// Gives every number its cell and its u.
  private func placeNumbers() {
    guard placed < count else { return }
    let rows = placed..<count
    placed = count
    for (subject, place) in layout.subjects.enumerated() {
      guard case .numeric(let domain) = place.domain else { continue }
      let first = subject * stride + rows.lowerBound
      let column = UnsafeMutableBufferPointer(start: units + first, count: rows.count)
      let cells = UnsafeMutableBufferPointer(start: cells + first, count: rows.count)
      column.withMemoryRebound(to: Double.self) { domain.binning.cells(of: UnsafeBufferPointer($0), into: cells) }
      columns[subject].farthest |= Self.quantise(column, cells, domain.fixedPoint, missing: columns[subject].cells)
    }
  }

  /// Replaces values by their u, and the cells of what isn't present; returns all magnitudes of u, or-ed.
  private static func quantise(
    _ column: UnsafeMutableBufferPointer<Int64>, _ cells: UnsafeMutableBufferPointer<Int32>, _ fixedPoint: FixedPoint,
    missing missingCell: Int32
  ) -> UInt64 {
    // A double between 2⁵² and 2⁵³ is a whole number that stands in its lower bits, so adding 1.5 · 2⁵² rounds, half to
    // even, what is below 2⁵¹ in magnitude: the same as `FixedPoint.quantise`, at a third of the cost.
    let shift = 0x1.8p52
    let (origin, scale) = (fixedPoint.origin, fixedPoint.scale)
    var magnitudes: UInt64 = 0
    for row in column.indices {
      let x = Double(bitPattern: UInt64(bitPattern: column[row]))
      let scaled = (x - origin) * scale
      if scaled.magnitude < 0x1p51 {
        let u = Int64(bitPattern: (scaled + shift).bitPattern &- shift.bitPattern)
        column[row] = u
        magnitudes |= u.magnitude
      } else if x.isNaN {
        cells[row] = missingCell &+ (column[row] == Self.missing ? 0 : 1)
        column[row] = 0
      } else {
        let u = fixedPoint.quantise(x) ?? outlying
        column[row] = u
        magnitudes |= u.magnitude
      }
    }
    return magnitudes
  }

  // MARK: Adding to a block

  /// One subject's columns, to be read by row, and where they go in a block.
  struct Part {
    let isNumeric: Bool
    let cellCount: Int
    let firstCount: Int
    let firstSum: Int
    let square: Int
    let cells: UnsafePointer<Int32>
    let units: UnsafePointer<Int64>
    /// No u of the batch is `outlying` or reaches `near`.
    let isNear: Bool

    /// The count of outlying values.
    var outlying: Int { firstCount + cellCount + 2 }
  }

  /// Calls `body` for every subject.
  @inline(__always) func forEachPart(_ body: (Part) -> Void) {
    placeNumbers()
    for i in 0..<width {
      let column = columns[i]
      body(
        Part(
          isNumeric: column.isNumeric, cellCount: Int(column.cells), firstCount: column.firstCount,
          firstSum: column.firstSum,
          square: column.square, cells: UnsafePointer(cells + i &* stride), units: UnsafePointer(units + i &* stride),
          isNear: column.farthest < Self.near))
    }
  }

  /// Adds the given rows to a block of the layout.
  func add(rows: UnsafeBufferPointer<Int32>, to block: inout CellBlock) {
    let deltas = DeltaBlock(layout.shape, pool: DeltaPool(layout.shape))
    deltas.add(self, rows: rows)
    deltas.add(to: &block)
  }
}
