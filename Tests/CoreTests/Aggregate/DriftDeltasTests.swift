import LeewayStatistics
import LeewayTestSupport
import Testing

@testable import LeewayCore

/// Deltas must hold what adding row by row, in wide integers, gives: few rows and many, near and far values, slices and
/// panes in any order.
@Suite struct DriftDeltasTests {
  private struct Place: Hashable {
    var pane: EventTime
    var slice: Int32
  }

  /// One numeric subject with values between knots, one categorical, one numeric with knots alone.
  private static let domains: [(name: String, domain: SubjectDomain)] = [
    (
      "x",
      .numeric(
        NumericDomain(
          binning: NumericBinning(knots: (0..<40).map { Double($0) * 0.5 }, cuts: [5]),
          fixedPoint: FixedPoint(origin: 5, standardDeviation: 3)))
    ),
    ("c", .categorical(CategoricalDomain(categories: ["a", "b", "c"]))),
    (
      "y",
      .numeric(
        NumericDomain(
          binning: NumericBinning(knots: [0, 1], cuts: [0]), fixedPoint: FixedPoint(origin: 0, standardDeviation: 1)))
    ),
  ]

  @Test(arguments: [(1, 30), (2, 700), (3, 5000)], [1 << 22, 400])
  func agreeWithAddingRowByRow(_ scale: (seed: Int, rows: Int), _ settleRows: Int) throws {
    var random = SeededGenerator(seed: UInt64(scale.seed))
    let layout = DriftLayout(subjects: Self.domains)
    let columns = DriftColumns(
      layout: layout,
      categories: Self.domains.map { if case .categorical(let c) = $0.domain { CategoryIndex(c) } else { nil } },
      ranges: [nil, nil, -1e30...1e30], capacity: 64)
    let pool = DeltaPool(layout.shape, settleRows: settleRows)
    var deltas = DriftDeltas(shape: layout.shape)
    var expected: [Place: CellBlock] = [:]
    let width = 2
    var panes: [EventTime] = []
    var slices: [Int32] = []
    func drain() {
      deltas.add(columns, panes: panes, slices: slices, width: width, pool: pool)
      columns.removeAll()
      panes.removeAll()
      slices.removeAll()
    }
    for row in 0..<scale.rows {
      // Long runs of one pane, as in traffic, and then a mixture.
      let pane = EventTime(milliseconds: row % 500 < 300 ? 0 : Int64.random(in: 0..<3, using: &random) * 1000)
      let x = number(using: &random)
      let y = number(using: &random)
      let category = ["a", "b", "c", "new"][Int.random(in: 0..<4, using: &random)]
      let fate = Int.random(in: 0..<20, using: &random)
      if fate == 0 { columns.setMissing(0) } else { columns.setNumber(0, x) }
      if fate == 1 {
        columns.setInvalid(1)
      } else {
        Array(category.utf8).withUnsafeBytes { columns.setCategory(1, $0) }
      }
      if fate == 2 { columns.setInvalid(2) } else { columns.setNumber(2, y) }
      columns.commitRow()
      panes.append(pane)
      let own = [Int32(1 + row % 3), [-1, 4, 4095, 4096, 70_000][Int.random(in: 0..<5, using: &random)]]
      slices += own
      for slice in [0] + own where slice >= 0 {
        var block = expected[Place(pane: pane, slice: slice)] ?? CellBlock(layout.shape)
        block.counts[DriftLayout.rows] += 1
        add(fate == 0 ? .missing : .number(x), layout.subjects[0], to: &block)
        add(
          fate == 1 ? .invalid : .category(["a", "b", "c", "other", "new"].firstIndex(of: category) ?? 0),
          layout.subjects[1], to: &block)
        add(fate == 2 || y.magnitude > 1e30 ? .invalid : .number(y), layout.subjects[2], to: &block)
        expected[Place(pane: pane, slice: slice)] = block
      }
      if columns.isFull || Int.random(in: 0..<90, using: &random) == 0 { drain() }
    }
    drain()
    var found: [Place: CellBlock] = [:]
    var order: [EventTime] = []
    deltas.forEach { pane, slice, deltas in
      var block = CellBlock(layout.shape)
      deltas.add(to: &block)
      found[Place(pane: pane, slice: slice)] = block
      order.append(pane)
    }
    #expect(found.count == expected.count && order == order.sorted())
    for (place, block) in expected {
      #expect(found[place] == block, "seed \(scale.seed), pane \(place.pane.milliseconds), slice \(place.slice)")
    }
    #expect(deltas.residentBytes > 0)
    deltas.removeAll()
    #expect(deltas.isEmpty && deltas.residentBytes == 0)
    deltas.forEach { _, _, _ in Issue.record("something is left") }
  }

  private enum Value {
    case missing, invalid
    case number(Double)
    case category(Int)
  }

  private func add(_ value: Value, _ subject: DriftLayout.Subject, to block: inout CellBlock) {
    switch (value, subject.domain) {
    case (.missing, _): block.counts[subject.missing] += 1
    case (.number(let x), .numeric(let domain)):
      let cell = domain.binning.cell(of: x)
      block.counts[subject.firstCount + cell] += 1
      guard let u = domain.fixedPoint.quantise(x) else {
        block.counts[subject.outlying] += 1
        return
      }
      block.squares[subject.square] += Int192(squareOf: u)
      if cell % 2 == 0 { block.sums[subject.firstSum + cell / 2] += Int128(u) }
    case (.category(let cell), .categorical): block.counts[subject.firstCount + cell] += 1
    default: block.counts[subject.invalid] += 1
    }
  }

  /// At knots and between them, halves of the last place of u, and a few that are far, very far and beyond all sums.
  private func number(using random: inout SeededGenerator) -> Double {
    switch Int.random(in: 0..<40, using: &random) {
    case 0: return Double.random(in: -1e6...1e6, using: &random)
    case 1: return Double.random(in: -1e12...1e12, using: &random)
    case 2: return [1e300, -1e300, 1e31, 0x1p40, -0x1p19][Int.random(in: 0..<5, using: &random)]
    case 3...12: return Double(Int.random(in: -2..<42, using: &random)) * 0.5
    case 13...16: return (Double(Int.random(in: -1000..<1000, using: &random)) + 0.5) * 0x1p-32
    default: return Double.random(in: -3...25, using: &random)
    }
  }

  @Test func fewRowsCostLittle() throws {
    let plan = try SampleMonitor.plan(try SampleMonitor.monitor(.binary))
    let columns = DriftColumns(plan: plan)
    let pool = DeltaPool(plan.drift.shape)
    var deltas = DriftDeltas(shape: plan.drift.shape)
    for subject in 0..<3 { columns.setMissing(subject) }
    columns.commitRow()
    deltas.add(columns, panes: [EventTime(milliseconds: 0)], slices: [], width: 0, pool: pool)
    #expect(deltas.residentBytes < DenseCells.bytes(plan.drift.shape) / 2)
  }
}
