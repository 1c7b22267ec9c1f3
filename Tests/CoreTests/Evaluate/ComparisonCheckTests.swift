import LeewayTestSupport
import Testing

@testable import LeewayCore

/// `compare: {champion: v1, challenger: v2}`: pairs and rows of their own in windows, and checks on them.
@Suite struct ComparisonCheckTests {
  private static let versions = VersionComparison(champion: "v1", challenger: "v2")

  /// Both versions score every id, the challenger a second later and right unless `wrong` says otherwise; the champion
  /// errs on every tenth.
  private static func shadow(_ count: Int, wrong: (Int) -> Bool) -> (
    predictions: [PredictionEvent], labels: [LabelEvent]
  ) {
    let champion = Scene.predictions(count, to: 14)
    let predictions = champion.enumerated().flatMap { i, event -> [PredictionEvent] in
      let positive = i % 2 == 0
      var first = event
      first.output = (i % 10 == 0) == positive ? "0.2" : "0.8"
      var second = event
      second.version = "\"v2\""
      second.time = event.time + .seconds(1)
      second.output = wrong(i) == positive ? "0.2" : "0.8"
      return [first, second]
    }
    let labels = champion.enumerated().map { i, event in
      LabelEvent(id: event.id ?? "", time: event.time + .minutes(5), value: i % 2 == 0 ? "1" : "0")
    }
    return (predictions, labels)
  }

  private static func check(
    _ metric: Metric = .accuracy, _ limit: Limit = .maximumDrop(.absolute(0.05)), tier: Tier = .critical
  ) -> Check {
    Check(
      name: "versions", on: .comparison, metric: metric, window: "15m", limits: [TierLimit(tier, limit)],
      minimumRows: 100)
  }

  private static func scene(
    _ log: (predictions: [PredictionEvent], labels: [LabelEvent]), checks: [Check] = [check()],
    _ configure: (inout Monitor) -> Void = { _ in }
  ) throws -> Scene {
    let scene = try Scene(checks: checks, predictions: [log.predictions], labels: [log.labels]) { monitor in
      monitor.comparison = versions
      configure(&monitor)
    }
    try scene.read()
    return scene
  }

  private static func judge(_ scene: Scene) throws -> [Verdict] {
    try scene.judge(at: Scene.minute(100), labels: Scene.minute(300))
  }

  private static func line(_ scene: Scene, _ subject: String = "performance") throws -> JSONReader {
    let line = try #require(
      try scene.lines(.comparison).first {
        $0.window == "15m" && $0.end == Scene.minute(15) && $0.subject == subject
      })
    return JSONReader(try JSONValue(parsing: Array(line.line.utf8)))
  }

  @Test func aWorseChallengerFiresAndRetrainsNothing() throws {
    let scene = try Self.scene(Self.shadow(400) { $0 % 3 == 0 }) {
      $0.retrain = RetrainPolicy(cooldown: .hours(1), maximumPerWeek: 3, deadline: .hours(6))
      $0.alerts = [.critical: ["retrain"]]
    }
    let reports = try SimulatedInstance.evaluate(
      scene.plan, scene.ledger, maximumWindows: 512, now: EventTime(milliseconds: 0),
      context: DecisionContext(receivers: ["retrain"]),
      watermarks: Watermarks(predictions: Scene.minute(100), labels: Scene.minute(300)))
    let verdict = try reports.flatMap(\.verdicts).only("versions", 15)
    #expect(verdict.tier == .critical && verdict.isCertain == true)
    #expect(verdict.subject == "comparison" && verdict.version == "v2" && verdict.rows == 400)
    #expect(try #require(verdict.value) < 0.7)
    #expect(try #require(verdict.pValue) < 1e-6)
    let incidents = try scene.lines(.incident).map(\.line)
    #expect(incidents.first?.contains("\"transition\":\"opened\"") == true)
    #expect(incidents.allSatisfy { $0.contains("\"advice\":\"compare: only the challenger differs") }, "\(incidents)")
    #expect(try scene.ledger.read { try $0.retrains(monitor: "m", limit: 9) }.isEmpty)
    #expect(reports.allSatisfy { $0.decisions.retrainsRequested == 0 && $0.decisions.retrainsHeld == 0 })
  }

  @Test func anEqualChallengerIsOk() throws {
    let scene = try Self.scene(Self.shadow(400) { $0 % 10 == 1 })
    let verdict = try Self.judge(scene).only("versions", 15)
    #expect(verdict.tier == .ok)
    #expect(verdict.value == 0.9 && verdict.pValue == 1)
  }

  /// A drop beyond the limit that chance could have made does not fire, unless the check says so.
  @Test func whatIsNotCertainDoesNotFire() throws {
    let log = Self.shadow(120) { $0 % 6 == 0 }
    let careful = try Self.judge(try Self.scene(log)).only("versions", 15)
    #expect(careful.tier == .ok && careful.isCertain == false)
    var check = Self.check()
    check.certain = false
    #expect(try Self.judge(try Self.scene(log, checks: [check])).only("versions", 15).tier == .critical)
    check.minimumRows = 121
    #expect(try Self.judge(try Self.scene(log, checks: [check])).only("versions", 15).tier == .insufficientData)
    check.minimumRows = 100
    check.minimumPositives = 61
    #expect(try Self.judge(try Self.scene(log, checks: [check])).only("versions", 15).tier == .insufficientData)
  }

  @Test func scoresAreHeldAgainstEachOtherWithoutLabels() throws {
    let log = Self.shadow(300) { _ in false }
    let drift = Self.check(.ks, .above(.absolute(0.05)), tier: .warning)
    let scene = try Scene(checks: [drift], predictions: [log.predictions]) { monitor in
      monitor.comparison = Self.versions
      monitor.labels = nil
      monitor.predictions.id = []
    }
    try scene.read()
    let verdict = try Self.judge(scene).only("versions", 15)
    // The champion errs on all positives of thirty: its low scores are 150 + 30 of 300, the challenger's 150.
    #expect(abs(try #require(verdict.value) - 0.1) < 1e-12)
    // A limit of 0.05 is below what chance makes of 300 rows on each side.
    #expect(verdict.tier == .insufficientData && verdict.metric == .ks)
    let noise = 0.8687 * (2.0 / 300).squareRoot()
    #expect(verdict.why == Shortfall(.noise, [("limit", .value(0.05)), ("noise", .value(noise))]))
    #expect(try #require(verdict.pValue) > 0.01)
    let line = try Self.line(scene, "score")
    #expect(abs(try line.member("metrics").member("ks").double() - 0.1) < 1e-12)
    #expect(try line.member("final").bool() == true)
    #expect(try scene.lines(.comparison).allSatisfy { $0.subject == "score" })
  }

  /// A correction that reaches a closed window moves the pair from right to wrong and nothing else.
  @Test func correctionsReviseTheLine() throws {
    let log = Self.shadow(200) { _ in false }
    let scene = try Self.scene(log, checks: [])
    try scene.judge(at: Scene.minute(100), labels: Scene.minute(80))
    func accuracy() throws -> (champion: Double, challenger: Double) {
      let found = try Self.line(scene).member("differences").member("accuracy")
      return (try found.member("champion").double(), try found.member("challenger").double())
    }
    #expect(try accuracy() == (0.9, 1))
    let late = MessageLog(
      topic: "labels", role: .labels,
      partitions: [
        scene.logs[1].partitions[0] + [
          LabelEvent(id: log.labels[1].id, time: log.labels[1].time + .minutes(1), value: "1").message(),
          LabelEvent(id: log.labels[2].id, time: log.labels[2].time + .minutes(1), value: "null").message(),
        ]
      ])
    let second = try SimulatedInstance("b", plans: [scene.plan], logs: [scene.logs[0], late], ledger: scene.ledger)
    try second.claimAll()
    second.readAll()
    try second.flush()
    try scene.judge(at: Scene.minute(100), labels: Scene.minute(300))
    // Of 199 pairs that are labelled the champion is right on 178 and the challenger on 198.
    #expect(try accuracy() == (178.0 / 199, 198.0 / 199))
    let line = try Self.line(scene)
    #expect(try line.member("labelled").member("pairs").integer() == 199)
    #expect(try line.member("predictions").member("pairs").integer() == 200)
    #expect(try line.member("final").bool() == true)
  }

  /// Half of the ids each: nothing is paired, and each version's own rows are compared.
  @Test func aCanaryIsComparedOnRowsOfItsOwn() throws {
    let log = Self.shadow(600) { $0 % 3 == 0 }
    let predictions = log.predictions.enumerated().filter { ($0.offset / 2 / 2) % 2 == $0.offset % 2 }.map(\.element)
    let scene = try Self.scene((predictions, log.labels))
    let verdict = try Self.judge(scene).only("versions", 15)
    #expect(verdict.tier == .critical)
    #expect(verdict.rows == 300)
    let line = try Self.line(scene)
    #expect(try line.member("paired").bool() == false)
    #expect(try line.member("predictions").member("pairs").integer() == 0)
    let accuracy = try line.member("differences").member("accuracy")
    #expect(try accuracy.member("method").string() == "unpaired")
  }

  @Test func classesAreComparedByRightAndWrong() throws {
    let classes = SampleMonitor.classes
    var right = [0, 0]
    var discordant = (0, 0)
    let predictions = (0..<300).flatMap { i -> [PredictionEvent] in
      let truth = i % 3
      let answers = [i % 5 == 0 ? (truth + 1) % 3 : truth, i % 4 == 0 ? (truth + 2) % 3 : truth]
      for (version, answer) in answers.enumerated() where answer == truth { right[version] += 1 }
      if answers[0] == truth, answers[1] != truth { discordant.0 += 1 }
      if answers[0] != truth, answers[1] == truth { discordant.1 += 1 }
      return answers.enumerated().map { version, answer in
        PredictionEvent(
          id: "\"p\(i)\"", time: World.start + .seconds(Int64(i)), version: "\"v\(version + 1)\"",
          output: "\"\(classes[answer])\"",
          probabilities:
            "{\"\(classes[truth])\":\(version == 0 ? 0.5 : 0.25),\"\(classes[(truth + 1) % 3])\":\(version == 0 ? 0.5 : 0.75)}"
        )
      }
    }
    let labels = (0..<300).map {
      LabelEvent(id: "\"p\($0)\"", time: World.start + .minutes(9), value: "\"\(classes[$0 % 3])\"")
    }
    let scene = try Scene(
      .multiclass, checks: [Self.check(.logLoss, .maximumRise(.absolute(0.5)))],
      predictions: [predictions], labels: [labels]
    ) { $0.comparison = Self.versions }
    try scene.read()
    let verdict = try Self.judge(scene).only("versions", 15)
    // Each loses ln 2 and ln 4 on every row: a difference without any spread.
    #expect(verdict.tier == .critical && verdict.pValue == 0)
    let differences = try Self.line(scene).member("differences")
    let accuracy = try differences.member("accuracy")
    #expect(try accuracy.member("champion").double() == Double(right[0]) / 300)
    #expect(try accuracy.member("challenger").double() == Double(right[1]) / 300)
    #expect(try accuracy.member("method").string() == "paired")
    #expect(discordant == (60, 45))
    let difference = try differences.member("log_loss").member("difference").double()
    #expect(abs(difference - 0.6931471805599453) < 1e-12)
  }

  @Test func openWindowsAreComparedToo() throws {
    let scene = try Self.scene(Self.shadow(100) { _ in false })
    try scene.judge(at: Scene.minute(5))
    let open = try scene.ledger.read {
      try OpenWindows(plan: scene.plan).results(ResultQuery(type: .comparison, limit: .max), in: $0)
    }
    #expect(
      Set(open.filter { $0.window == "15m" && $0.end == Scene.minute(15) }.map(\.subject)) == ["performance", "score"])
    #expect(open.allSatisfy { $0.line.contains("\"final\":false") })
  }

  /// Versions that are compared have slices of their own, whatever the cap.
  @Test func comparedVersionsAreNotCapped() throws {
    var log = Self.shadow(60) { _ in false }
    for i in 0..<40 {
      var event = Scene.predictions(1, id: "other\(i)")[0]
      event.version = "\"w\(i)\""
      log.predictions.insert(event, at: 0)
    }
    let scene = try Self.scene(log, checks: []) { $0.maximumSegments = 1 }
    _ = try Self.judge(scene)
    let slices = Set(try scene.lines(.performance).filter { $0.window == "15m" }.map(\.slice))
    #expect(slices.isSuperset(of: ["version=v1", "version=v2", "version=__other__"]))
    #expect(slices.count { $0.hasPrefix("version=") } == 4)
  }
}
