import Glibc
import LeewayStatistics
import LeewayTestSupport
import Testing

@testable import LeewayCore

/// What a performance block says beside the golden numbers: bounds, classes, places, and that rows come and go exactly.
@Suite struct LabelledMetricsTests {
  private static func layout(_ task: PerformanceLayout.Task) -> PerformanceLayout {
    PerformanceLayout(task: task, impliedLabels: false)
  }

  private static func summary(
    _ layout: PerformanceLayout, _ rows: [PerformanceRow], longestDelay: TimeSpan? = nil
  ) -> PerformanceSummary {
    var block = CellBlock(layout.shape)
    for row in rows { layout.apply(row, to: &block) }
    return PerformanceSummary(layout: layout, block: block, withImplied: false, longestDelay: longestDelay)
  }

  @Test(arguments: UInt64(1)...10) func rowsAreTakenBackExactly(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let binning = NumericBinning(knots: [0.1, 0.25, 0.5], cuts: [0.25])
    let classes = ["a", "b"]
    for task in [
      PerformanceLayout.Task.binary(binning, threshold: 0.5), .multiclass(classes),
      .regression(FixedPoint(origin: 0, exponent: 30), binning),
    ] {
      let layout = Self.layout(task)
      var block = CellBlock(layout.shape)
      var rows: [PerformanceRow] = []
      for _ in 0..<50 {
        let x = Double.random(in: 0...1, using: &random)
        let isMulticlass = if case .multiclass = task { true } else { false }
        let row = PerformanceRow(
          output: isMulticlass
            ? .category("a", probabilities: [.init(name: "a", probability: x), .init(name: "b", probability: 1 - x)])
            : .number(x),
          label: Bool.random(using: &random) ? nil : isMulticlass ? .category("b") : .number(x < 0.4 ? 0 : 1))
        layout.apply(row, to: &block)
        rows.append(row)
      }
      #expect(!block.isZero)
      for row in rows.shuffled(using: &random) { layout.apply(row, to: &block, subtract: true) }
      #expect(block.isZero, "seed \(seed)")
    }
  }

  /// 200 errors of 0.01, 0.02, … 2: any quantile is within 1/64 of the sorted list's.
  @Test func errorQuantilesAreWithinTheirBins() throws {
    let layout = Self.layout(
      .regression(FixedPoint(origin: 0, exponent: 32), NumericBinning(knots: [1, 5, 9], cuts: [5])))
    let rows = (1...200).map { i in
      PerformanceRow(
        output: .number(10 + Double(i) / 100 * (i % 2 == 0 ? 1 : -1)), label: .number(10))
    }
    let summary = Self.summary(layout, rows)
    for (metric, exact) in [
      (Metric.absoluteErrorP50, 1.0), (.absoluteErrorP90, 1.8), (.absoluteErrorP99, 1.98),
    ] {
      let found = try #require(summary.metrics[metric])
      #expect(abs(found - exact) <= exact / 64, "\(metric): \(found)")
    }
  }

  @Test(arguments: UInt64(1)...20) func errorBinsHoldWhatTheySay(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<500 {
      let steps = UInt64.random(in: 0..<(1 << 62), using: &random) >> UInt64.random(in: 0..<62, using: &random)
      let bin = OctaveBins.errors.bin(of: steps)
      #expect(bin >= 0 && bin < OctaveBins.errors.count)
      #expect(
        OctaveBins.errors.lowerEdge(bin) <= Double(steps)
          && Double(steps) <= OctaveBins.errors.lowerEdge(bin + 1))
    }
    #expect(OctaveBins.errors.quantile(0.5, [0, 0]) == nil)
  }

  @Test func aPerfectModelHasErrorsOfNothing() {
    let layout = Self.layout(
      .regression(FixedPoint(origin: 0, exponent: 32), NumericBinning(knots: [1, 5, 9], cuts: [5])))
    let summary = Self.summary(
      layout, (0..<300).map { PerformanceRow(output: .number(Double($0) / 30), label: .number(Double($0) / 30)) })
    for metric in [Metric.mae, .absoluteErrorP50, .absoluteErrorP90, .absoluteErrorP99] {
      #expect(summary.metrics[metric] == 0, "\(metric)")
    }
  }

  /// Against the sorted list, from a millisecond to the horizon: within 1/64, and never above the horizon.
  @Test(arguments: UInt64(1)...20) func delayQuantilesAreWithinTheirBins(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let horizon = TimeSpan.days(15)
    let layout = Self.layout(.binary(NumericBinning(knots: [0.1, 0.5], cuts: [0.5]), threshold: 0.5))
    let longest = Double.random(in: 0...log2(Double(horizon.milliseconds)), using: &random)
    let delays = (0..<201).map { i -> Int64 in
      i % 3 == 0 ? horizon.milliseconds : Int64(exp2(Double.random(in: 0...longest, using: &random)))
    }
    let summary = Self.summary(
      layout,
      delays.map { PerformanceRow(output: .number(0.3), label: .number(1), delay: .milliseconds($0)) },
      longestDelay: horizon)
    let sorted = delays.sorted()
    for (name, place) in [("label_delay_p50_seconds", 100), ("label_delay_p90_seconds", 180)] {
      let exact = Double(sorted[place]) / 1000
      let found = try #require(summary.metrics[name])
      #expect(abs(found - exact) <= exact / 64 * (1 + 1e-12), "seed \(seed), \(name): \(found) for \(exact)")
      #expect(found <= horizon.seconds, "seed \(seed)")
    }
  }

  /// A label that was there before its prediction came at once.
  @Test func delaysBelowZeroAreNone() {
    let layout = Self.layout(.binary(NumericBinning(knots: [0.1, 0.5], cuts: [0.5]), threshold: 0.5))
    let summary = Self.summary(
      layout, [PerformanceRow(output: .number(0.3), label: .number(1), delay: .milliseconds(-5000))])
    #expect(summary.metrics["label_delay_p50_seconds"] == 0)
  }

  /// The smaller of two p-values is uniform on [0, 0.5] twice as often as one is, so twice it is what verdicts say.
  @Test func theCalibrationTestIsTwiceTheSmallerOfTwo() throws {
    let layout = Self.layout(
      .binary(NumericBinning(knots: (0...20).map { Double($0) / 20 }, cuts: [0.5]), threshold: 0.5))
    var random = SeededGenerator(seed: 24)
    let rows = (0..<400).map { _ in
      let score = Double(Int.random(in: 1...19, using: &random)) / 20
      return (score, Double.random(in: 0...1, using: &random) < score - 0.03 ? 1.0 : 0.0)
    }
    let summary = Self.summary(layout, rows.map { PerformanceRow(output: .number($0.0), label: .number($0.1)) })
    let z = try #require(
      spiegelhalterZ(
        numerator: rows.reduce(0) { $0 + ($1.1 - $1.0) * (1 - 2 * $1.0) },
        variance: rows.reduce(0) { $0 + (1 - 2 * $1.0) * (1 - 2 * $1.0) * $1.0 * (1 - $1.0) }))
    var bins = (
      counts: [Int64](repeating: 0, count: 10), scores: [Double](repeating: 0, count: 10),
      positives: [Int64](repeating: 0, count: 10)
    )
    for (score, label) in rows {
      let bin = ReliabilityTable.bin(of: score)
      bins.counts[bin] += 1
      bins.scores[bin] += score
      if label == 1 { bins.positives[bin] += 1 }
    }
    let table = ReliabilityTable(counts: bins.counts, scoreSums: bins.scores, positives: bins.positives)
    let chi = try #require(table.chiSquared).pValue
    let found = try #require(summary.calibrationPValue)
    #expect(abs(found - min(1, 2 * min(spiegelhalterPValue(z: z), chi))) < 1e-9)
    // Alike: never above 1.
    let one = Self.summary(
      layout,
      [
        PerformanceRow(output: .number(0.5), label: .number(1)),
        PerformanceRow(output: .number(0.5), label: .number(0)),
      ])
    #expect(one.calibrationPValue == 1)
  }

  /// Bounds of the root mean square, mean relative and weighted relative error against the sums themselves.
  @Test func regressionBoundsAreThoseOfTheSums() throws {
    let layout = Self.layout(
      .regression(FixedPoint(origin: 0, exponent: 28), NumericBinning(knots: [10, 20], cuts: [10])))
    var random = SeededGenerator(seed: 7)
    let pairs = (0..<400).map { _ in
      (Double.random(in: 5...50, using: &random), Double.random(in: 5...50, using: &random))
    }
    let summary = Self.summary(
      layout, pairs.map { PerformanceRow(output: .number($0.0), label: .number($0.1)) })
    func sums(_ value: (Double, Double) -> Double) -> MeanSums {
      pairs.reduce(into: MeanSums(count: 0, sum: 0, squares: 0)) {
        let x = value($1.0, $1.1)
        $0.count += 1
        $0.sum += x
        $0.squares += x * x
      }
    }
    func expect(_ metric: Metric, _ expected: OneSidedBounds?) throws {
      let found = try #require(summary.bounds(metric))
      let expected = try #require(expected)
      #expect(abs(found.lower - expected.lower) < 1e-6 && abs(found.upper - expected.upper) < 1e-6, "\(metric)")
    }
    try expect(.rmse, sums { ($0 - $1) * ($0 - $1) }.rootBounds())
    try expect(.mape, sums { abs(($0 - $1) / $1) }.bounds())
    let errors = sums { abs($0 - $1) }
    let products = pairs.reduce(0) { $0 + abs($1.0 - $1.1) * $1.1 }
    try expect(.wape, RatioSums(numerator: errors, denominator: sums { $1 }, products: products).bounds())
  }

  @Test func everyClassHasItsOwnNumbers() throws {
    let layout = Self.layout(.multiclass(["bird", "cat"]))
    func rows(_ count: Int, _ predicted: String, _ actual: String, _ p: Double) -> [PerformanceRow] {
      Array(
        repeating: PerformanceRow(
          output: .category(
            predicted, probabilities: [.init(name: predicted, probability: p), .init(name: "x", probability: 1 - p)]),
          label: .category(actual)), count: count)
    }
    let summary = Self.summary(
      layout,
      rows(6, "bird", "bird", 0.95) + rows(2, "bird", "cat", 0.85) + rows(1, "cat", "cat", 0.6)
        + rows(1, "cat", "ox", 0.6))
    #expect(summary.classes.map(\.name) == ["bird", "cat", "__other__"])
    #expect(summary.classes[0].counts.precision == 0.75 && summary.classes[0].counts.recall == 1)
    #expect(summary.classes[1].counts.precision == 0.5 && summary.classes[1].counts.recall == 1.0 / 3)
    #expect(summary.classes[2].counts.precision == nil && summary.classes[2].counts.recall == 0)
    #expect(summary.confusion?.counts == [[6, 0, 0], [2, 1, 0], [0, 1, 0]])
    // Of the predicted class: 0.95 right in 6 of 6, 0.85 in none of 2, 0.6 in one of 2.
    #expect(summary.reliability.map(\.count) == [2, 2, 6])
    let ece = try #require(summary.metrics[.ece])
    #expect(abs(ece - (0.2 * 0.1 + 0.2 * 0.85 + 0.6 * 0.05)) < 1e-12)
    #expect(summary.metrics[.confidentRatio] == 0.6)
  }

  @Test func aCheckNamesThePlaceOfItsMetric() throws {
    let layout = Self.layout(
      .binary(NumericBinning(knots: (0...10).map { Double($0) / 10 }, cuts: [0.5]), threshold: 0.5))
    // Of the 20 rows at 0.9 half are positive, of the 80 at 0.2 ten.
    let rows = (0..<100).map { i in
      PerformanceRow(output: .number(i < 20 ? 0.9 : 0.2), label: .number(i < 10 || (i >= 90) ? 1 : 0))
    }
    let summary = Self.summary(layout, rows)
    #expect(summary.value(.precisionAtTop, at: 0.2) == 0.5)
    #expect(summary.value(.precisionAtTop, at: 0.1) == 0.5)
    #expect(summary.value(.precisionAtTop) == nil)
    #expect(summary.value(.recallAtPrecision, at: 0.4) == 0.5)
    #expect(summary.value(.precisionAtRecall, at: 0.9) == 0.2)
    let bounds = try #require(summary.bounds(.precisionAtTop, at: 0.2))
    #expect(bounds == wilsonBounds(successes: 10, trials: 20))
    // All 100 rows are needed for nine in ten positives.
    #expect(summary.bounds(.precisionAtRecall, at: 0.9) == wilsonBounds(successes: 20, trials: 100))
    #expect(summary.placed(.precisionAtRecall, at: 0.9)?.bound == 0 && summary.placed(.auc, at: 0.9) == nil)
  }

  @Test func theLineHasEveryPlaceThatChecksName() throws {
    func check(_ name: String, _ place: Double) -> Check {
      Check(
        name: name, on: .performance, metric: .precisionAtTop, window: "15m", limits: [Check.below(0.6)],
        minimumRows: 10,
        partial: true, certain: false, minimumPositives: 0, minimumNegatives: 0, place: place)
    }
    let events = Scene.predictions(100) { i, event in event.output = i < 50 ? "0.9" : "0.1" }
    let labels = events.enumerated().map { i, event in
      LabelEvent(id: event.id ?? "", time: event.time, value: i % 2 == 0 ? "1" : "0")
    }
    let scene = try Scene(
      checks: [check("top", 0.01), check("more", 0.1), check("again", 0.1)], predictions: [events], labels: [labels])
    try scene.read()
    let verdicts = try scene.judge(at: Scene.minute(200), labels: Scene.minute(80))
    #expect(try verdicts.only("top", 15).value == 0.5)
    #expect(try verdicts.only("more", 15).tier == .warning)
    let line = try #require(try scene.lines(.performance).first { $0.end == Scene.minute(15) && $0.slice == "all" })
      .line
    #expect(
      line.contains(
        "\"precision_at_top_0.01\":0.5,\"precision_at_top_0.01_bound\":0.0,"
          + "\"precision_at_top_0.1\":0.5,\"precision_at_top_0.1_bound\":0.0}"))
  }

  /// 1,500 labels about 0 with a deviation of 1, one of them 10¹⁰: it is counted, and the metrics are of the others.
  @Test func oneLabelOutOfAllProportionSilencesNothing() throws {
    let layout = Self.layout(
      .regression(FixedPoint(origin: 0.1, standardDeviation: 1), NumericBinning(knots: [-1, 0, 1], cuts: [0])))
    var random = SeededGenerator(seed: 19)
    let rows = (0..<1500).map { _ in
      let target = Double.random(in: -2...2, using: &random)
      return PerformanceRow(output: .number(target + Double.random(in: -1...1, using: &random)), label: .number(target))
    }
    let clean = Self.summary(layout, Array(rows.dropFirst()))
    for poisoned in [
      PerformanceRow(output: .number(0), label: .number(1e10)),
      PerformanceRow(output: .number(1e10), label: .number(0)),
    ] {
      let summary = Self.summary(layout, [poisoned] + rows.dropFirst())
      #expect(summary.labelled == 1500 && summary.outlying == 1 && summary.judged == 1499)
      for metric in [Metric.mae, .rmse, .bias, .wape, .r2, .absoluteErrorP50, .absoluteErrorP90, .absoluteErrorP99] {
        #expect(summary.metrics[metric] != nil && summary.metrics[metric] == clean.metrics[metric], "\(metric)")
        #expect(summary.bounds(metric) == clean.bounds(metric), "\(metric)")
      }
    }
    #expect(clean.outlying == 0)
  }

  /// One label of 10⁴ to 10⁹ beside 1,500 predictions that are wrong by 2: the mean error stays surely above 1.
  @Test(arguments: [1e4, 1e6, 9.9e8])
  func oneErrorBelowThatDoesNotMakeTheMeanUnsure(_ label: Double) throws {
    let layout = Self.layout(
      .regression(FixedPoint(origin: 0, standardDeviation: 1), NumericBinning(knots: [-1, 0, 1], cuts: [0])))
    var random = SeededGenerator(seed: 21)
    let rows = (0..<1500).map { _ in
      let target = Double.random(in: -2...2, using: &random)
      return PerformanceRow(
        output: .number(target + Double.random(in: 1...3, using: &random)), label: .number(target))
    }
    let clean = try #require(Self.summary(layout, rows).bounds(.mae))
    #expect(clean.lower > 1.9 && clean.upper < 2.1)
    let poisoned = PerformanceRow(output: .number(0), label: .number(label))
    let summary = Self.summary(layout, [poisoned] + rows)
    #expect(summary.outlying == 0)
    let bounds = try #require(summary.bounds(.mae))
    #expect(try bounds.lower > 1.7 && bounds.lower < 2 && bounds.upper > #require(summary.metrics[.mae]))
  }

  /// Targets of 10⁹ ± 10⁻³: from the predictions' median on they are as exact as others.
  @Test func targetsFarFromZeroKeepTheirMetrics() throws {
    let layout = Self.layout(
      .regression(FixedPoint(origin: 1e9, standardDeviation: 1e-3), NumericBinning(knots: [1e9], cuts: [1e9])))
    var random = SeededGenerator(seed: 20)
    let pairs = (0..<400).map { _ in
      let target = 1e9 + Double.random(in: -2e-3...2e-3, using: &random)
      return (target + Double.random(in: -1e-3...1e-3, using: &random), target)
    }
    let summary = Self.summary(layout, pairs.map { PerformanceRow(output: .number($0.0), label: .number($0.1)) })
    #expect(summary.outlying == 0)
    let errors = pairs.map { abs($0.0 - $0.1) }
    let mae = errors.reduce(0, +) / 400
    #expect(abs((summary.metrics[.mae] ?? 0) - mae) < 1e-9 * mae)
    let wape = errors.reduce(0, +) / pairs.reduce(0) { $0 + $1.1 }
    #expect(abs((summary.metrics[.wape] ?? 0) - wape) < 1e-9 * wape)
    let mean = pairs.reduce(0) { $0 + ($1.1 - 1e9) } / 400
    let variation = pairs.reduce(0) { $0 + ($1.1 - 1e9 - mean) * ($1.1 - 1e9 - mean) }
    let r2 = 1 - errors.reduce(0) { $0 + $1 * $1 } / variation
    #expect(abs((summary.metrics[.r2] ?? 0) - r2) < 1e-6)
  }
}
