import LeewayStatistics
import LeewayTestSupport
import Testing

@testable import LeewayCore

/// Lines show what checks judge: each slice beside its own part of the baseline where there is one.
@Suite struct SliceBaselineTests {
  /// On the web the training amounts were small, in the app great; only the web has a thousand rows.
  static let rows = SampleMonitor.trainingRows(2000).map { row in
    var row = row
    row.amount = row.channel == "web" ? row.amount / 5 : row.amount + 100
    return row
  }

  static func events(_ count: Int = 600) -> [PredictionEvent] {
    Scene.predictions(count) { i, event in
      let channel = ["web", "app", "fax"][i % 3]
      event.channel = "\"\(channel)\""
      event.amount = channel == "web" ? "\(Double(i % 50) / 5)" : "\(i % 50 + 100)"
    }
  }

  private static func check(_ name: String, _ metric: Metric, _ limit: Limit, on: Check.Subjects) -> Check {
    Check(
      name: name, on: on, metric: metric, window: "15m", limits: [TierLimit(.warning, limit)], slices: .each,
      minimumRows: 50, partial: true)
  }

  static func scene(_ checks: [Check], labels: [LabelEvent] = []) throws -> Scene {
    let scene = try Scene(checks: checks, predictions: [events()], labels: [labels], trained: rows)
    try scene.read()
    return scene
  }

  private static func object(_ record: ResultRecord) throws -> JSONReader {
    JSONReader(try JSONValue(parsing: Array(record.line.utf8)))
  }

  /// Every verdict's value is the one that the line of its window shows under the same name.
  @Test(arguments: [Metric.psi, .ks, .wasserstein, .jensenShannon, .missingRatio, .mean])
  func aVerdictSaysWhatItsLineSays(_ metric: Metric) throws {
    let scene = try Self.scene([Self.check("drift", metric, .above(.absolute(0.3)), on: .named(["amount"]))])
    try scene.judge(at: Scene.minute(60))
    let lines = try scene.lines(.drift)
    let verdicts = try scene.lines(.verdict).filter { $0.check == "drift" }
    #expect(Set(verdicts.map(\.slice)) == ["all", "channel=web", "channel=app", "version=v1"])
    for verdict in verdicts {
      let line = try #require(
        lines.first {
          $0.window == verdict.window && $0.end == verdict.end && $0.slice == verdict.slice && $0.subject == "amount"
        })
      let shown = try Self.object(line)
      let judged = try Self.object(verdict)
      #expect(
        try judged.member("value").double() == shown.member("metrics").member(metric.name).double(),
        "\(verdict.line)")
      let against = try shown.member("against").string()
      #expect(against == (verdict.slice == "channel=web" ? "slice" : "all"), "\(line.line)")
      if metric.family == .distance { #expect(try judged.member("against").string() == against) }
    }
  }

  @Test func aSliceWithoutItsOwnPartIsShownAndNotJudged() throws {
    let scene = try Self.scene([
      Self.check("features", .psi, .above(.absolute(0.2)), on: .named(["amount"])),
      Self.check("score", .ks, .above(.absolute(0.3)), on: .output),
      Self.check("missing", .missingRatio, .above(.absolute(0.3)), on: .named(["amount"])),
      Self.check("more-missing", .missingRatio, .maximumRise(.absolute(0.1)), on: .named(["amount"])),
      Self.check("level", .mean, .above(.absolute(1000)), on: .named(["amount"])),
      Self.check("rise", .mean, .maximumRise(.absolute(10)), on: .named(["amount"])),
    ])
    let verdicts = try scene.judge(at: Scene.minute(60))
    func found(_ check: String) throws -> [String] {
      try ["all", "channel=app", "channel=web", "version=v1"].map { slice in
        let verdict = try verdicts.only(check, 15, slice: slice)
        #expect((verdict.tier == .insufficientData) == (verdict.why != nil))
        return "\(slice): \(verdict.why?.reason.rawValue ?? verdict.tier.name)"
      }
    }
    // The features of a version are held against the whole, its score is not.
    #expect(
      try found("features") == ["all: warning", "channel=app: no_baseline", "channel=web: ok", "version=v1: warning"])
    #expect(
      try found("score") == ["all: ok", "channel=app: no_baseline", "channel=web: ok", "version=v1: no_baseline"])
    // What needs no baseline is judged everywhere.
    let ok = ["all: ok", "channel=app: ok", "channel=web: ok", "version=v1: ok"]
    #expect(try found("missing") == ok)
    #expect(try found("level") == ok)
    #expect(try found("more-missing") == ["all: ok", "channel=app: no_baseline", "channel=web: ok", "version=v1: ok"])
    #expect(try found("rise").first == "all: warning")
    // What is left over has a line and no verdict.
    #expect(
      try scene.lines(.drift).contains { $0.slice == "channel=__other__" && $0.line.contains(#""against":"all""#) })
    #expect(verdicts.allSatisfy { !$0.slice.hasSuffix("__other__") })
  }

  @Test func theSegmentsOwnFeatureHasNoLine() throws {
    let scene = try Scene(predictions: [Scene.predictions(300)]) { monitor in
      monitor.segments = [Segment(name: "country", field: monitor.features[1].field)]
    }
    try scene.read()
    try scene.judge(at: Scene.minute(60))
    let subjects = Dictionary(grouping: try scene.lines(.drift), by: \.slice).mapValues { Set($0.map(\.subject)) }
    #expect(subjects["all"] == ["amount", "country", "score"])
    #expect(subjects["country=DE"] == ["amount", "score"] && subjects["version=v1"] == ["amount", "country", "score"])
  }

  // MARK: Changes of ratios

  /// A tenth of the training amounts was missing: a limit of 5 % would always fire, a limit on the change does not.
  @Test(arguments: [(60, Tier.ok), (90, .ok), (180, .warning), (300, .critical)])
  func aRatioRisesFromTheBaselinesOwn(_ missing: Int, _ tier: Tier) throws {
    let check = Check(
      name: "missing", on: .named(["amount"]), metric: .missingRatio, window: "15m",
      limits: [
        TierLimit(.warning, .maximumRise(.relative(1))), TierLimit(.critical, .maximumRise(.absolute(0.3))),
      ], partial: true)
    var monitor = try SampleMonitor.monitor(.binary, checks: [check])
    monitor.predictions.version = nil
    var baseline = SampleMonitor.baseline(monitor)
    baseline.subjects[0].cells.missing = baseline.rows / 9
    baseline.identity = baseline.contentIdentity()
    let scene = try Scene(
      plan: MonitorPlan(monitor: monitor, baseline: baseline),
      predictions: [Scene.predictions(600) { i, event in if i < missing { event.amount = nil } }])
    try scene.read()
    let verdict = try scene.judge(at: Scene.minute(60)).only("missing", 15)
    #expect(verdict.tier == tier && verdict.against == .all, "\(verdict)")
    let share = Double(baseline.rows / 9) / Double(baseline.rows + baseline.rows / 9)
    #expect(verdict.threshold == (tier == .critical ? share + 0.3 : 2 * share))
  }

  @Test func aShareOfNothingIsNoLimit() throws {
    let scene = try Self.scene([
      Self.check("missing", .missingRatio, .maximumRise(.relative(0.5)), on: .named(["amount"]))
    ])
    let verdict = try scene.judge(at: Scene.minute(60)).only("missing", 15)
    #expect(verdict.tier == .insufficientData && verdict.why == Shortfall(.noBaseline))
  }

  // MARK: Performance

  @Test func aDropIsMeasuredFromTheSlicesOwnPerformance() throws {
    let check = Check(
      name: "accuracy", on: .performance, metric: .accuracy, window: "15m",
      limits: [TierLimit(.warning, .maximumDrop(.absolute(0.1)))], slices: .each, minimumRows: 50, partial: true,
      certain: false, minimumPositives: 0, minimumNegatives: 0)
    var monitor = try SampleMonitor.monitor(.binary, checks: [check])
    monitor.labels?.minimumCoverage = 0
    var baseline = SampleMonitor.baseline(monitor)
    baseline.performance = PerformanceBaseline(labelled: 2000, inSample: true, metrics: ["accuracy": 0.8])
    let web = try #require(baseline.slices.firstIndex { $0.slice == "channel=web" })
    baseline.slices[web].performance = PerformanceBaseline(labelled: 1200, inSample: true, metrics: ["accuracy": 0.95])
    baseline.identity = baseline.contentIdentity()
    let read = try Baseline(decoding: baseline.encoded())
    #expect(read == baseline)
    // Three quarters are right everywhere.
    let events = Scene.predictions(600) { i, event in
      event.channel = i % 2 == 0 ? "\"web\"" : "\"app\""
      event.output = "0.9"
    }
    let labels = events.enumerated().map { i, event in
      LabelEvent(id: event.id ?? "", time: event.time + .minutes(1), value: i / 2 % 4 == 0 ? "0" : "1")
    }
    let scene = try Scene(
      plan: MonitorPlan(monitor: monitor, baseline: read), predictions: [events], labels: [labels])
    try scene.read()
    let verdicts = try scene.judge(at: Scene.minute(200), labels: Scene.minute(200))
    let found = try ["all", "channel=web", "channel=app"].map { try verdicts.only("accuracy", 15, slice: $0) }
    #expect(found.map(\.value) == [0.75, 0.75, 0.75])
    #expect(found.map(\.against) == [.all, .slice, .all])
    #expect(found.map(\.tier) == [.ok, .warning, .ok])
    let thresholds = found.map { $0.threshold ?? 0 }
    #expect(zip(thresholds, [0.7, 0.85, 0.7]).allSatisfy { abs($0 - $1) < 1e-12 })
  }

  // MARK: Why nothing is known

  @Test func insufficientDataSaysWhy() throws {
    func why(
      _ count: Int = 600, labelled: Int = 600, end: Int64 = 15, _ change: (inout Check) -> Void = { _ in }
    ) throws -> Shortfall? {
      var check = Check(
        name: "auc", on: .performance, metric: .auc, window: "15m", limits: [Check.below(0.1)], minimumRows: 100,
        partial: true)
      change(&check)
      let events = Scene.predictions(count)
      let labels = events.prefix(labelled).enumerated().map { i, event in
        LabelEvent(id: event.id ?? "", time: event.time + .minutes(1), value: i % 10 == 0 ? "1" : "0")
      }
      let scene = try Scene(checks: [check], predictions: [events], labels: [labels])
      try scene.read()
      let verdict = try scene.judge(at: Scene.minute(200), labels: Scene.minute(200)).only("auc", end)
      let line = try #require(try scene.lines(.verdict).first { $0.end == verdict.end }?.line)
      #expect(line.contains("\"why\"") == (verdict.why != nil))
      return verdict.why
    }
    #expect(try why() == nil)
    #expect(try why(90) == Shortfall(.rows, [("rows", .count(90)), ("needed", .count(100))]))
    #expect(
      try why(600, labelled: 240) == Shortfall(.coverage, [("coverage", .value(0.4)), ("needed", .value(0.5))]))
    #expect(try why(280) == Shortfall(.rows, [("positives", .count(28)), ("needed", .count(30))]))
    #expect(
      try why(end: 10) { $0.partial = false }
        == Shortfall(.generation, [("start", .time(Scene.minute(-5))), ("begins", .time(Scene.minute(0)))]))
    #expect(try why { $0.limits = [TierLimit(.warning, .maximumDrop(.relative(0.1)))] } == Shortfall(.noBaseline))
    #expect(
      try why {
        $0.limits = [TierLimit(.warning, .maximumDrop(.relative(0.1)))]
        $0.reference = .first(.days(30))
      } == Shortfall(.reference, [("days", .value(15.0 / 1440)), ("needed", .value(30))]))
  }
}
