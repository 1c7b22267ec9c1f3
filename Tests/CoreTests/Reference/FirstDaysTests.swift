import LeewayStatistics
import LeewayTestSupport
import Testing

@testable import LeewayCore

/// `reference: first 30d`: what is measured from the first days of production, which are summed once and then stand.
@Suite struct FirstDaysTests {
  private static func check(
    _ metric: Metric, _ limit: Limit, slices: Check.Slices = .all, minimumRows: Int64 = 50,
    first span: TimeSpan? = .minutes(30)
  ) -> Check {
    Check(
      name: "c", on: .named(["amount"]), metric: metric, window: "15m", limits: [TierLimit(.warning, limit)],
      slices: slices, minimumRows: minimumRows, reference: span.map { .first($0) } ?? .baseline)
  }

  /// Amounts of 0 to 9 for an hour, and of 40 to 49 for another half: 100 in each quarter of an hour. In training they were 0 to
  /// 49. In the last half hour every fifth is missing, and so
  /// 40 and 45 are.
  private static let events = (0..<6).flatMap { quarter in
    Scene.predictions(100, from: Int64(quarter) * 15, to: Int64(quarter) * 15 + 15, id: "q\(quarter)-") { i, event in
      event.amount = quarter < 4 ? "\(i % 10)" : i % 5 == 0 ? nil : "\(40 + i % 10)"
      event.version = i % 2 == 0 ? "\"v1\"" : "\"v2\""
    }
  }

  private static func configure(_ monitor: inout Monitor) {
    monitor.windows = [
      WindowDefinition(name: "15m", size: .minutes(15), every: .minutes(15)),
      WindowDefinition(name: "1h", size: .hours(1), every: .minutes(30)),
    ]
  }

  private static func plan(_ checks: [Check], _ change: (inout Monitor) -> Void = { _ in }) throws -> MonitorPlan {
    var monitor = try SampleMonitor.monitor(.binary, checks: checks)
    configure(&monitor)
    change(&monitor)
    return try SampleMonitor.plan(monitor)
  }

  private static func scene(_ checks: [Check], _ events: [PredictionEvent] = events) throws -> Scene {
    let scene = try Scene(plan: plan(checks), predictions: [events])
    try scene.read()
    return scene
  }

  private static func object(_ record: ResultRecord) throws -> JSONReader {
    JSONReader(try JSONValue(parsing: Array(record.line.utf8)))
  }

  /// With their blocks.
  private static func stored(_ ledger: any Ledger) throws -> [ReferenceRecord] {
    try ledger.read { reader in
      let heads = try reader.references(monitor: "m")
      let blocks = try reader.referenceBlocks(monitor: "m", keys: heads.map(\.key))
      return zip(heads, blocks).map { head, block in
        var record = head
        record.block = block
        return record
      }
    }
  }

  // MARK: Judging

  @Test(arguments: [(Metric.psi, 0.2, nil), (.ks, 0.5, 1), (.wasserstein, 20, 40.5), (.jensenShannon, 0.3, nil)])
  func aDistanceIsFromTheFirstDaysOnceTheseAreOver(_ metric: Metric, _ limit: Double, _ last: Double?) throws {
    let scene = try Self.scene([Self.check(metric, .above(.absolute(limit)))])
    let verdicts = try scene.judge(at: Scene.minute(200))
    let first = try verdicts.only("c", 15)
    #expect(first.tier == .insufficientData && first.value == nil && first.reference == "first 30m")
    #expect(first.why == Shortfall(.reference, [("days", .value(15.0 / 1440)), ("needed", .value(30.0 / 1440))]))
    let tiers = try [30, 45, 60, 75, 90].map { try verdicts.only("c", $0).tier }
    #expect(tiers == [.ok, .ok, .ok, .warning, .warning])
    #expect(try verdicts.only("c", 45).value == 0)
    let verdict = try verdicts.only("c", 90)
    #expect(verdict.against == nil)
    if let last { #expect(abs((verdict.value ?? 0) - last) < 1e-9) }

    // The line shows what was judged beside what it shows of the baseline, from which the amounts were always far.
    let line = try Self.object(
      #require(
        try scene.lines(.drift).first {
          $0.end == Scene.minute(90) && $0.slice == "all" && $0.subject == "amount" && $0.window == "15m"
        }))
    let beside = try line.member("references").member("first 30m").members()
    #expect(try beside.first { $0.key == metric.name }?.reader.double() == verdict.value)
    #expect(try line.member("metrics").member(metric.name).double() != verdict.value)
    #expect(!beside.contains { ["mean", "missing_ratio", "outside_ratio"].contains($0.key) })
    let shown = LineMetric.all(of: scene.plan.monitor, estimates: false).filter { $0.path.first == "references" }
    #expect(shown.map(\.name) == ["\(metric.name)_first_30m"])
    #expect(try shown[0].path.reduce(line) { try $0.member($1) }.double() == verdict.value)
    let judged = try #require(try scene.lines(.verdict).last)
    #expect(judged.line.contains(#""reference":"first 30m""#) && judged.line.contains(#""against":null"#))
    for other in try scene.lines(.drift)
    where other.end < Scene.minute(30) || other.subject != "amount" || other.slice != "all" || other.window != "15m" {
      #expect(!other.line.contains("\"references\""), "\(other.line)")
    }
  }

  @Test(arguments: [
    (Limit.maximumRise(.absolute(0.1)), Tier.warning), (.maximumRise(.relative(0.5)), .insufficientData),
  ])
  func aRatioRisesFromThatOfTheFirstDays(_ limit: Limit, _ tier: Tier) throws {
    let scene = try Self.scene([Self.check(.missingRatio, limit)])
    let verdicts = try scene.judge(at: Scene.minute(200))
    #expect(try verdicts.only("c", 15).why?.reason == .reference)
    let last = try verdicts.only("c", 90)
    // None was missing in the first half hour: a percentage of nothing is no limit.
    #expect(last.value == 0.2 && last.tier == tier && last.reference == "first 30m")
    #expect(last.why == (tier == .warning ? nil : Shortfall(.reference)))
    #expect(last.threshold == (tier == .warning ? 0.1 : nil))
  }

  @Test func aLevelRisesFromThatOfTheFirstDays() throws {
    // From the baseline's 24.5 it would have fallen in the first hour.
    let scene = try Self.scene([Self.check(.mean, .maximumRise(.absolute(20)))])
    let verdicts = try scene.judge(at: Scene.minute(200))
    #expect(try verdicts.only("c", 60).value == 4.5 && verdicts.only("c", 60).threshold == 24.5)
    #expect(try verdicts.only("c", 90).tier == .warning)
  }

  @Test func tooFewRowsAreNothingToMeasureFrom() throws {
    let scene = try Self.scene([Self.check(.psi, .above(.absolute(0.2)), minimumRows: 201, first: .minutes(30))])
    let why = try scene.judge(at: Scene.minute(200)).only("c", 60).why
    #expect(why == Shortfall(.reference, [("rows", .count(200)), ("needed", .count(201))]))
  }

  /// A version's first days begin when it comes.
  @Test func everySliceHasFirstDaysOfItsOwn() throws {
    let events = (0..<6).flatMap { quarter in
      Scene.predictions(100, from: Int64(quarter) * 15, to: Int64(quarter) * 15 + 15, id: "q\(quarter)-") { i, event in
        event.version = quarter >= 2 && i % 2 == 0 ? "\"v2\"" : "\"v1\""
      }
    }
    let scene = try Self.scene([Self.check(.psi, .above(.absolute(5)), slices: .each, minimumRows: 10)], events)
    let verdicts = try scene.judge(at: Scene.minute(200))
    for (slice, open) in [("all", [15]), ("version=v1", [15]), ("version=v2", [45])] as [(String, [Int64])] {
      let found = verdicts.filter { $0.slice == slice && $0.why?.reason == .reference }.map(\.end)
      #expect(found == open.map(Scene.minute), "\(slice)")
    }
    let begins = try Self.stored(scene.ledger).map { "\($0.key.slice) \(($0.begins - World.start).description)" }
    #expect(Set(begins) == ["all 0s", "version=v1 0s", "version=v2 30m"])
  }

  // MARK: Freezing

  /// In one round, in many, and with all that has been merged thrown away between.
  @Test func howManyRoundsThereAreChangesNothing() throws {
    let checks = [Self.check(.psi, .above(.absolute(0.2)), slices: .each, minimumRows: 10)]
    let whole = try Self.scene(checks)
    try whole.judge(at: Scene.minute(200))
    let parts = try Self.scene(checks)
    for minute in stride(from: Int64(3), through: 200, by: 7) {
      try parts.judge(at: Scene.minute(minute), maximumWindows: 1)
    }
    try parts.judge(at: Scene.minute(200))
    for type in [ResultType.drift, .verdict] {
      #expect(try whole.lines(type).map(\.line) == parts.lines(type).map(\.line))
    }
    func sums(_ scene: Scene) throws -> [[UInt8]?] { try Self.stored(scene.ledger).map(\.block) }
    #expect(try sums(whole) == sums(parts) && sums(whole).count == 3)
  }

  @Test func whatComesLateOrLaterChangesNoReferenceThatIsFull() throws {
    let scene = try Self.scene([Self.check(.psi, .above(.absolute(0.2)))])
    try scene.judge(at: Scene.minute(60))
    let before = try Self.stored(scene.ledger)
    #expect(before.count == 1 && before[0].isFull)
    // A pane of the first days is found to hold twice as much, and windows over it are judged again.
    let monitor = scene.plan.monitor.name
    let line = try scene.lines(.drift).first { $0.end == Scene.minute(15) && $0.subject == "amount" }
    try scene.ledger.write { tx in
      var rows: [(key: PaneKey, block: [UInt8])] = []
      try tx.panes(
        .drift, monitor: monitor, generation: scene.plan.generation, in: Scene.minute(0)..<Scene.minute(5)
      ) { pane, slice, block in rows.append((PaneKey(pane: pane, slice: slice), block)) }
      try tx.put(.drift, monitor: monitor, generation: scene.plan.generation, writer: "late", blocks: rows)
      try tx.mark(dirty: [(.drift, Scene.minute(0))], monitor: monitor, generation: scene.plan.generation)
    }
    try scene.judge(at: Scene.minute(200))
    #expect(try scene.lines(.drift).first { $0.end == Scene.minute(15) && $0.subject == "amount" }?.line != line?.line)
    #expect(try Self.stored(scene.ledger).map(\.block) == before.map(\.block))
    #expect(try Self.stored(scene.ledger).map(\.ends) == [Scene.minute(30)])
  }

  /// Without the check for a while: what is still stored is taken later, and what is not makes it begin again.
  @Test(arguments: [(Int64(45), Int64(0)), (170, 175)])
  func aPauseIsMadeUpForOrBeginsAgain(_ until: Int64, _ begins: Int64) throws {
    let events = Scene.predictions(2400, to: 240)
    let check = Self.check(.psi, .above(.absolute(5)), first: .minutes(60))
    let scene = try Scene(plan: Self.plan([check]), predictions: [events])
    try scene.read()
    try scene.judge(at: Scene.minute(20))
    let without = try Self.plan([])
    #expect(without.generation == scene.plan.generation)
    _ = try SimulatedInstance.evaluate(
      without, scene.ledger,
      watermarks: Watermarks(predictions: Scene.minute(until + 10), labels: .distantPast))
    try scene.judge(at: Scene.minute(300))
    let record = try #require(try Self.stored(scene.ledger).first)
    #expect(record.begins == Scene.minute(begins) && record.isFull)
    let always = try Scene(plan: scene.plan, predictions: [events.filter { $0.time >= Scene.minute(begins) }])
    try always.read()
    try always.judge(at: Scene.minute(300))
    #expect(try Self.stored(always.ledger).first?.block == record.block)
  }

  @Test func asManyValuesOfASegmentHaveFirstDaysAsThereIsRoomFor() throws {
    let events = (0..<12).flatMap { n in
      Scene.predictions(40, from: Int64(n) * 5, to: Int64(n) * 5 + 5, id: "n\(n)-") { _, event in
        event.version = "\"v\(n)\""
      }
    }
    let check = Self.check(.psi, .above(.absolute(5)), slices: .each, minimumRows: 10, first: .minutes(20))
    let scene = try Scene(
      plan: Self.plan([check]) {
        $0.maximumSegments = 1
        $0.segments = []
        $0.windows[0] = WindowDefinition(name: "15m", size: .minutes(5), every: .minutes(5))
      }, predictions: [events])
    try scene.read()
    let verdicts = try scene.judge(at: Scene.minute(200))
    let slices = try Self.stored(scene.ledger).map(\.key.slice)
    #expect(Set(slices) == Set(["all"] + (0..<10).map { "version=v\($0)" }))
    #expect(
      try verdicts.only("c", 55, slice: "version=v10").why == Shortfall(.reference, [("slices", .count(10))]))
  }

  // MARK: Keys

  @Test func editingAMonitorDoesNotUnlearn() throws {
    let check = Self.check(.psi, .above(.absolute(0.2)), slices: .each)
    func hashes(_ change: (inout Monitor) -> Void) throws -> Set<String> {
      try Self.plan([check], change).references.all
    }
    let before = try hashes { _ in }
    let edits: [(inout Monitor) -> Void] = [
      { $0.threshold = 0.7 }, { $0.lateness = .minutes(10) }, { $0.maximumSegments = 9 },
      { $0.checks[0].name = "other" }, { $0.checks[0].limits = [TierLimit(.info, .above(.absolute(0.1)))] },
      { $0.checks[0].window = "1h" }, { $0.features.removeLast() },
      { $0.windows.append(WindowDefinition(name: "2h", size: .hours(2), every: .hours(1))) },
    ]
    for (i, edit) in edits.enumerated() { #expect(try hashes(edit) == before, "edit \(i)") }
    for (i, edit) in [
      { $0.features[0].field = try! FieldPath("other") }, { $0.features[0].range = 0...100 },
      { $0.checks[0].reference = .first(.minutes(35)) },
    ].enumerated() as EnumeratedSequence<[(inout Monitor) -> Void]> {
      #expect(try hashes(edit).isDisjoint(with: before), "edit \(i)")
    }
    // Other bins are another distribution.
    var monitor = try SampleMonitor.monitor(.binary, checks: [check])
    Self.configure(&monitor)
    let rows = SampleMonitor.trainingRows().map { row in
      var row = row
      row.amount += 0.5
      return row
    }
    let other = try MonitorPlan(monitor: monitor, baseline: SampleMonitor.baseline(monitor, rows: rows))
    #expect(other.references.all.isDisjoint(with: before))
  }

  /// The last panes of the generation before had not closed, and are taken all the same; so are those of one that ended before
  /// any round had judged it.
  @Test(arguments: [[250], [250, 400]])
  func aNewGenerationGoesOnWithWhatWasLearnt(_ read: [Int]) throws {
    let check = Self.check(.psi, .above(.absolute(0.2)), slices: .each, minimumRows: 10, first: .minutes(60))
    let plans = try (0...read.count).map { n in
      try Self.plan([check]) {
        $0.threshold = 0.7 + Double(n) / 10
        // Their panes have other places.
        if n % 2 == 1 { $0.features.reverse() }
      }
    }
    #expect(Set(plans.map(\.generation)).count == plans.count)
    let scene = try Scene(plan: plans[0], predictions: [Array(Self.events.prefix(read[0]))])
    try scene.read()
    try scene.judge(at: Scene.minute(20))
    let name = EvaluationLease.name(monitor: "m")
    var counted = Array(Self.events.prefix(read[0]))
    for (n, plan) in plans.enumerated().dropFirst() {
      let last = n < read.count ? read[n] : Self.events.count
      let logs = [
        MessageLog(
          topic: "predictions", role: .predictions, partitions: [Self.events.prefix(last).map { $0.message() }]),
        MessageLog(topic: "labels", role: .labels, partitions: [[]]),
      ]
      let instance = try SimulatedInstance("b\(n)", plans: [plan], logs: logs, ledger: scene.ledger)
      let startsAt = try #require(try scene.ledger.read { try $0.generation(of: "m") }).startsAt
      #expect(startsAt == Scene.minute(n == 1 ? 40 : 60))
      // What comes for panes of the one before after it has ended counts in neither.
      counted += Self.events[read[n - 1]..<last].filter { $0.time >= startsAt }
      // Nothing of it goes before it has been taken.
      let epoch = try #require(
        try scene.ledger.write { try $0.acquire(lease: name, holder: "evaluator", lasting: .days(36_500)) })
      for _ in 0..<3 {
        _ = try Reclaim(plan: plan, results: .days(9), deliveries: .days(9)).step(
          scene.ledger, lease: EvaluationLease(name: name, epoch: epoch), now: Scene.minute(0))
      }
      try instance.claimAll()
      instance.readAll()
      try instance.flush()
    }
    _ = try SimulatedInstance.evaluate(
      plans[read.count], scene.ledger, watermarks: Watermarks(predictions: Scene.minute(200), labels: .distantPast))
    let found = try Self.stored(scene.ledger)

    // As if there had been one generation.
    let always = try Scene(plan: plans[0], predictions: [counted])
    try always.read()
    try always.judge(at: Scene.minute(200))
    let wanted = try Self.stored(always.ledger)
    #expect(found.map(\.key) == wanted.map(\.key) && found.map(\.block) == wanted.map(\.block))
    #expect(found.map(\.ends) == wanted.map(\.ends) && found.allSatisfy(\.isFull))
    // Now they may go.
    #expect(try scene.ledger.read { try ReferenceSource.stored(monitor: "m", in: $0) }.count == 1)
  }

  /// What checks ask for stays however old it is; what they have long ceased to ask for goes.
  @Test func whatNobodyAsksForIsReclaimed() throws {
    let events = Scene.predictions(720, to: 5 * 1440)
    let check = Self.check(.psi, .above(.absolute(5)), first: .minutes(60))
    let scene = try Scene(plan: Self.plan([check]), predictions: [events])
    try scene.read()
    try scene.judge(at: Scene.minute(100))
    let name = EvaluationLease.name(monitor: "m")
    func reclaim(_ plan: MonitorPlan) throws {
      let epoch = try #require(
        try scene.ledger.write { try $0.acquire(lease: name, holder: "evaluator", lasting: .days(36_500)) })
      _ = try Reclaim(plan: plan, results: .days(2), deliveries: .days(9)).step(
        scene.ledger, lease: EvaluationLease(name: name, epoch: epoch), now: Scene.minute(0))
    }
    try scene.judge(at: Scene.minute(4 * 1440))
    try reclaim(scene.plan)
    let kept = try Self.stored(scene.ledger)
    #expect(kept.count == 1 && kept[0].ends == Scene.minute(60))
    let without = try Self.plan([])
    for (day, count) in [(5, 1), (8, 0)] as [(Int64, Int)] {
      _ = try SimulatedInstance.evaluate(
        without, scene.ledger, watermarks: Watermarks(predictions: Scene.minute(day * 1440), labels: .distantPast))
      try reclaim(without)
      #expect(try Self.stored(scene.ledger).count == count, "day \(day)")
    }
  }

  @Test func placesAreReadAsTheyWereStored() throws {
    let plan = try Self.plan([Self.check(.psi, .above(.absolute(0.2)), slices: .each)])
    let other = try Self.plan([Self.check(.psi, .above(.absolute(0.2)), slices: .each)]) { $0.features.reverse() }
    let sources = ReferenceSource.list(plan) + ReferenceSource.list(other)
    #expect(sources.count == 2 && sources.allSatisfy { $0.places.count == 4 })
    let bytes = ReferenceSource.encoded(sources)
    #expect(try ReferenceSource.decoded(bytes) == sources)
    #expect(try ReferenceSource.decoded(ReferenceSource.encoded([])) == [])
    for count in 0..<bytes.count {
      #expect(throws: CellBlockDamaged.self) { try ReferenceSource.decoded(Array(bytes.prefix(count))) }
    }
  }

  // MARK: Performance

  /// A reference of performance is of its stage and its slice, and is not changed by what matures later.
  @Test func performanceOfTheFirstDaysIsKeptByStage() throws {
    let check = Check(
      name: "c", on: .performance, metric: .accuracy, window: "15m",
      limits: [TierLimit(.warning, .maximumDrop(.absolute(0.25)))], minimumRows: 10, certain: false,
      minimumPositives: 0,
      minimumNegatives: 0, reference: .first(.minutes(30)))
    let events = Self.events.map { event in
      var event = event
      event.output = "0.9"
      return event
    }
    // Early nine in ten are right; later half of them turn out to be wrong. After an hour all is wrong early.
    let labels = events.enumerated().flatMap { i, event in
      [
        LabelEvent(id: event.id!, time: event.time + .minutes(1), value: i % 10 == 0 || i >= 400 ? "0" : "1"),
        LabelEvent(id: event.id!, time: event.time + .minutes(30), value: i % 2 == 0 ? "0" : "1"),
      ]
    }.sorted { $0.time < $1.time }
    let plan = try Self.plan([check]) { $0.labels?.early = .minutes(10) }
    let scene = try Scene(plan: plan, predictions: [events], labels: [labels])
    try scene.read()
    let verdicts = try scene.judge(at: Scene.minute(300), labels: Scene.minute(300))
    func found(_ stage: Stage) -> [String] {
      verdicts.filter { $0.stage == stage }
        .map { "\($0.value ?? -1) \($0.threshold ?? -1) \($0.tier.name) \($0.reference ?? "")" }
    }
    let open = "-1.0 insufficient_data first 30m"
    #expect(
      found(.early)
        == ["0.9 \(open)"] + Array(repeating: "0.9 0.65 ok first 30m", count: 3)
        + Array(repeating: "0.0 0.65 warning first 30m", count: 2))
    #expect(found(.final) == ["0.5 \(open)"] + Array(repeating: "0.5 0.25 ok first 30m", count: 5))
    #expect(try Self.stored(scene.ledger).count == 2)
  }
}
