import LeewayStatistics
import LeewayTestSupport
import Testing

@testable import LeewayCore

/// Performance before labels come.
@Suite struct EstimateTests {
  private static func check(
    _ metric: Metric, _ limit: TierLimit, minimumRows: Int64 = 10, slices: Check.Slices = .all
  ) -> Check {
    Check(
      name: "c", on: .performance, metric: metric, window: "15m", limits: [limit], slices: slices,
      minimumRows: minimumRows, partial: true, certain: false, minimumPositives: 0, minimumNegatives: 0)
  }

  /// Scores of 0.2 came true in 1 of 10, scores of 0.9 in 7 of 10.
  private static func plan(_ checks: [Check], inSample: Bool = false) throws -> MonitorPlan {
    let monitor = try SampleMonitor.monitor(.binary, checks: checks)
    var baseline = SampleMonitor.baseline(monitor)
    baseline.estimation = EstimationBaseline(
      rows: 20, inSample: inSample,
      basis: .scores(try #require(IsotonicMap(scores: [0.2, 0.9], probabilities: [0.1, 0.7]))))
    baseline.performance = PerformanceBaseline(labelled: 20, inSample: inSample, metrics: ["accuracy": 0.9])
    return try MonitorPlan(monitor: monitor, baseline: baseline)
  }

  private static func events(_ high: Int, _ low: Int) -> [PredictionEvent] {
    Scene.predictions(high + low) { i, event in
      event.output = i < high ? "0.9" : "0.2"
      event.version = i < high ? "\"v1\"" : "\"v2\""
    }
  }

  @Test func aCheckIsJudgedWhenItsWindowCloses() throws {
    // 60 · 0.7 + 40 · 0.9 of 100.
    for (limit, tier) in [
      (Check.below(0.78), Tier.warning), (Check.below(0.77), .ok),
      (TierLimit(.warning, .maximumDrop(.relative(0.1))), .warning),
      (TierLimit(.warning, .maximumDrop(.absolute(0.2))), .ok),
    ] {
      let scene = try Scene(
        plan: Self.plan([Self.check(.estimatedAccuracy, limit)]), predictions: [Self.events(60, 40)])
      try scene.read()
      let verdict = try scene.judge(at: Scene.minute(20)).only("c", 15)
      #expect(abs((verdict.value ?? 0) - 0.78) < 1e-12 && verdict.tier == tier && verdict.rows == 100)
      #expect(verdict.isCertain == nil && verdict.subject == "performance")
    }
    #expect(Self.check(.estimatedAccuracy, Check.below(0.5)).causeGroup() == .drift)
  }

  /// A slice's outcomes may follow the score otherwise than all did in training, which is no change: its limit is measured from what the same
  /// map makes of its training rows.
  @Test func aSliceIsMeasuredFromItsOwnEstimate() throws {
    let limit = TierLimit(.warning, .maximumDrop(.absolute(0.01)))
    let plan = try Self.plan([Self.check(.estimatedAccuracy, limit, slices: .each)])
    let output = plan.outputSubject
    let side = plan.baselineSide(subject: output, slice: NameKey("channel=web")).side
    let before = try #require(EstimatedPerformance(plan, side.cells)?.value(.estimatedAccuracy))
    let events = Self.events(60, 40).map { event in
      var event = event
      event.channel = "\"web\""
      return event
    }
    let scene = try Scene(plan: plan, predictions: [events])
    try scene.read()
    let verdicts = try scene.judge(at: Scene.minute(20)).filter { $0.check == "c" && $0.end == Scene.minute(15) }
    let web = try #require(verdicts.first { $0.slice == "channel=web" })
    #expect(web.against == .slice && abs((web.threshold ?? 0) - (before - 0.01)) < 1e-12)
    // Without training rows of its own there is nothing to measure from.
    let version = try #require(verdicts.first { $0.slice == "version=v1" })
    #expect(version.tier == .insufficientData && version.why?.reason == .noBaseline)
    // All of them from what came true in training.
    let all = try #require(verdicts.first { $0.slice == "all" })
    #expect(abs((all.threshold ?? 0) - 0.89) < 1e-12)
  }

  @Test func slicesAndSmallWindows() throws {
    let scene = try Scene(
      plan: Self.plan([Self.check(.estimatedPositiveRate, Check.above(0.5), minimumRows: 50, slices: .each)]),
      predictions: [Self.events(60, 40)])
    try scene.read()
    let verdicts = try scene.judge(at: Scene.minute(20))
    #expect(try verdicts.only("c", 15, slice: "version=v1").tier == .warning)
    #expect(try verdicts.only("c", 15, slice: "version=v2").tier == .insufficientData)
  }

  @Test func estimatesStandBesideWhatCameTrue() throws {
    let events = Self.events(60, 40)
    let labels = events.enumerated().map { i, event in
      // 30 of 60 and 4 of 40: worse than expected.
      LabelEvent(id: event.id ?? "", time: event.time, value: (i < 30 || i >= 96) ? "1" : "0")
    }
    let scene = try Scene(plan: Self.plan([]), predictions: [events], labels: [labels])
    try scene.read()
    _ = try scene.judge(at: Scene.minute(200), labels: Scene.minute(80))
    let line = try #require(try scene.lines(.performance).first { $0.end == Scene.minute(15) && $0.slice == "all" })
      .line
    let json = JSONReader(try JSONValue(parsing: Array(line.utf8)))
    func number(_ path: String...) throws -> Double {
      try path.reduce(json) { r, name throws(JSONFailure) in try r.member(name) }.double()
    }
    #expect(abs(try number("estimated", "metrics", "accuracy") - 0.78) < 1e-12)
    #expect(abs(try number("estimated", "metrics", "positive_rate") - 0.46) < 1e-12)
    #expect(try number("estimated", "metrics", "confident_ratio") == 0)
    #expect(try number("metrics", "accuracy") == 0.66)
    #expect(abs(try number("metrics", "estimated_accuracy_error") - 0.12) < 1e-12)
    #expect(line.contains("\"estimated\":{\"rows\":100,\"in_sample\":false,\"blind_to\":\"concept drift\""))
    // The same stands with the drift of the score, without any label.
    let drift = try #require(
      try scene.lines(.drift).first { $0.end == Scene.minute(15) && $0.slice == "all" && $0.subject == "score" })
    #expect(drift.line.contains("\"estimated\":{\"rows\":100"))
    #expect(!(try scene.lines(.drift).contains { $0.subject == "amount" && $0.line.contains("estimated") }))
  }

  @Test func aLimitFromTrainingRowsSaysSo() throws {
    for inSample in [true, false] {
      let check = Self.check(.accuracy, TierLimit(.warning, .maximumDrop(.relative(0.1))))
      let events = Self.events(60, 40)
      let labels = events.map { LabelEvent(id: $0.id ?? "", time: $0.time, value: "1") }
      let scene = try Scene(
        plan: Self.plan([check], inSample: inSample), predictions: [events], labels: [labels])
      try scene.read()
      _ = try scene.judge(at: Scene.minute(200), labels: Scene.minute(80))
      let line = try #require(try scene.lines(.verdict).first { $0.end == Scene.minute(15) }).line
      #expect(line.contains("\"in_sample\":\(inSample)"))
    }
  }

  @Test func withoutLabelledRowsThereIsNoEstimate() throws {
    let scene = try Scene(
      checks: [Self.check(.estimatedAUC, Check.below(0.9))], predictions: [Self.events(60, 40)])
    try scene.read()
    #expect(try scene.judge(at: Scene.minute(20)).only("c", 15).tier == .insufficientData)
    #expect(try scene.lines(.drift).allSatisfy { !$0.line.contains("estimated") })
  }

  /// Errors of 1 below 20 and of 5 above: three predictions in four are above.
  @Test func regressionExpectsTheErrorsOfItsBins() throws {
    let binning = NumericBinning(knots: [10, 20, 30], cuts: [20])
    let fixedPoint = FixedPoint(origin: 0, exponent: 30)
    var layout = PerformanceLayout(task: .regression(fixedPoint, binning), impliedLabels: false)
    var trained = CellBlock(layout.shape)
    for i in 0..<40 {
      let prediction = i % 2 == 0 ? 15.0 : 25
      layout.apply(
        PerformanceRow(output: .number(prediction), label: .number(prediction + (i % 2 == 0 ? 1 : -5))), to: &trained)
    }
    layout.estimation = EstimationBaseline(fitting: layout, trained, inSample: true)
    #expect(layout.estimation?.basis == .errors(rows: [20, 20], absoluteErrors: [20, 100]))
    var window = CellBlock(layout.shape)
    for i in 0..<40 { layout.apply(PerformanceRow(output: .number(i % 4 == 0 ? 12 : 28)), to: &window) }
    let summary = PerformanceSummary(layout: layout, block: window, withImplied: false)
    #expect(summary.estimated?.values[.mae] == 4)
    #expect(summary.labelled == 0 && summary.metrics[.estimatedMAEError] == nil)
  }

  /// The map of a fit is the isotonic regression of the labels on the scores.
  @Test func heldOutRowsReplaceTheTrainingRows() throws {
    let monitor = try SampleMonitor.monitor(.binary)
    func baseline(heldOut: Bool) throws -> Baseline {
      var builder = BaselineBuilder(
        monitor: monitor,
        subjects: [
          .init(
            name: "amount",
            domain: .numeric(
              NumericDomain(binning: .fit(sorted: [1]), fixedPoint: FixedPoint(origin: 1, standardDeviation: 1))),
            mean: 1, standardDeviation: 0),
          .init(name: "country", domain: .categorical(CategoricalDomain(categories: ["DE"]))),
          .init(
            name: "score",
            domain: .numeric(
              NumericDomain(binning: .fit(sorted: [0.25, 0.75]), fixedPoint: FixedPoint(origin: 0.5, exponent: 61)))),
        ], segments: [], classes: [], labels: true)
      for i in 0..<10 {
        builder.setNumber(0, 1)
        builder.setMissing(1)
        builder.setNumber(2, i < 5 ? 0.25 : 0.75)
        builder.commitRow(slices: [], output: .number(i < 5 ? 0.25 : 0.75), label: .number(i < 5 ? 0 : 1))
      }
      if heldOut {
        for (score, positives) in [(0.25, 1), (0.5, 2), (0.75, 3)] {
          for i in 0..<4 {
            builder.commitHeldOut(slices: [], output: .number(score), label: .number(i < positives ? 1 : 0))
          }
        }
        builder.commitHeldOut(slices: [], output: .number(2), label: .number(1))
      }
      return builder.finish()
    }
    var trained = try baseline(heldOut: false)
    #expect(
      trained.estimation
        == EstimationBaseline(
          rows: 10, inSample: true,
          basis: .scores(try #require(IsotonicMap(scores: [0.25, 0.75], probabilities: [0, 1])))))
    #expect(trained.performance?.inSample == true && trained.performance?.metrics["accuracy"] == 1)
    var calibrated = try baseline(heldOut: true)
    #expect(
      calibrated.estimation
        == EstimationBaseline(
          rows: 12, inSample: false,
          basis: .scores(try #require(IsotonicMap(scores: [0.25, 0.5, 0.75], probabilities: [0.25, 0.5, 0.75])))))
    #expect(calibrated.performance?.inSample == false && calibrated.performance?.labelled == 12)
    #expect(calibrated.rows == 10 && calibrated.subjects == trained.subjects)
    for var baseline in [trained, calibrated] {
      let bytes = baseline.encoded()
      #expect(try Baseline(decoding: bytes) == baseline)
      #expect(String(decoding: bytes.prefix(50), as: UTF8.self).contains("\"version\":2"))
    }
    trained.estimation = nil
    #expect(String(decoding: trained.encoded().prefix(50), as: UTF8.self).contains("\"version\":1"))
    // A damaged map is refused, whatever its digest.
    calibrated.identity = ""
    let text = String(decoding: calibrated.encoded(), as: UTF8.self)
      .replacing("\"probabilities\":[0.25,0.5,0.75]", with: "\"probabilities\":[0.25,0.5,0.25]")
    #expect {
      _ = try Baseline(decoding: Array(text.utf8))
    } throws: { error in
      "\(error)" == "estimation: scores must ascend and as many probabilities from 0 to 1 never fall"
    }
  }
}
