import LeewayTestSupport
import Testing

@testable import LeewayCore

/// Performance that is judged when predictions are 20 minutes old and again at the horizon of an hour; the lateness is
/// five minutes.
@Suite struct EarlyPerformanceTests {
  private static func check(
    _ limit: TierLimit, metric: Metric = .accuracy, slices: Check.Slices = .all, consecutive: Int = 1,
    reference: Check.Reference = .baseline, stages: Set<Stage> = [.early, .final]
  ) -> Check {
    Check(
      name: "c", on: .performance, metric: metric, window: "15m", limits: [limit], consecutive: consecutive,
      slices: slices, minimumRows: 10, partial: true, certain: false, minimumPositives: 0, minimumNegatives: 0,
      reference: reference, stages: stages)
  }

  private static func configure(_ monitor: inout Monitor) { monitor.labels?.early = .minutes(20) }

  /// Forty predictions, half of them positive.
  private static func predictions(from: Int64 = 0, to: Int64 = 15, id: String = "p") -> [PredictionEvent] {
    Scene.predictions(40, from: from, to: to, id: id) { i, event in event.output = i % 2 == 0 ? "0.9" : "0.1" }
  }

  /// Right labels after ten minutes; those of the first ten are corrected after half an hour.
  private static func labels(_ predictions: [PredictionEvent], wrong: Int = 10) -> [LabelEvent] {
    predictions.enumerated().flatMap { i, event -> [LabelEvent] in
      let right = LabelEvent(id: event.id!, time: event.time + .minutes(10), value: i % 2 == 0 ? "1" : "0")
      let corrected = LabelEvent(id: event.id!, time: event.time + .minutes(30), value: i % 2 == 0 ? "0" : "1")
      return i < wrong ? [right, corrected] : [right]
    }
  }

  private func performance(_ scene: Scene, _ stage: Stage, end: Int64 = 15) throws -> String {
    let lines = try scene.lines(.performance).filter {
      $0.end == Scene.minute(end) && $0.window == "15m" && $0.slice == "all" && $0.stage == stage
    }
    try #require(lines.count == 1)
    return lines[0].line
  }

  @Test func eachStageIsJudgedByWhatStoodThenOnceItsLabelsAreThere() throws {
    let predictions = Self.predictions()
    let scene = try Scene(
      checks: [Self.check(Check.below(0.8))], predictions: [predictions], labels: [Self.labels(predictions)],
      configure: Self.configure)
    try scene.read()
    func judge(labels minutes: Int64, _ more: TimeSpan = .zero) throws -> [String] {
      try scene.judge(at: Scene.minute(300), labels: Scene.minute(minutes) + more).filter { $0.end == Scene.minute(15) }
        .map { "\($0.stage) \($0.value ?? -1) \($0.rows) \($0.tier.name)" }
    }
    #expect(try judge(labels: 40, .milliseconds(-1)) == [])
    #expect(try performance(scene, .early).contains(#""stage":"early","final":false"#))
    #expect(try judge(labels: 40) == ["early 1.0 40 ok"])
    let early = try performance(scene, .early)
    #expect(early.contains(#""predictions":40,"labelled":40,"coverage":1.0,"stage":"early","final":true"#))
    #expect(early.contains(#""accuracy":1.0"#))
    #expect(try performance(scene, .final).contains(#""stage":"final","final":false"#))
    #expect(try judge(labels: 80, .milliseconds(-1)) == [])
    #expect(try judge(labels: 80) == ["final 0.75 40 warning"])
    let final = try performance(scene, .final)
    #expect(final.contains(#""predictions":40,"labelled":40,"coverage":1.0,"stage":"final","final":true"#))
    #expect(final.contains(#""accuracy":0.75"#))
    // What is known at the horizon changes no line of what was known before.
    #expect(try performance(scene, .early) == early)
    let verdicts = try scene.lines(.verdict).filter { $0.end == Scene.minute(15) }
    #expect(verdicts.map(\.stage) == [.early, .final])
    #expect(verdicts.allSatisfy { $0.line.contains(#""stage":"\#($0.stage.rawValue)""#) })
  }

  @Test func allAtOnceGivesTheLinesAndVerdictsOfStepByStep() throws {
    let predictions = Self.predictions() + Self.predictions(from: 15, to: 30, id: "q")
    var found: [[String]] = []
    for steps in [Array(stride(from: Int64(0), through: 200, by: 7)) + [200], [200]] {
      let scene = try Scene(
        checks: [Self.check(Check.below(0.8), consecutive: 2)], predictions: [predictions],
        labels: [Self.labels(predictions)], configure: Self.configure)
      try scene.read()
      for minutes in steps { try scene.judge(at: Scene.minute(300), labels: Scene.minute(minutes), maximumWindows: 3) }
      found.append(try (scene.lines(.verdict) + scene.lines(.performance)).map(\.line))
    }
    #expect(found[0] == found[1] && found[0].count > 20)
  }

  @Test func forCountsWindowsOfItsOwnStage() throws {
    // Early all is right; at the horizon a quarter is wrong, in three windows.
    let predictions = (0..<3).flatMap { Self.predictions(from: 15 * $0, to: 15 * $0 + 15, id: "p\($0)-") }
    let labels = (0..<3).flatMap { Self.labels(Array(predictions[40 * $0..<40 * $0 + 40])) }
    let scene = try Scene(
      checks: [Self.check(Check.below(0.8), consecutive: 2)], predictions: [predictions], labels: [labels],
      configure: Self.configure)
    try scene.read()
    let verdicts = try scene.judge(at: Scene.minute(300), labels: Scene.minute(300))
      .filter { [15, 30, 45].map(Scene.minute).contains($0.end) }
    #expect(verdicts.filter { $0.stage == .early }.map(\.tier) == [.ok, .ok, .ok])
    #expect(verdicts.filter { $0.stage == .final }.map(\.rawTier) == [.warning, .warning, .warning])
    #expect(verdicts.filter { $0.stage == .final }.map(\.tier) == [.ok, .warning, .warning])
  }

  @Test func labelsThatComeEarlyForSomeScoresSayNothingOfAll() throws {
    let predictions = Self.predictions()
    // Of twenty positive predictions all have a label by then, of twenty negative ones four.
    let early = predictions.enumerated().filter { $0.offset % 2 == 0 || $0.offset < 8 }.map(\.element)
    let late = predictions.enumerated().filter { $0.offset % 2 == 1 && $0.offset >= 8 }.map(\.element)
    let labels =
      early.map { LabelEvent(id: $0.id!, time: $0.time + .minutes(20), value: "0") }
      + late.map { LabelEvent(id: $0.id!, time: $0.time + .minutes(21), value: "0") }
    let scene = try Scene(
      checks: [
        Self.check(Check.below(0.8)),
        Check(
          name: "coverage", on: .performance, metric: .coverage, window: "15m", limits: [Check.below(0.7)],
          minimumRows: 10, partial: true),
      ], predictions: [predictions], labels: [labels], configure: Self.configure)
    try scene.read()
    let verdicts = try scene.judge(at: Scene.minute(300), labels: Scene.minute(300))
      .filter { $0.end == Scene.minute(15) }
    let biased = try #require(verdicts.first { $0.check == "c" && $0.stage == .early })
    #expect(biased.tier == .insufficientData)
    #expect(biased.why?.reason == .biasedLabels)
    guard case .value(let ks)? = biased.why?.numbers.first?.value, case .value(let p)? = biased.why?.numbers.last?.value
    else { return #expect(Bool(false), "no numbers") }
    #expect(biased.why?.numbers.map(\.name) == ["ks", "p_value"])
    // 4 of 24 labelled and 16 of 16 others are 0.1.
    #expect(abs(ks - 20.0 / 24) < 1e-12)
    #expect(p > 0 && p < 0.001)
    // At the horizon every one has its label, and the share of labels is judged as it is.
    #expect(try #require(verdicts.first { $0.check == "c" && $0.stage == .final }).tier == .warning)
    #expect(verdicts.filter { $0.check == "coverage" }.map(\.value) == [0.6, 1])
    #expect(verdicts.filter { $0.check == "coverage" }.map(\.tier) == [.warning, .ok])
  }

  /// Both must hold: the scores with a label lie at least 0.1 from the others, and that is no chance. Half of all predictions
  /// have a label early; of these half are 0.1, of the others so many fewer.
  @Test(arguments: [
    // 0.3 apart, and p is 0.3.
    (20, 6, false),
    // 0.098 and 0.102 apart, and p is 0.006 and 0.004.
    (600, 59, false), (600, 61, true),
    // 0.15 apart, and p is 0.014 and 0.009.
    (220, 33, false), (240, 36, true),
  ])
  func labelsAreBiasedWhereScoresDifferByMuchAndNotByChance(
    _ half: Int, _ fewer: Int, _ isBiased: Bool
  ) throws {
    let predictions = Scene.predictions(2 * half) { i, event in
      event.output = i % half < half / 2 - (i < half ? 0 : fewer) ? "0.1" : "0.9"
    }
    let labels = predictions.prefix(half).map { LabelEvent(id: $0.id!, time: $0.time, value: "1") }
    let scene = try Scene(
      checks: [Self.check(Check.below(0.6))], predictions: [predictions], labels: [labels], configure: Self.configure)
    try scene.read()
    let verdict = try #require(
      try scene.judge(at: Scene.minute(300), labels: Scene.minute(300))
        .first { $0.end == Scene.minute(15) && $0.stage == .early })
    #expect(verdict.value == 0.5 && verdict.rows == Int64(half))
    #expect(verdict.tier == (isBiased ? .insufficientData : .warning), "\(verdict)")
    #expect(verdict.why?.reason == (isBiased ? .biasedLabels : nil))
    let ks = Double(fewer) / Double(half)
    #expect(
      try performance(scene, .early).firstMatch(of: /"labelled_score_ks":([0-9.]+)/)
        .map { abs((Double($0.1) ?? 0) - ks) < 1e-12 } == true)
  }

  @Test func whatIsAbsentIsKnownAtTheHorizon() throws {
    let predictions = Self.predictions()
    let labels = predictions.prefix(30).map { LabelEvent(id: $0.id!, time: $0.time + .minutes(5), value: "1") }
    let scene = try Scene(
      checks: [Self.check(Check.below(0.1), metric: .coverage)], predictions: [predictions], labels: [labels]
    ) {
      $0.labels?.early = .minutes(20)
      $0.labels?.absent = .number(0)
    }
    try scene.read()
    try scene.judge(at: Scene.minute(300), labels: Scene.minute(300))
    #expect(
      try performance(scene, .early).contains(
        #""predictions":40,"labelled":30,"implied":0,"coverage":0.75,"stage":"early","final":true"#))
    #expect(
      try performance(scene, .final).contains(
        #""predictions":40,"labelled":40,"implied":10,"coverage":1.0,"stage":"final","final":true"#))
  }

  @Test func aCheckMayBeJudgedAtOneStageOnly() throws {
    let predictions = Self.predictions()
    for stage in Stage.allCases {
      let scene = try Scene(
        checks: [Self.check(Check.below(0.8), stages: [stage])], predictions: [predictions],
        labels: [Self.labels(predictions)], configure: Self.configure)
      try scene.read()
      let verdicts = try scene.judge(at: Scene.minute(300), labels: Scene.minute(300))
      #expect(Set(verdicts.map(\.stage)) == [stage])
      // Lines are of both.
      #expect(Set(try scene.lines(.performance).map(\.stage)) == [.early, .final])
    }
  }

  @Test func earlyAFallIsMeasuredFromTheFirstDaysOfEarlyPerformance() throws {
    // Early 40 of 40 are right in the first window, and 20 of 40 in the fourth.
    let windows = (0..<4).map { Self.predictions(from: 15 * $0, to: 15 * $0 + 15, id: "p\($0)-") }
    let labels = windows.enumerated().flatMap { n, predictions in
      n < 3
        ? Self.labels(predictions)
        : predictions.map { LabelEvent(id: $0.id!, time: $0.time + .minutes(10), value: "0") }
    }
    func verdicts(_ reference: Check.Reference) throws -> [Verdict] {
      let scene = try Scene(
        checks: [Self.check(TierLimit(.warning, .maximumDrop(.relative(0.2))), reference: reference)],
        predictions: [windows.flatMap(\.self)], labels: [labels], configure: Self.configure)
      try scene.read()
      return try scene.judge(at: Scene.minute(300), labels: Scene.minute(300)).filter { $0.end == Scene.minute(60) }
    }
    let first = try verdicts(.first(.minutes(30)))
    // From 1 early, from 0.75 at the horizon.
    #expect(first.map(\.stage) == [.early, .final])
    #expect(first.map(\.threshold) == [0.8, 0.6])
    #expect(first.map(\.tier) == [.warning, .warning])
    // The baseline's performance is of all labels: early it takes the first 30 days, which are not over.
    let early = try #require(try verdicts(.baseline).first { $0.stage == .early })
    #expect(early.value == 0.5 && early.threshold == nil && early.tier == .insufficientData)
    let check = Self.check(Check.below(0.8))
    #expect(check.reference(at: .early, size: .minutes(15)) == .first(.days(30)))
    #expect(check.reference(at: .early, size: .days(60)) == .first(.days(60)))
    #expect(check.reference(at: .final, size: .minutes(15)) == .baseline)
  }

  @Test func windowsThatAreOpenHaveLinesOfBothStages() throws {
    let predictions = Self.predictions()
    let scene = try Scene(predictions: [predictions], labels: [Self.labels(predictions)], configure: Self.configure)
    try scene.read()
    let open = try scene.ledger.read {
      try OpenWindows(plan: scene.plan).results(ResultQuery(type: .performance, window: "15m", limit: .max), in: $0)
    }.filter { $0.end == Scene.minute(15) && $0.slice == "all" }
    #expect(open.map(\.stage) == [.early, .final])
    #expect(open[0].line.contains(#""accuracy":1.0"#) && open[1].line.contains(#""accuracy":0.75"#))
    let early = try scene.ledger.read {
      try OpenWindows(plan: scene.plan).results(ResultQuery(stage: .early, limit: .max), in: $0)
    }
    #expect(!early.isEmpty && early.allSatisfy { $0.stage == .early })
  }

  @Test func anAgeChangesTheGenerationAndWithoutOneNothingIsEarly() throws {
    let predictions = Self.predictions()
    let plain = try Scene(
      checks: [Self.check(Check.below(0.8))], predictions: [predictions], labels: [Self.labels(predictions)])
    try plain.read()
    let verdicts = try plain.judge(at: Scene.minute(300), labels: Scene.minute(300))
    #expect(verdicts.map(\.stage).allSatisfy { $0 == .final } && !verdicts.isEmpty)
    #expect(try plain.lines(.performance).allSatisfy { $0.stage == .final })
    #expect(
      try plain.ledger.read {
        try $0.paneStarts(
          .earlyPerformance, monitor: "m", generation: plain.plan.generation,
          in: EventTime.distantPast..<EventTime.distantFuture)
      } == [])
    let staged = try Scene(predictions: [predictions], configure: Self.configure)
    #expect(staged.plan.generation != plain.plan.generation)
  }

  @Test(arguments: [Stage.early, .final])
  func earlyVerdictsCallForARetrainWhereTheCheckSaysSo(_ stage: Stage) throws {
    // Half is wrong at one stage, and all is right at the other.
    let predictions = Self.predictions()
    let labels = predictions.enumerated().flatMap { i, event in
      [(Int64(5), Stage.early), (40, .final)].map { minutes, at in
        let right = i % 2 == 0 ? "1" : "0"
        return LabelEvent(id: event.id!, time: event.time + .minutes(minutes), value: at == stage ? "0" : right)
      }
    }
    for retrainsEarly in [false, true] {
      var check = Self.check(Check.below(0.8, .critical))
      check.retrainsEarly = retrainsEarly
      let scene = try Scene(checks: [check], predictions: [predictions], labels: [labels]) {
        Self.configure(&$0)
        $0.alerts = [.critical: ["retrain"]]
        $0.retrain = RetrainPolicy(cooldown: .hours(24), maximumPerWeek: 3, deadline: .hours(6))
      }
      try scene.read()
      try scene.judge(
        at: Scene.minute(300), labels: Scene.minute(300), context: DecisionContext(receivers: ["retrain"]))
      let retrains = try scene.ledger.read { try $0.retrains(monitor: nil, limit: 9) }
      #expect(retrains.count == (stage == .final || retrainsEarly ? 1 : 0), "\(stage) \(retrainsEarly)")
    }
  }
}
