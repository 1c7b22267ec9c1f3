import LeewayCore
import LeewayLedger
import Testing

@testable import LeewayService
@testable import LeewayWeb

/// What the API says of checks: the newest verdicts of each stage, and why there is none.
@Suite struct CheckStandingTests {
  private static let hour = MadeUpService.fraud.windows[0]
  private static let noon = MadeUpService.noon
  private static let matured = noon - .hours(2)

  /// A verdict line of the given members.
  private static func verdict(
    _ check: String, _ tier: Tier, end: EventTime = noon, subject: String = "", slice: String = "all", more: String = ""
  ) -> ResultRecord {
    var record = MadeUpService.verdict(check, hour, end: end, subject: subject, tier)
    record.slice = slice
    record.line = record.line.replacing("\"tier\":", with: "\(more)\"tier\":")
    return record
  }

  private static func checks(_ records: [ResultRecord]) async throws -> [JSONValue] {
    let fresh = MadeUpService(ledger: try SQLiteLedger.temporary())
    try fresh.ledger.write { try $0.put(results: records) }
    let (answers, answer) = AsyncStream<[JSONValue]>.makeStream()
    try await serving(fresh) { client in
      answer.yield(try await client.get("/api/v1/monitors/fraud").json()["checks"]?.elements ?? [])
      answer.finish()
    }
    for await checks in answers { return checks }
    return []
  }

  private static func text(_ value: JSONValue?) -> String { value.map(CanonicalJSON.text) ?? "absent" }

  @Test func aVerdictThatIsNotGivenSaysWhy() async throws {
    let checks = try await Self.checks([
      Self.verdict("input-drift", .ok, subject: "amount"),
      // Of several the one of slice `all` is shown.
      Self.verdict(
        "missing", .insufficientData, subject: "amount", slice: "a=b",
        more: #""why":"no_baseline","why_numbers":{},"#),
      Self.verdict(
        "missing", .insufficientData, subject: "country",
        more: #""why":"rows","why_numbers":{"rows":133,"needed":200},"#),
      Self.verdict("traffic", .warning),
      Self.verdict(
        "auc", .insufficientData, end: Self.matured,
        more: #""why":"coverage","why_numbers":{"coverage":0.6,"needed":0.8},"#),
    ])
    #expect(
      checks.map { Self.text($0["tier"]) } == [
        #""ok""#, #""insufficient_data""#, #""warning""#, #""insufficient_data""#, "null",
      ])
    #expect(checks.map { Self.text($0["why"]) } == ["null", #""rows""#, "null", #""coverage""#, #""labels_due""#])
    #expect(Self.text(checks[1]["why_numbers"]) == #"{"needed":200,"rows":133}"#)
    #expect(Self.text(checks[1]["judged_to"]) == #""2025-03-01T12:00:00.000Z""#)
    #expect(
      Self.text(checks[1]["stages"])
        == #"[{"judged_to":"2025-03-01T12:00:00.000Z","slice":"all","stage":"final","subject":"country","tier":"insufficient_data","unjudged":2,"verdicts":2,"why":"rows","why_numbers":{"needed":200,"rows":133}}]"#
    )
    #expect(Self.text(checks[3]["why_numbers"]) == #"{"coverage":0.6,"needed":0.8}"#)
    #expect(Self.text(checks[3]["judged_to"]) == #""2025-03-01T10:00:00.000Z""#)
  }

  /// The first event came thirty days before noon: the first whole window of seven days ends seven days later, and its labels
  /// are due another two hours and the lateness later.
  @Test func aCheckThatWaitsForLabelsSaysUntilWhen() async throws {
    let checks = try await Self.checks([])
    #expect(checks.map { Self.text($0["tier"]) } == ["null", "null", "null", "null", "null"])
    #expect(checks.map { Self.text($0["stages"]) } == ["[]", "[]", "[]", "[]", "[]"])
    #expect(Self.text(checks[0]["why"]) == "null")
    #expect(Self.text(checks[3]["why_numbers"]) == #"{"due":"2025-01-30T15:10:00.000Z"}"#)
    #expect(Self.text(checks[4]["why_numbers"]) == #"{"due":"2025-02-06T14:10:00.000Z"}"#)
  }

  @Test func theListOfMetricsIsThatOfTheMonitor() async throws {
    try await serving(try .filled()) { client in
      let metrics = try await client.get("/api/v1/monitors/fraud").json()["metrics"]?.elements ?? []
      #expect(
        metrics.map { $0["name"]?.text ?? "" } == LineMetric.all(of: MadeUpService.fraud, estimates: false).map(\.name))
      #expect(
        Self.text(metrics.first { $0["name"]?.text == "missing_ratio" })
          == #"{"description":"Share of rows whose value is missing, null or NaN.","direction":"above","family":"ratio","line":"drift","name":"missing_ratio","path":["metrics","missing_ratio"],"subjects":"any","two_sided":false,"unit":"ratio"}"#
      )
      let prices = try await client.get("/api/v1/monitors/prices").json()["metrics"]?.elements ?? []
      #expect(prices.allSatisfy { $0["line"]?.text == "drift" } && !prices.isEmpty)
    }
  }

  @Test func earlyVerdictsStandUpToWhereTheirLabelsAre() {
    let progress = EvaluationProgress(
      closedThrough: Self.noon, maturedThrough: Self.matured, earlyMaturedThrough: Self.noon - .hours(1))
    #expect(progress.judgedThrough(ofLabels: true, .early) == Self.noon - .hours(1))
    #expect(progress.judgedThrough(ofLabels: true, .final) == Self.matured)
    #expect(progress.judgedThrough(ofLabels: false, .early) == nil)
    #expect(EvaluationProgress(maturedThrough: Self.matured).judgedThrough(ofLabels: true, .early) == nil)
  }

  /// The line that a monitor's window shows is the final one, which stands behind the early one of the same end.
  @Test func aWindowShowsItsFinalPerformance() async throws {
    let final = MadeUpService.performance(Self.hour, end: Self.noon, slice: "all")
    var early = final
    early.stage = .early
    early.line = final.line.replacing("\"predictions\":5100", with: "\"predictions\":1")
    let fresh = MadeUpService(ledger: try SQLiteLedger.temporary())
    try fresh.ledger.write { [early] in try $0.put(results: [early, final]) }
    try await serving(fresh) { client in
      let monitor = try await client.get("/api/v1/monitors/fraud").json()
      #expect(Self.text(monitor["windows"]?.elements.first?["performance"]?["predictions"]) == "5100")
      let lines = try await client.get("/api/v1/results?stage=early").json()["results"]?.elements ?? []
      #expect(lines.map { Self.text($0["predictions"]) } == ["1"])
      let both = try await client.get("/api/v1/results?type=performance").json()["results"]?.elements ?? []
      #expect(both.map { Self.text($0["predictions"]) } == ["1", "5100"])
    }
  }

  /// Early values that are bad are not hidden by an older final `ok`.
  @Test func theWordOfACheckIsTheWorseOfItsStages() {
    func judged(_ stage: Stage, _ tier: Tier, _ end: EventTime) -> CheckStanding.Judged? {
      let line = Self.verdict("auc", tier, end: end, more: "\"stage\":\"\(stage.rawValue)\",")
      return CheckStanding.Judged([line], of: "auc", stage, end)
    }
    let early = judged(.early, .critical, Self.noon)
    let final = judged(.final, .ok, Self.matured)
    let standing = CheckStanding(stages: [early, final].compactMap(\.self))
    #expect(standing.stages.map(\.end) == [Self.noon, Self.matured])
    #expect(standing.tier == .critical)
    // A line of the other stage is not taken for it; one without a stage is final.
    let plain = Self.verdict("auc", .ok)
    #expect(CheckStanding.Judged([plain], of: "auc", .early, Self.noon) == nil)
    #expect(CheckStanding.Judged([plain], of: "auc", .final, Self.noon)?.tier == .ok)
    #expect(CheckStanding().tier == nil)
  }

  /// Two small slices are ok, and all rows together could not be judged: the check is not ok.
  @Test func anOkOfSlicesStandsForThemOnly() {
    func tier(_ all: Tier?, _ slice: Tier) -> Tier? {
      let lines = [all.map { Self.verdict("auc", $0) }, Self.verdict("auc", slice, slice: "a=b")].compactMap(\.self)
      return CheckStanding.Judged(lines, of: "auc", .final, Self.noon)?.tier
    }
    #expect(tier(.insufficientData, .ok) == .insufficientData)
    #expect(tier(.insufficientData, .warning) == .warning)
    #expect(tier(.ok, .insufficientData) == .ok)
    // A check on named slices has no verdict of all rows.
    #expect(tier(nil, .ok) == .ok)
  }

  /// `early` waits for its first days of production while older windows are ok at the horizon: the check is not ok, and says
  /// what it waits for. An older `insufficient_data` takes nothing from a newer word, and no bad word is taken back.
  @Test func anOlderOkDoesNotStandForNewerWindowsThatAreNotJudged() {
    func tier(early: Tier, final: Tier, earlyEnd: EventTime = Self.noon) -> Tier? {
      CheckStanding(stages: [
        .init(stage: .early, end: earlyEnd, tier: early, verdicts: 1, unjudged: early == .insufficientData ? 1 : 0),
        .init(stage: .final, end: Self.matured, tier: final, verdicts: 1, unjudged: final == .insufficientData ? 1 : 0),
      ]).tier
    }
    #expect(tier(early: .insufficientData, final: .ok) == .insufficientData)
    #expect(tier(early: .insufficientData, final: .ok, earlyEnd: Self.matured) == .ok)
    #expect(tier(early: .insufficientData, final: .warning) == .warning)
    #expect(tier(early: .ok, final: .insufficientData) == .ok)
    #expect(tier(early: .insufficientData, final: .insufficientData) == .insufficientData)
  }

  /// Where a change begins, which the page holds values against that are not judged yet.
  @Test func theAPISaysWhereLimitsAre() throws {
    var view = MadeUpService.monitors[0]
    view.monitor.checks = [
      Check(
        name: "auc", on: .performance, metric: .auc, window: "1h",
        limits: [
          TierLimit(.warning, .maximumDrop(.relative(0.05))), TierLimit(.critical, .below(.absolute(0.6))),
        ]),
      Check(
        name: "brier", on: .performance, metric: .brier, window: "1h",
        limits: [TierLimit(.warning, .maximumRise(.absolute(0.02)))], reference: .first(.days(30))),
    ]
    view.baselinePerformance = ["auc": 0.8, "brier": 0.1]
    var json = JSONWriter()
    json.beginObject()
    json.write(MonitorStandings.Standing(), of: view)
    json.endObject()
    let checks = try #require(try JSONValue(parsing: json.bytes)["checks"]?.elements)
    #expect(
      checks.map { $0["limits"]?.elements.map { Self.text($0["threshold"]) } } == [["0.76", "0.6"], ["null"]])
  }

  @Test func theAPISaysWhyNewerWindowsAreNotJudged() async throws {
    let stages = CheckStanding(stages: [
      .init(
        stage: .early, end: Self.noon, tier: .insufficientData, verdicts: 1, unjudged: 1, why: "reference",
        whyNumbers: #"{"days":27,"needed":30}"#),
      .init(stage: .final, end: Self.matured, tier: .ok, verdicts: 1, unjudged: 0),
    ])
    var standing = MonitorStandings.Standing()
    standing.checks["auc"] = stages
    var json = JSONWriter()
    json.beginObject()
    json.write(standing, of: MadeUpService.monitors[0])
    json.endObject()
    let root = try JSONValue(parsing: json.bytes)
    let check = try #require(root["checks"]?.elements.first { $0["check"]?.text == "auc" })
    #expect(
      ["tier", "judged_to", "why", "why_numbers"].map { Self.text(check[$0]) } == [
        #""insufficient_data""#, #""2025-03-01T12:00:00.000Z""#, #""reference""#, #"{"days":27,"needed":30}"#,
      ])
  }
}
