import LeewayStatistics
import LeewayTestSupport
import Testing

@testable import LeewayCore

/// What a value becomes, as the definitions say: missing, invalid, in a cell, outlying.
@Suite struct DriftColumnsTests {
  private static let amount = NumericDomain(
    binning: NumericBinning(knots: [1, 2, 4], cuts: [2]), fixedPoint: FixedPoint(origin: 2, exponent: 32))
  private static let score = NumericDomain(
    binning: NumericBinning(knots: [0.5], cuts: [0.5]), fixedPoint: FixedPoint(origin: 0.5, exponent: 32))
  private static let country = CategoricalDomain(
    categories: ["DE", "FR", "\u{e9}"], otherHashes: [Digest64.hash("IT")])

  private static func monitor() throws -> Monitor {
    var monitor = try SampleMonitor.monitor(.binary)
    monitor.features[0].range = nil
    return monitor
  }

  private static func plan(_ monitor: Monitor) throws -> MonitorPlan {
    func cells(_ n: Int, sums: Int = 0) -> SubjectCells {
      SubjectCells(counts: Array(repeating: 1, count: n), sums: Array(repeating: 0, count: sums))
    }
    return try MonitorPlan(
      monitor: monitor,
      baseline: Baseline(
        monitor: "m", task: .binary, rows: 10,
        subjects: [
          SubjectBaseline(name: "amount", domain: .numeric(amount), cells: cells(7, sums: 4)),
          SubjectBaseline(name: "country", domain: .categorical(country), cells: cells(5)),
          SubjectBaseline(name: "score", domain: .numeric(score), cells: cells(3, sums: 2)),
        ]))
  }

  private func cells(
    _ subject: Int, range: ClosedRange<Double>? = nil, _ fill: (DriftColumns) -> Void
  ) throws -> SubjectCells {
    var monitor = try Self.monitor()
    monitor.features[0].range = range
    let plan = try Self.plan(monitor)
    let columns = DriftColumns(plan: plan, capacity: 64)
    fill(columns)
    var block = CellBlock(plan.drift.shape)
    Array(Int32(0)..<Int32(columns.count)).withUnsafeBufferPointer { columns.add(rows: $0, to: &block) }
    #expect(block.counts[DriftLayout.rows] == columns.count)
    return plan.drift.cells(of: plan.drift.subjects[subject], in: block)
  }

  private func numbers(_ values: [Double], subject: Int = 0, range: ClosedRange<Double>? = nil) throws -> SubjectCells {
    try cells(subject, range: range) { columns in
      for x in values {
        for other in 0..<3 where other != subject { columns.setMissing(other) }
        columns.setNumber(subject, x)
        columns.commitRow()
      }
    }
  }

  @Test func numbersFallBelowAtBetweenAndAboveTheKnots() throws {
    let found = try numbers([0, 1, 1.5, 2, 2, 3, 4, 5, -0.0])
    #expect(found.counts == [2, 1, 1, 2, 1, 1, 1])
    #expect(found.rows == 9 && found.missing == 0 && found.invalid == 0 && found.outlying == 0)
    // Σ(x − 2)·2³² of what is between knots alone: at a knot the value is known.
    #expect(found.sums.map { Double($0) / 0x1p32 } == [-4, -0.5, 1, 3])
    #expect(Double(found.total(Self.amount)) / 0x1p32 == 18.5 - 9 * 2)
    let moments = try #require(found.moments(Self.amount))
    #expect(moments.mean == 18.5 / 9)
  }

  @Test func nanIsMissingAndInfinityInvalid() throws {
    let found = try numbers([.nan, .infinity, -.infinity, 1])
    #expect(found.missing == 1 && found.invalid == 2 && found.present == 1)
  }

  @Test func whatIsOutOfTheDeclaredRangeIsInvalid() throws {
    let found = try numbers([0.99, 1, 4, 4.01], range: 1...4)
    #expect(found.invalid == 2 && found.counts == [0, 1, 0, 0, 0, 1, 0])
  }

  @Test func aBinaryScoreOutsideZeroToOneIsInvalid() throws {
    let found = try numbers([-0.001, 0, 0.5, 1, 1.001], subject: 2)
    #expect(found.invalid == 2 && found.counts == [1, 1, 1])
  }

  @Test func valuesTooFarOutCountInCellsAndEndMeanAndDeviation() throws {
    let found = try numbers([1e300, -1e300, 1])
    #expect(found.counts == [1, 1, 0, 0, 0, 0, 1] && found.outlying == 2)
    #expect(found.moments(Self.amount) == nil)
    #expect(found.sums.allSatisfy { $0 == 0 })
  }

  @Test func categoriesAreKnownOtherOrUnseenByTheirBytes() throws {
    let found = try cells(1) { columns in
      for text in ["DE", "FR", "DE", "IT", "PL", "de", "", "\u{e9}", "e\u{301}"] {
        columns.setMissing(0)
        columns.setMissing(2)
        Array(text.utf8).withUnsafeBytes { columns.setCategory(1, $0) }
        columns.commitRow()
      }
      for _ in 0..<2 {
        columns.setMissing(0)
        columns.setMissing(2)
        columns.setInvalid(1)
        columns.commitRow()
      }
    }
    // DE, FR, é, __other__, __unseen__.
    #expect(found.counts == [2, 1, 1, 1, 4] && found.invalid == 2)
  }

  @Test func aWrongTypeIsInvalid() throws {
    let number = try cells(0) { columns in
      for subject in 0..<3 { columns.setMissing(subject) }
      Array("x".utf8).withUnsafeBytes { columns.setCategory(0, $0) }
      #expect(!columns.isPresent(0))
      columns.commitRow()
    }
    #expect(number.invalid == 1)
    let category = try numbers([5], subject: 1)
    #expect(category.invalid == 1)
  }

  @Test func everyCategoryFindsItsCell() {
    for seed in UInt64(1)...20 {
      var random = SeededGenerator(seed: seed)
      let names = Set((0..<300).map { _ in String(UInt32.random(in: 0...500, using: &random), radix: 3) }).sorted()
      let kept = Array(names.prefix(names.count / 2))
      let others = names.dropFirst(names.count / 2).prefix(50)
      let index = CategoryIndex(
        CategoricalDomain(categories: kept, otherHashes: others.map { Digest64.hash($0) }.sorted()))
      for name in names {
        let cell = Array(name.utf8).withUnsafeBytes { index.cell(of: $0) }
        let expected = kept.firstIndex(of: name) ?? (others.contains(name) ? kept.count : kept.count + 1)
        #expect(cell == Int32(expected), "seed \(seed): \(name)")
      }
    }
  }
}
