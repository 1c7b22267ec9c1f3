/// A batch of decoded predictions in columns: for every subject the cell and the fixed-point value of each row. Filled
/// row by row by a decoder, added to blocks subject by subject. Allocated once and reused.
package struct DriftColumns {
  package let capacity: Int
  package private(set) var count = 0
  private let layout: DriftLayout
  private let categories: [CategoryIndex?]
  private let ranges: [ClosedRange<Double>?]
  /// Subject-major: the offset within the subject's counts (cells, then missing, then invalid).
  private var cells: [Int32]
  /// Subject-major: u of numeric values; `outlying` where sums cannot hold it.
  private var units: [Int64]

  private static let outlying = Int64.min

  /// - Parameter ranges: parallel to the layout's subjects; numeric values outside are invalid.
  init(layout: DriftLayout, categories: [CategoryIndex?], ranges: [ClosedRange<Double>?], capacity: Int) {
    self.capacity = capacity
    self.layout = layout
    self.categories = categories
    self.ranges = ranges
    cells = Array(repeating: 0, count: capacity * layout.subjects.count)
    units = Array(repeating: 0, count: capacity * layout.subjects.count)
  }

  package init(plan: MonitorPlan, capacity: Int = 256) {
    let output: ClosedRange<Double>? = plan.monitor.task == .binary ? 0...1 : nil
    self.init(
      layout: plan.drift, categories: plan.categories, ranges: plan.monitor.features.map(\.range) + [output],
      capacity: capacity)
  }

  var isFull: Bool { count == capacity }

  mutating func removeAll() { count = 0 }

  // MARK: Filling the row at `count`

  mutating func setMissing(_ subject: Int) {
    cells[subject * capacity + count] = Int32(layout.subjects[subject].cells)
  }

  mutating func setInvalid(_ subject: Int) {
    cells[subject * capacity + count] = Int32(layout.subjects[subject].cells + 1)
  }

  /// NaN is missing; ±Inf and what is out of the declared range is invalid.
  mutating func setNumber(_ subject: Int, _ x: Double) {
    guard case .numeric(let domain) = layout.subjects[subject].domain else { return setInvalid(subject) }
    if x.isNaN { return setMissing(subject) }
    if !x.isFinite { return setInvalid(subject) }
    if let range = ranges[subject], !range.contains(x) { return setInvalid(subject) }
    let i = subject * capacity + count
    cells[i] = Int32(truncatingIfNeeded: domain.binning.cell(of: x))
    units[i] = domain.fixedPoint.quantise(x) ?? Self.outlying
  }

  /// The category's text in its shortest form.
  mutating func setCategory(_ subject: Int, _ text: UnsafeRawBufferPointer) {
    guard let index = categories[subject] else { return setInvalid(subject) }
    cells[subject * capacity + count] = index.cell(of: text)
  }

  /// The row is complete.
  mutating func commitRow() { count += 1 }

  /// Whether the value of a subject in the row being filled is neither missing nor invalid.
  func isPresent(_ subject: Int) -> Bool {
    cells[subject * capacity + count] < Int32(layout.subjects[subject].cells)
  }

  // MARK: Adding to a block

  /// Adds the given rows to a block of the layout.
  func add(rows: UnsafeBufferPointer<Int32>, to block: inout CellBlock) {
    block.counts[DriftLayout.rows] &+= Int64(rows.count)
    block.counts.withUnsafeMutableBufferPointer { counts in
      block.sums.withUnsafeMutableBufferPointer { sums in
        cells.withUnsafeBufferPointer { cells in
          units.withUnsafeBufferPointer { units in
            for (s, subject) in layout.subjects.enumerated() {
              let column = s * capacity
              guard subject.isNumeric else {
                for row in rows { counts[subject.counts &+ Int(cells[column &+ Int(row)])] &+= 1 }
                continue
              }
              var squares = Int192.zero
              for row in rows {
                let i = column &+ Int(row)
                let cell = Int(cells[i])
                counts[subject.counts &+ cell] &+= 1
                guard cell < subject.cells else { continue }
                let u = units[i]
                guard u != Self.outlying else {
                  counts[subject.outlying] &+= 1
                  continue
                }
                squares += Int192(squareOf: u)
                if cell & 1 == 0 { sums[subject.sums &+ cell / 2] &+= Int128(u) }
              }
              block.squares[subject.square] += squares
            }
          }
        }
      }
    }
  }
}
