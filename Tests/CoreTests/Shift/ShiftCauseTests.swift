import LeewayStatistics
import LeewayTestSupport
import Testing

@testable import LeewayCore

/// Faults of a feed that have a name, and changes of a population that have none.
@Suite struct ShiftCauseTests {
  /// Amounts as they are paid: log-normal, a median of 40, two decimals.
  private static func amounts(_ count: Int, seed: UInt64, median: Double = 40, deviation: Double = 0.6) -> [Double] {
    var random = SeededGenerator(seed: seed)
    return (0..<count).map { _ in
      let normal = (0..<12).reduce(-6.0) { sum, _ in sum + Double.random(in: 0..<1, using: &random) }
      return (median * ShiftValues.amount(of: deviation * normal) * 100).rounded() / 100
    }
  }

  private static let training = amounts(20_000, seed: 1)

  private static let domain: NumericDomain = {
    let mean = training.reduce(0, +) / Double(training.count)
    let variance = training.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(training.count)
    return NumericDomain(
      binning: .fit(sorted: training.sorted()),
      fixedPoint: FixedPoint(origin: training.sorted()[training.count / 2], standardDeviation: variance.squareRoot()))
  }()

  private static func cells(_ values: [Double]) -> SubjectCells {
    let layout = DriftLayout(subjects: [("amount", .numeric(domain))])
    let columns = DriftColumns(layout: layout, categories: [nil], ranges: [nil], capacity: values.count)
    for value in values {
      columns.setNumber(0, value)
      columns.commitRow()
    }
    var block = CellBlock(layout.shape)
    let rows = (0..<Int32(values.count)).map(\.self)
    rows.withUnsafeBufferPointer { columns.add(rows: $0, to: &block) }
    return layout.cells(of: layout.subjects[0], in: block)
  }

  private static let before = cells(training)

  private func cause(_ values: [Double]) -> ShiftCause? {
    ShiftCauseSearch(domain: .numeric(Self.domain), baseline: Self.before, hour: Self.cells(values)).ofValues()
  }

  @Test(
    arguments: [
      (1000.0, 0.0), (100, 0), (0.01, 0), (0.001, 0), (60, 0), (1 / 60.0, 0), (10, 0), (12, 0), (7, 0), (1e6, 0),
      (1e-9, 0), (3600, 0), (1.8, 32), (1, 273.15), (-1, 0),
    ] as [(Double, Double)])
  func aConversionIsFound(_ factor: Double, _ offset: Double) throws {
    for seed: UInt64 in 2...9 {
      let hour = Self.amounts(1000, seed: seed).map { $0 * factor + offset }
      guard case .unit(let found, let shift)? = cause(hour) else {
        Issue.record("× \(factor) + \(offset), seed \(seed): \(String(describing: cause(hour)))")
        continue
      }
      #expect(abs(found / factor - 1) < 1e-9 && abs(shift - offset) < 1e-9, "× \(factor), seed \(seed): × \(found)")
    }
  }

  /// What is another population, or the same, is called nothing.
  @Test(arguments: [
    (40.0, 0.6), (44, 0.6), (52, 0.6), (60, 0.6), (80, 0.6), (120, 0.6), (40, 0.9), (40, 0.3), (25, 0.7), (70, 0.4),
  ])
  func anotherPopulationHasNoName(_ median: Double, _ deviation: Double) {
    for seed: UInt64 in 2...11 {
      for rows in [25, 60, 250, 1000] {
        let found = cause(Self.amounts(rows, seed: seed, median: median, deviation: deviation))
        #expect(found == nil, "median \(median), deviation \(deviation), \(rows) rows, seed \(seed)")
      }
    }
  }

  @Test func aDefaultIsFoundWithItsShares() throws {
    for (value, text) in [
      (0.0, "0"), (-1, "-1"), (-999, "-999"), (99_999, "99999"), (Self.domain.binning.knots[500], nil),
    ]
      as [(Double, String?)]
    {
      let hour = Self.amounts(1000, seed: 7).enumerated().map { i, x in i % 10 < 3 ? value : x }
      guard case .fill(let found, let was, let now)? = cause(hour) else {
        Issue.record("\(value): \(String(describing: cause(hour)))")
        continue
      }
      #expect(found == text ?? ShortestText.of(value))
      #expect(was < 0.005 && abs(now - 0.3) < 0.005, "\(value): \(was) to \(now)")
    }
    // Where the others changed as well, it is not the whole story.
    let both = Self.amounts(1000, seed: 7, median: 90).enumerated().map { i, x in i % 10 < 3 ? 0 : x }
    #expect(cause(both) == nil)
  }

  // MARK: Categories

  private static let countries = ["DE", "FR", "US", "IT", "unknown", "NL"]
  private static let shares: [Int64] = [4000, 2500, 1500, 1500, 50, 450]

  private func cause(_ counts: [Int64], unseen: Int64) -> ShiftCause? {
    ShiftCauseSearch(
      domain: .categorical(CategoricalDomain(categories: Self.countries)),
      baseline: SubjectCells(counts: Self.shares + [0, 0]), hour: SubjectCells(counts: counts + [0, unseen])
    ).ofValues()
  }

  @Test func aRenamedCategoryIsFound() {
    #expect(
      cause([400, 250, 0, 150, 5, 45], unseen: 150)
        == .renamed(from: ["US"], count: 1, to: nil, share: 0.15))
    // All of them, as when their case has changed.
    #expect(
      cause([0, 0, 0, 0, 0, 0], unseen: 1000)
        == .renamed(from: ["DE", "FR", "US"], count: 5, to: nil, share: 0.995))
    #expect(
      cause([0, 250, 150, 150, 405, 45], unseen: 0)
        == .renamed(from: ["DE"], count: 1, to: "unknown", share: 0.4))
    // One is gone, and the others share its rows: the world has changed.
    #expect(cause([470, 295, 0, 176, 6, 53], unseen: 0) == nil)
    // It has only become rarer.
    #expect(cause([400, 250, 100, 150, 5, 45], unseen: 50) == nil)
    #expect(cause([400, 250, 150, 150, 5, 45], unseen: 0) == nil)
  }

  @Test func aPlaceholderThatTookTheShareOfAllIsADefault() {
    #expect(
      cause([280, 175, 105, 105, 304, 31], unseen: 0) == .fill(value: "unknown", was: 0.005, now: 0.304))
    // A country that does so is a campaign.
    #expect(cause([280, 175, 105, 105, 4, 331], unseen: 0) == nil)
  }

  @Test func aFeedWithoutValuesIsLost() {
    func cause(missing: Int64) -> ShiftCause? {
      ShiftCauseSearch(
        domain: .categorical(CategoricalDomain(categories: Self.countries)),
        baseline: SubjectCells(counts: Self.shares + [0, 0], missing: 100),
        hour: SubjectCells(counts: [100 - missing, 0, 0, 0, 0, 0, 0, 0], missing: missing)
      ).ofFeed()
    }
    #expect(cause(missing: 100) == .lost(was: 100 / 10_100, now: 1))
    #expect(cause(missing: 94) == nil)
  }

  @Test func everyNameReadsBackAsItWasWritten() throws {
    for cause in [
      .unit(factor: 1 / 60, offset: 0), .unit(factor: 1.8, offset: 32), .fill(value: "é\"", was: 0.001, now: 0.31),
      .lost(was: 0, now: 1), .renamed(from: ["a", "b"], count: 7, to: nil, share: 0.2),
      .renamed(from: ["a"], count: 1, to: "A", share: 0.2),
    ] as [ShiftCause] {
      var w = JSONWriter()
      cause.write(to: &w)
      #expect(try ShiftCause(JSONReader(try JSONValue(parsing: w.bytes))) == cause)
    }
  }

  // MARK: What becomes of it

  private static let alerts: [Tier: [String]] = [.warning: ["chat"], .critical: ["chat"]]

  private func incidents(_ scene: Scene) throws -> [IncidentRecord] {
    try scene.ledger.read { try $0.incidents(IncidentQuery(limit: 10)) }
  }

  /// A unit that changed is a matter of the feed from its first hour to its last, and never of drift.
  @Test func aUnitThatChangedIsAnIncidentOfTheData() throws {
    let plan = try ShiftScene.plan([ShiftScene.check(.named(["amount"]))]) { $0.alerts = Self.alerts }
    let scene = try Scene(
      plan: plan,
      predictions: [
        ShiftScene.predictions(0..<110) { hour, event in
          if (30..<50).contains(hour) { event.amount = event.amount.map { $0 + "0" } }
        }
      ])
    try scene.read()
    let verdicts = try scene.judge(at: Scene.minute(40 * 60 + 5), context: DecisionContext(receivers: ["chat"]))
    let named = verdicts.filter { $0.tier == .critical }
    #expect(!named.isEmpty && named.allSatisfy { $0.shift?.cause == .unit(factor: 10, offset: 0) }, "\(named)")
    let open = try incidents(scene)
    #expect(open.map(\.group) == [.dataQuality] && open.map(\.state) == [.open])
    #expect(open[0].openedAt == Scene.minute(31 * 60))
    let messages = try scene.ledger.read { try $0.deliveries(incident: nil, limit: 10) }
    let likeness = #""looks_like":{"kind":"unit","factor":10.0,"offset":0.0}"#
    #expect(messages.contains { $0.body.contains(likeness) })
    #expect(messages.allSatisfy { $0.body.contains(#""reason":"data""#) })
    let line = try #require(try scene.lines(.verdict).first { $0.line.contains("looks_like") }?.line)
    #expect(line.contains(#""group":"data""#))
    try scene.judge(at: Scene.minute(110 * 60 + 5), context: DecisionContext(receivers: ["chat"]))
    let after = try incidents(scene)
    #expect(after.map(\.group) == [.dataQuality] && after.map(\.state) == [.resolved])
  }

  /// Half of its first hour was as before, so that the shift had no name: as soon as it has one, drift lets it go.
  @Test func whatGetsItsNameLaterMovesToTheData() throws {
    let plan = try ShiftScene.plan([ShiftScene.check(.named(["amount"]))]) { $0.alerts = Self.alerts }
    let change = Scene.minute(30 * 60 + 30)
    let scene = try Scene(
      plan: plan,
      predictions: [
        ShiftScene.predictions(0..<60) { _, event in
          if event.time >= change { event.amount = event.amount.map { $0 + "0" } }
        }
      ])
    try scene.read()
    try scene.judge(at: Scene.minute(60 * 60 + 5))
    let found = try incidents(scene).sorted { $0.group.rawValue < $1.group.rawValue }
    #expect(found.map(\.group) == [.dataQuality, .drift])
    #expect(found.map(\.state) == [.open, .resolved])
    // The feed, whose share of values outside moved in that first hour, is of the data anyway.
    #expect(found[1].openedAt == Scene.minute(31 * 60) && found[1].resolvedAt == Scene.minute(32 * 60))
  }
}
