import LeewayTestSupport
import Testing

@testable import LeewayCore

@Suite struct PerformanceCheckTests {
  private static func check(
    _ metric: Metric, _ limits: [TierLimit], certain: Bool = false, minimumRows: Int64 = 10,
    positives: Int64 = 0, negatives: Int64 = 0, partial: Bool = true, slices: Check.Slices = .all
  ) -> Check {
    Check(
      name: "c", on: .performance, metric: metric, window: "15m", limits: limits, slices: slices,
      minimumRows: minimumRows, partial: partial, certain: certain, minimumPositives: positives,
      minimumNegatives: negatives)
  }

  /// Predictions of 0.9 in a quarter of an hour, labelled a minute later: so many rightly, so many wrongly, the rest not.
  private static func scene(
    _ check: Check, right: Int, wrong: Int, unlabelled: Int = 0, configure: (inout Monitor) -> Void = { _ in }
  ) throws -> Scene {
    let events = Scene.predictions(right + wrong + unlabelled) { _, event in event.output = "0.9" }
    let labels = events.prefix(right + wrong).enumerated().map { i, event in
      LabelEvent(id: event.id ?? "", time: event.time + .minutes(1), value: i < right ? "1" : "0")
    }
    let scene = try Scene(checks: [check], predictions: [events], labels: [labels], configure: configure)
    try scene.read()
    return scene
  }

  private static func verdict(_ scene: Scene) throws -> Verdict {
    try scene.judge(at: Scene.minute(200), labels: Scene.minute(80)).only("c", 15)
  }

  @Test func aWindowIsMatureExactlyAtItsEndHorizonAndLateness() throws {
    let scene = try Self.scene(Self.check(.accuracy, [Check.below(0.95)]), right: 90, wrong: 10)
    // Closed: shown, not final, not judged.
    #expect(try scene.judge(at: Scene.minute(20), labels: Scene.minute(20)).isEmpty)
    let line = try scene.lines(.performance).first { $0.end == Scene.minute(15) && $0.slice == "all" }?.line
    #expect(line?.contains("\"final\":false") == true)
    #expect(
      try scene.judge(at: Scene.minute(20), labels: Scene.minute(80) - .milliseconds(1)).allSatisfy {
        $0.end < Scene.minute(15)
      })
    // 15 minutes, an hour for the labels and five minutes for what is late.
    let verdict = try scene.judge(at: Scene.minute(20), labels: Scene.minute(80)).only("c", 15)
    #expect(verdict.tier == .warning && verdict.value == 0.9)
    let final = try scene.lines(.performance).first { $0.end == Scene.minute(15) && $0.slice == "all" }?.line
    #expect(final?.contains("\"final\":true") == true)
    // Once.
    #expect(try scene.judge(at: Scene.minute(20), labels: Scene.minute(80)).isEmpty)
  }

  /// A model that puts out one and the same score between two training scores: all rows are in one cell, so that AUC may be anything.
  @Test func oneScoreForAllCannotBeCalledGood() throws {
    func verdict(_ output: (Int) -> String) throws -> Verdict {
      let events = Scene.predictions(200) { i, event in event.output = output(i) }
      let labels = events.enumerated().map { i, event in
        LabelEvent(id: event.id ?? "", time: event.time + .minutes(1), value: i % 2 == 0 ? "1" : "0")
      }
      let scene = try Scene(
        checks: [Self.check(.auc, [Check.below(0.7)], certain: true)], predictions: [events], labels: [labels])
      try scene.read()
      return try Self.verdict(scene)
    }
    let stuck = try verdict { _ in "0.123456789" }
    #expect(stuck.tier == .insufficientData && stuck.value == 0.5 && stuck.bound == 1)
    #expect(stuck.why == Shortfall(.noise, [("limit", .value(0.7)), ("noise", .value(0.5))]))
    // Scores that tell classes apart are judged, whatever cells they are in.
    #expect(try verdict { $0 % 2 == 0 ? "0.9" : "0.1" }.tier == .ok)
  }

  @Test func maturityNeverOvertakesClosing() throws {
    let scene = try Self.scene(Self.check(.accuracy, [Check.below(0.95)]), right: 90, wrong: 10)
    #expect(try scene.judge(at: Scene.minute(19), labels: Scene.minute(500)).allSatisfy { $0.end <= Scene.minute(10) })
    #expect(try scene.judge(at: Scene.minute(20), labels: Scene.minute(500)).only("c", 15).tier == .warning)
  }

  @Test func labelsAfterMaturityReviseTheLineAndNotTheVerdict() throws {
    let events = Scene.predictions(50) { _, event in event.output = "0.9" }
    func label(_ event: PredictionEvent, _ value: String, _ minutes: Int64) -> LabelEvent {
      LabelEvent(id: event.id ?? "", time: event.time + .minutes(minutes), value: value)
    }
    let labels = events.map { label($0, "0", 1) } + events.map { label($0, "1", 2) }
    let scene = try Scene(checks: [Self.check(.accuracy, [Check.below(0.5)])], predictions: [events], labels: [labels])
    let instance = try scene.instance()
    try instance.claimAll()
    instance.read(TopicPartition("predictions", 0), 100)
    instance.read(TopicPartition("labels", 0), 50)
    try instance.flush()
    #expect(try Self.verdict(scene).tier == .warning)
    let verdicts = try scene.lines(.verdict)
    let incidents = try scene.lines(.incident)
    instance.readAll()
    try instance.flush()
    #expect(try scene.judge(at: Scene.minute(200), labels: Scene.minute(80)).isEmpty)
    let line = try scene.lines(.performance).first { $0.end == Scene.minute(15) && $0.slice == "all" }
    #expect(line?.line.contains("\"accuracy\":1.0") == true && line?.revision == 1)
    #expect(try scene.lines(.verdict) == verdicts)
    #expect(try scene.lines(.incident) == incidents)
  }

  /// Of 100 rows 85 right: Wilson's one-sided 99 % bounds are 0.74915 and 0.91491.
  @Test func certainNeedsTheBoundBeyondTheLimit() throws {
    for (limit, certain, tier) in [
      (0.90, true, Tier.ok), (0.92, true, .warning), (0.90, false, .warning), (0.84, false, .ok),
    ] {
      let scene = try Self.scene(Self.check(.accuracy, [Check.below(limit)], certain: certain), right: 85, wrong: 15)
      let verdict = try Self.verdict(scene)
      #expect(verdict.tier == tier, "\(limit) \(certain)")
      #expect(abs((verdict.bound ?? 0) - 0.9149090559) < 1e-9, "\(verdict.bound ?? 0)")
      #expect(verdict.isCertain == (limit == 0.84 ? nil : limit > 0.915))
    }
  }

  @Test func aMetricWithoutABoundSaysSo() throws {
    let scene = try Self.scene(Self.check(.calibrationSlope, [Check.below(0.5)]), right: 50, wrong: 50)
    let verdict = try Self.verdict(scene)
    #expect(verdict.isCertain == nil && verdict.bound == nil)
    #expect(
      try scene.lines(.verdict).first { $0.end == Scene.minute(15) }?.line.contains("\"certain\":null,\"bound\":null")
        == true)
  }

  @Test func tooLittleCoverageIsInsufficient() throws {
    for (unlabelled, tier) in [(100, Tier.warning), (101, .insufficientData)] {
      let scene = try Self.scene(
        Self.check(.accuracy, [Check.below(0.9)]), right: 50, wrong: 50, unlabelled: unlabelled)
      #expect(try Self.verdict(scene).tier == tier)
    }
    // Coverage itself is judged where there is too little of it.
    let scene = try Self.scene(Self.check(.coverage, [Check.below(0.5)]), right: 30, wrong: 0, unlabelled: 70)
    let verdict = try Self.verdict(scene)
    #expect(verdict.tier == .warning && verdict.value == 0.3)
  }

  /// One label in a hundred may be out of all proportion, and no more.
  @Test(arguments: [(100, 1, true), (100, 2, false), (199, 2, false), (200, 2, true)])
  func labelsThatAreFarOut(_ labelled: Int, _ far: Int, _ isJudged: Bool) throws {
    let events = Scene.predictions(labelled) { _, event in event.output = "0.75" }
    let labels = events.enumerated().map { i, event in
      LabelEvent(id: event.id ?? "", time: event.time + .minutes(1), value: i < far ? "1e300" : "0.5")
    }
    let scene = try Scene(
      .regression, checks: [Self.check(.mae, [Check.above(0.2)])], predictions: [events], labels: [labels])
    try scene.read()
    let verdict = try Self.verdict(scene)
    #expect(verdict.rows == Int64(labelled - far))
    #expect(verdict.tier == (isJudged ? .warning : .insufficientData), "\(far) of \(labelled)")
    #expect(
      verdict.why
        == (isJudged
          ? nil
          : Shortfall(.outlying, [("outlying", .count(Int64(far))), ("labelled", .count(Int64(labelled)))])))
    let line = try #require(try scene.lines(.verdict).first { $0.end == Scene.minute(15) }?.line)
    #expect(
      line.contains(#""why":"outlying","why_numbers":{"outlying":\#(far),"labelled":\#(labelled)}"#) != isJudged)
  }

  @Test func bothClassesMustBeThere() throws {
    for (positives, negatives, tier) in [
      (70, 30, Tier.warning), (71, 30, .insufficientData), (70, 31, .insufficientData),
    ] {
      let check = Self.check(.accuracy, [Check.below(0.9)], positives: Int64(positives), negatives: Int64(negatives))
      #expect(try Self.verdict(Self.scene(check, right: 70, wrong: 30)).tier == tier)
    }
    let few = Self.check(.accuracy, [Check.below(0.9)], minimumRows: 101)
    #expect(try Self.verdict(Self.scene(few, right: 70, wrong: 30)).tier == .insufficientData)
  }

  @Test func dropsAreFromTheBaselinesOwnValue() throws {
    func verdict(_ limit: Limit, reference: Double?) throws -> Verdict {
      let check = Self.check(.accuracy, [TierLimit(.warning, limit)])
      let events = Scene.predictions(100) { _, event in event.output = "0.9" }
      let labels = events.enumerated().map { i, event in
        LabelEvent(id: event.id ?? "", time: event.time + .minutes(1), value: i < 80 ? "1" : "0")
      }
      let monitor = try SampleMonitor.monitor(.binary, checks: [check])
      var baseline = SampleMonitor.baseline(monitor)
      baseline.performance = reference.map {
        PerformanceBaseline(labelled: 100, inSample: true, metrics: ["accuracy": $0])
      }
      let scene = try Scene(
        plan: MonitorPlan(monitor: monitor, baseline: baseline), predictions: [events], labels: [labels])
      try scene.read()
      return try Self.verdict(scene)
    }
    let relative = try verdict(.maximumDrop(.relative(0.1)), reference: 0.9)
    #expect(relative.tier == .warning && abs((relative.threshold ?? 0) - 0.81) < 1e-12)
    #expect(try verdict(.maximumDrop(.relative(0.12)), reference: 0.9).tier == .ok)
    let absolute = try verdict(.maximumDrop(.absolute(0.05)), reference: 0.9)
    #expect(absolute.tier == .warning && abs((absolute.threshold ?? 0) - 0.85) < 1e-12)
    #expect(try verdict(.maximumDrop(.absolute(0.125)), reference: 0.9).tier == .ok)
    #expect(try verdict(.maximumRise(.absolute(0.1)), reference: 0.5).tier == .warning)
    // Nothing to compare with is not a pass.
    #expect(try verdict(.maximumDrop(.relative(0.1)), reference: nil).tier == .insufficientData)
  }

  /// Where one limit has nothing to be measured from, the other may fire and never says that all is well.
  @Test(arguments: [(90, Tier.insufficientData), (50, .critical)])
  func aLimitThatCannotBeJudgedIsNoPass(_ right: Int, _ tier: Tier) throws {
    var check = Self.check(
      .accuracy, [TierLimit(.warning, .maximumDrop(.relative(0.03))), TierLimit(.critical, .below(.absolute(0.6)))])
    check.reference = .first(.days(30))
    let verdict = try Self.verdict(Self.scene(check, right: right, wrong: 100 - right))
    #expect(verdict.tier == tier && verdict.threshold == 0.6)
    #expect(verdict.why?.reason == (tier == .critical ? nil : .reference))
  }

  /// The same of ratios, and of rows before three windows have said what is usual.
  @Test func aRatioOrTrafficLimitThatCannotBeJudgedIsNoPass() throws {
    let ratio = Check(
      name: "c", on: .features(except: []), metric: .missingRatio, window: "15m",
      limits: [TierLimit(.warning, .maximumRise(.absolute(0.1))), TierLimit(.critical, .above(.absolute(0.5)))],
      minimumRows: 1, partial: true, reference: .first(.days(30)))
    let rows = Check(
      name: "c", on: .traffic, metric: .rows, window: "15m",
      limits: [TierLimit(.warning, .below(.relative(0.5))), TierLimit(.critical, .below(.absolute(1)))], partial: true)
    for check in [ratio, rows] {
      let scene = try Self.scene(check, right: 100, wrong: 0)
      let verdicts = try scene.judge(at: Scene.minute(200), labels: Scene.minute(80)).filter {
        $0.end == Scene.minute(15) && $0.subject != "country"
      }
      #expect(verdicts.map(\.tier) == [.insufficientData] && verdicts.map(\.why?.reason) == [.reference])
    }
  }

  /// All right in the first quarter of an hour, eight of ten in the second, six of ten in the third.
  @Test func dropsMayBeFromTheFirstDaysOfProduction() throws {
    for (limit, tier) in [(Limit.maximumDrop(.absolute(0.25)), Tier.warning), (.maximumDrop(.relative(0.35)), .ok)] {
      let check = Check(
        name: "c", on: .performance, metric: .accuracy, window: "15m", limits: [TierLimit(.warning, limit)],
        minimumRows: 10, certain: false, minimumPositives: 0, minimumNegatives: 0, reference: .first(.minutes(30)))
      let events = Scene.predictions(300, to: 45) { _, event in event.output = "0.9" }
      let labels = events.enumerated().map { i, event in
        LabelEvent(id: event.id ?? "", time: event.time, value: i % 10 < [10, 8, 6][i / 100] ? "1" : "0")
      }
      let scene = try Scene(checks: [check], predictions: [events], labels: [labels])
      try scene.read()
      // In one round or in many: the first days are over before they are a reference.
      var verdicts: [Verdict] = []
      for minute in stride(from: Int64(80), through: 120, by: 5) {
        verdicts += try scene.judge(at: Scene.minute(200), labels: Scene.minute(minute))
      }
      for end in [15, 20, 25] as [Int64] { #expect(try verdicts.only("c", end).tier == .insufficientData) }
      let third = try verdicts.only("c", 45)
      #expect(third.tier == tier && third.value == 0.6)
      #expect(abs((third.threshold ?? 0) - (tier == .warning ? 0.65 : 0.585)) < 1e-12)
      let at = try #require(try scene.lines(.verdict).first { $0.end == Scene.minute(45) })
      #expect(!at.line.contains("in_sample"))

      let again = try Scene(checks: [check], predictions: [events], labels: [labels])
      try again.read()
      #expect(try again.judge(at: Scene.minute(200), labels: Scene.minute(200)).only("c", 45) == third)
    }
  }

  /// Two good days, and one with too few labels to say anything.
  @Test func firstDaysAreSummedUp() throws {
    let check = Check(
      name: "c", on: .performance, metric: .accuracy, window: "15m",
      limits: [TierLimit(.warning, .maximumDrop(.absolute(0.25)))], minimumRows: 10, certain: false,
      minimumPositives: 0,
      minimumNegatives: 0, reference: .first(.minutes(45)))
    let events = Scene.predictions(400, to: 60) { _, event in event.output = "0.9" }
    let labels = events.enumerated().compactMap { i, event -> LabelEvent? in
      switch i / 100 {
      case 1: i < 105 ? LabelEvent(id: event.id ?? "", time: event.time, value: "0") : nil
      case 3: LabelEvent(id: event.id ?? "", time: event.time, value: i % 10 < 7 ? "1" : "0")
      default: LabelEvent(id: event.id ?? "", time: event.time, value: "1")
      }
    }
    let scene = try Scene(checks: [check], predictions: [events], labels: [labels]) {
      $0.windows = [WindowDefinition(name: "15m", size: .minutes(15), every: .minutes(15))]
      $0.labels?.minimumCoverage = 0
    }
    try scene.read()
    let verdict = try scene.judge(at: Scene.minute(200), labels: Scene.minute(200)).only("c", 60)
    // 200 right of 205: a day with few labels weighs little.
    #expect(verdict.value == 0.7 && verdict.threshold == 200.0 / 205 - 0.25 && verdict.tier == .warning)
  }

  @Test func absentLabelsCountAtMaturityAlone() throws {
    let scene = try Self.scene(Self.check(.accuracy, [Check.below(0.5)]), right: 10, wrong: 0, unlabelled: 90) {
      $0.labels?.absent = .number(0)
    }
    _ = try scene.judge(at: Scene.minute(20), labels: Scene.minute(20))
    func line() throws -> String {
      try #require(try scene.lines(.performance).first { $0.end == Scene.minute(15) && $0.slice == "all" }).line
    }
    #expect(
      try line().contains(
        "\"predictions\":100,\"labelled\":10,\"implied\":0,\"coverage\":0.1,\"stage\":\"final\",\"final\":false"))
    let verdict = try Self.verdict(scene)
    #expect(verdict.value == 0.1 && verdict.tier == .warning)
    #expect(
      try line().contains(
        "\"predictions\":100,\"labelled\":100,\"implied\":90,\"coverage\":1.0,\"stage\":\"final\",\"final\":true"))
  }

  @Test func slicesAreJudgedEachByThemselves() throws {
    let events = Scene.predictions(100) { i, event in
      event.output = "0.9"
      event.version = i % 2 == 0 ? "\"v1\"" : "\"v2\""
    }
    let labels = events.enumerated().map { i, event in
      LabelEvent(id: event.id ?? "", time: event.time, value: i % 2 == 0 ? "1" : "0")
    }
    let scene = try Scene(
      checks: [Self.check(.accuracy, [Check.below(0.25)], slices: .each)], predictions: [events], labels: [labels])
    try scene.read()
    let verdicts = try scene.judge(at: Scene.minute(200), labels: Scene.minute(80))
    #expect(try verdicts.only("c", 15).tier == .ok)
    #expect(try verdicts.only("c", 15, slice: "version=v1").tier == .ok)
    #expect(try verdicts.only("c", 15, slice: "version=v2").tier == .warning)
  }
}
