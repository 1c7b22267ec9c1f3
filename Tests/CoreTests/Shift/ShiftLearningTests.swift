import LeewayStatistics
import LeewayTestSupport
import Testing

@testable import LeewayCore

/// Nulls that are learned from production, where the baseline has no times.
@Suite struct ShiftLearningTests {
  private static let alerts: [Tier: [String]] = [.warning: ["chat"], .critical: ["chat"]]

  private func plan(
    _ checks: [Check] = [ShiftScene.check(.named(["amount"]))], configure: (inout Monitor) -> Void = { _ in }
  ) throws -> MonitorPlan {
    try ShiftScene.plan(checks, learns: true) {
      $0.alerts = Self.alerts
      configure(&$0)
    }
  }

  /// The upper half of the amounts from an hour on.
  private static func risen(from first: Int) -> (Int, inout PredictionEvent) -> Void {
    { hour, event in
      if hour >= first, let amount = event.amount.flatMap({ Int($0) }) { event.amount = "\(25 + amount / 2)" }
    }
  }

  private func judged(
    _ plan: MonitorPlan, hours: Int, _ change: (Int, inout PredictionEvent) -> Void = { _, _ in }
  ) throws -> (verdicts: [Verdict], scene: Scene) {
    let scene = try Scene(plan: plan, predictions: [ShiftScene.predictions(0..<hours, change)])
    try scene.read()
    return (try scene.judge(at: Scene.minute(Int64(hours) * 60 + 5)).filter { $0.metric == .shift }, scene)
  }

  private func hour(_ verdict: Verdict) -> Int { Int((verdict.end - World.start).seconds / 3600) }

  @Test func itSaysOnceADayHowFarItHasCome() throws {
    let plan = try plan()
    #expect(plan.shift(.subjects)?.units.isEmpty == true && plan.shift(.subjects)?.learners.map(\.slice) == ["all"])
    let found = try judged(plan, hours: 100).verdicts
    let start = Int(World.start.milliseconds / 3_600_000)
    #expect(found.map(hour) == [1] + (1..<100).filter { ($0 + start) % 24 == 0 }.map { $0 + 1 })
    #expect(found.allSatisfy { $0.tier == .insufficientData && $0.subject == "amount" && $0.value == nil })
    for verdict in found {
      let count = Int64(hour(verdict) - 1)
      #expect(verdict.why == Shortfall(.learning, [("hours", .count(count)), ("needed", .count(168))]))
    }
  }

  /// After seven days it judges, and says by which null.
  @Test func aShiftIsFoundByTheNullOfSevenDays() throws {
    let (found, scene) = try judged(try plan(), hours: 190, Self.risen(from: 175))
    let judging = found.filter { $0.tier != .insufficientData }
    #expect(judging.map(hour).min() ?? 0 > 168)
    let alarm = try #require(judging.first { $0.tier == .critical })
    #expect(alarm.shift?.null == "fixed")
    #expect(alarm.shift?.stream.kind == .location || alarm.shift?.stream.kind == .spread)
    #expect(alarm.shift?.since == Scene.minute(175 * 60))
    #expect((176...178).contains(hour(alarm)), "\(hour(alarm))")
    let incidents = try scene.ledger.read { try $0.incidents(IncidentQuery(limit: 10)) }
    #expect(incidents.map(\.group) == [.drift])
  }

  /// In steps of any size, by whoever: lines, verdicts and all that is kept are the same, also in the hour of the fit.
  @Test func roundsOfAnySizeComeToTheSame() throws {
    let plan = try plan([
      ShiftScene.check(.features(except: [])),
      ShiftScene.check(.output, name: "score-moved", budgets: [ShiftBudget(.info, 2, per: .day)]),
    ])
    // Without a night, in which nothing comes.
    let predictions = ShiftScene.predictions(0..<200, Self.risen(from: 180)).filter { event in
      !(40..<44).contains((event.time - World.start).milliseconds / 3_600_000)
    }
    let learner = try #require(plan.shift(.subjects)?.learners.first)
    let start = Int(World.start.milliseconds / 3_600_000)
    let keys = [learner.key] + (start / 24...start / 24 + 9).map(learner.key(ofDay:))
    var wanted: (lines: [String], states: [[UInt8]?])?
    for steps in [
      [200 * 60 + 5], [61, 3000, 10_079, 10_080, 10_150, 12_005],
      Array(stride(from: 97, to: 12_005, by: 97)) + [12_005],
    ] {
      let scene = try Scene(plan: plan, predictions: [predictions])
      try scene.read()
      for step in steps { try scene.judge(at: Scene.minute(Int64(step))) }
      let lines = try scene.ledger.read { try $0.results(ResultQuery(limit: .max)) }
        .filter { $0.type == .shift || $0.type == .incident || ($0.type == .verdict && $0.check.hasSuffix("moved")) }
        .map(\.line)
      let states = try scene.ledger.read { try $0.shiftStates(monitor: "m", keys: keys) }
      #expect(lines.count > 20 && states.count { $0 != nil } > 8)
      if let wanted {
        #expect(lines == wanted.lines, "\(steps.count) steps")
        #expect(states == wanted.states, "\(steps.count) steps")
      } else {
        wanted = (lines, states)
      }
    }
  }

  /// What no traffic does is told of before there is a null, and ends a day after it has ended.
  @Test func aLostFeedNeedsNoNull() throws {
    let (found, scene) = try judged(try plan(), hours: 80) { hour, event in
      if (30..<40).contains(hour) { event.amount = nil }
    }
    let feed = found.filter { $0.shift != nil }
    #expect(feed.first.map(hour) == 33 && feed.last.map(hour) == 64, "\(feed.map(hour))")
    let alarm = try #require(feed.first)
    #expect(alarm.tier == .critical && alarm.shift?.null == "iid" && alarm.shift?.stream.kind == .missing)
    #expect(alarm.shift?.since == Scene.minute(30 * 60))
    #expect(feed.last?.tier == .ok)
    let incidents = try scene.ledger.read { try $0.incidents(IncidentQuery(limit: 10)) }
    #expect(incidents.map(\.group) == [.dataQuality] && incidents.map(\.state) == [.resolved])
    let lines = try scene.lines(.shift)
    #expect(
      lines.count == 1 && lines[0].line.contains(#""null":"iid""#) && lines[0].line.contains(#""alarm":"critical""#))
  }

  /// Days that are excluded teach nothing, so that the null comes as much later.
  @Test func excludedDaysDoNotCount() throws {
    let first = Int(World.start.milliseconds / 86_400_000)
    let found = try judged(try plan { $0.excluded = [first + 2...first + 2] }, hours: 225).verdicts
    let judging = try #require(found.first { $0.tier != .insufficientData })
    #expect(hour(judging) > 168 + 24)
  }

  /// Too few rows an hour keep no budget: nothing is fitted, and the verdict says so.
  @Test func fewRowsTeachNothing() throws {
    let plan = try plan()
    let predictions = ShiftScene.predictions(0..<180).enumerated().filter { $0.offset % 3 == 0 }.map(\.element)
    let scene = try Scene(plan: plan, predictions: [predictions])
    try scene.read()
    let found = try scene.judge(at: Scene.minute(180 * 60 + 5)).filter { $0.metric == .shift }
    #expect(found.allSatisfy { $0.tier == .insufficientData })
    #expect(found.last?.why == Shortfall(.rows, [("rows_per_hour", .count(20)), ("needed", .count(50))]))
  }

  /// After 14 days without a row the count begins again.
  @Test func aLongGapBeginsAgain() throws {
    var learning = ShiftLearning(streams: 1, subjects: 1, next: 100)
    learning.note(versions: [:])
    learning.pass(to: 101 + 335, isExcluded: { _ in false })
    learning.note(versions: [:])
    #expect(learning.count(0) == 337)
    learning.pass(to: learning.next + 336, isExcluded: { _ in false })
    #expect(learning.count(0) == 0 && learning.subjects[0].first == nil)
    learning.note(versions: [:])
    #expect(learning.count(0) == 1)
  }

  /// A null that is fitted again keeps what is open, and its streams' memories begin again.
  @Test func whatIsOpenStaysOpenWhenTheNullIsFittedAgain() throws {
    let plan = try plan()
    let (found, scene) = try judged(plan, hours: 360, Self.risen(from: 320))
    let learner = try #require(plan.shift(.subjects)?.learners.first)
    let stored = try #require(try scene.ledger.read { try $0.shiftStates(monitor: "m", keys: [learner.key])[0] })
    let learning = try ShiftLearning.read(stored).learning
    #expect(learning.subjects.allSatisfy { $0.stage == 2 })
    #expect(learning.pieces.count == learner.streams.count && learning.pieces.allSatisfy { $0.plan == .short })
    let opened = try #require(found.firstIndex { $0.tier == .critical })
    #expect(found[opened...].allSatisfy { $0.tier >= .warning }, "\(found[opened...].map(\.tier))")
    #expect(found.last?.shift?.since == Scene.minute(320 * 60))
  }

  // MARK: Other subjects (rule G2)

  /// Predictions of `hours`, judged under one plan until the hour 200 and under another from then on.
  private func changeOver(
    from first: MonitorPlan, to second: MonitorPlan, hours: Int,
    _ change: (Int, inout PredictionEvent) -> Void = { _, _ in }
  ) throws -> (scene: Scene, learned: ShiftLearning, verdicts: [Verdict]) {
    let scene = try Scene(plan: first, predictions: [ShiftScene.predictions(0..<hours, change)])
    let instance = try SimulatedInstance(
      "a", plans: [first], logs: scene.logs, ledger: scene.ledger, reader: { _, _, _ in first })
    let place = TopicPartition("predictions", 0)
    try instance.claimAll()
    instance.read(place, 200 * ShiftScene.rowsPerHour)
    try instance.flush()
    func judge(_ plan: MonitorPlan, _ hour: Int) throws -> [Verdict] {
      try SimulatedInstance.evaluate(
        plan, scene.ledger,
        watermarks: Watermarks(predictions: Scene.minute(Int64(hour) * 60 + 5), labels: .distantPast)
      ).flatMap(\.verdicts).filter { $0.metric == .shift }
    }
    var verdicts = try judge(first, 200)
    let learner = try #require(first.shift(.subjects)?.learners.first)
    let stored = try #require(try scene.ledger.read { try $0.shiftStates(monitor: "m", keys: [learner.key])[0] })
    try instance.restart(plans: [second])
    try instance.claimAll()
    instance.read(place, hours * ShiftScene.rowsPerHour)
    try instance.flush()
    for hour in [205, hours] { verdicts += try judge(instance.plans[0], hour) }
    return (scene, try ShiftLearning.read(stored).learning, verdicts)
  }

  private func features(_ names: [String]) throws -> MonitorPlan {
    try plan([ShiftScene.check(.features(except: []))]) { monitor in
      monitor.features = monitor.features.filter { names.contains($0.name) }
    }
  }

  /// A feature that is added learns by itself; what was learned of the others goes on, in its turn.
  @Test func anAddedFeatureLeavesTheOthersAlone() throws {
    let (first, second) = (try features(["amount"]), try features(["amount", "country"]))
    let (scene, before, verdicts) = try changeOver(from: first, to: second, hours: 400)
    let later = verdicts.filter { hour($0) > 200 }
    let amount = later.filter { $0.subject == "amount" }
    #expect(amount.count > 6 && amount.allSatisfy { $0.tier != .insufficientData }, "\(amount.map(\.tier))")
    #expect(amount.allSatisfy { $0.shift?.null == (hour($0) > 336 ? "short" : "fixed") })
    let country = later.filter { $0.subject == "country" }
    let learning = country.filter { $0.tier == .insufficientData }
    #expect(learning.first?.why == Shortfall(.learning, [("hours", .count(0)), ("needed", .count(168))]))
    #expect(learning.first.map(hour) == 201)
    #expect(learning.map(hour).max() ?? 0 <= 200 + 169)
    let judged = country.filter { $0.tier != .insufficientData }
    #expect(!judged.isEmpty && judged.allSatisfy { hour($0) > 200 + 168 && $0.shift?.null == "fixed" })
    // What was learned is kept as it was, whatever else there is now.
    let learner = try #require(second.shift(.subjects)?.learners.first)
    let stored = try #require(try scene.ledger.read { try $0.shiftStates(monitor: "m", keys: [learner.key])[0] })
    let now = try ShiftLearning.read(stored).learning
    #expect(now.subjects.map(\.stage) == [2, 1, 2], "\(now.subjects)")
    #expect(before.pieces.count < now.pieces.count && now.pieces.count == learner.streams.count)
  }

  /// One that is removed takes nothing with it, and what is open stays open.
  @Test func aRemovedFeatureTakesNothingWithIt() throws {
    let (first, second) = (try features(["country", "amount"]), try features(["amount"]))
    let (_, _, verdicts) = try changeOver(from: first, to: second, hours: 260, Self.risen(from: 190))
    let opened = try #require(verdicts.firstIndex { $0.subject == "amount" && $0.tier == .critical })
    let later = verdicts[opened...].filter { $0.subject == "amount" }
    #expect(later.contains { hour($0) > 240 })
    #expect(later.allSatisfy { $0.tier >= .warning && $0.shift?.null == "fixed" }, "\(later.map(\.tier))")
    #expect(later.allSatisfy { $0.shift?.since == later[0].shift?.since })
  }

  /// The place of a subject among the others says nothing about it.
  @Test func whereSomethingIsAmongOthersIsFound() {
    let a = ShiftSubjects.Subject(hash: "a", form: "psf")
    let b = ShiftSubjects.Subject(hash: "b", form: "ppf")
    let c = ShiftSubjects.Subject(hash: "c", form: "f")
    let origins = ShiftSubjects([c, b]).origins(in: ShiftSubjects([a, b]))
    #expect(origins.subjects == [nil, 1] && origins.streams == [nil, 3, 4, 5] && origins.predictors == [1, 2])
    // Streams of another form are other streams.
    let other = ShiftSubjects.Subject(hash: "a", form: "ps")
    #expect(ShiftSubjects([other]).origins(in: ShiftSubjects([a])).subjects == [nil])
    let layout = ShiftSubjects([c, b]).layout
    #expect(layout == ShiftLayout(subjects: [0, 1, 1, 1], isShare: [true, false, false, true]))
  }

  // MARK: The stored form

  @Test func storedFormsReadBack() throws {
    let names = ShiftSubjects([.init(hash: "a", form: "ps"), .init(hash: "ü", form: "f")])
    var learning = ShiftLearning(streams: 3, subjects: 2, next: 40)
    learning.note(versions: [NameKey("v1"): 30, NameKey("ü"): 2])
    learning.gross[.init(subject: 1, isOfFeed: true)] = .init(stream: 2, since: 38, last: 40)
    learning.subjects[0].day = 1
    learning.subjects[1].tooFew = 12
    learning.subjects[0].stage = 2
    learning.learnedVersions = [NameKey("v1"): 0.9375]
    let bytes = learning.encoded(standing: [1, 9], names)
    let read = try ShiftLearning.read(bytes)
    #expect(read.learning == learning && read.standing == [1, 9] && read.names == names)
    #expect(throws: ShiftDamaged(reason: "other streams")) {
      try ShiftLearning.read(learning.encoded(standing: [], ShiftSubjects([names.all[0]])))
    }
    let pair = ShiftSubjects([.init(hash: "b", form: "p"), .init(hash: "c", form: "f")])
    var day = ShiftDay(day: -1, pair)
    day.append(ShiftValues(first: -20, streams: 2, y: [0.5, -1], n: [10, 20], w: [1, 2])) { $0 == 1 }
    day.append(ShiftValues(first: -3, streams: 2, y: [1, 2], n: [3, 4], w: [5, 6])) { _ in false }
    #expect(try ShiftDay(encoded: day.encoded) == day)
    #expect(day.rows == [10, 4] && day.end == -2)
    #expect(ShiftRecord.problem(day.encoded) == nil)
    #expect(ShiftRecord.problem(learning.encoded(standing: [], names)) == nil)
    // What versions of before wrote is passed over.
    #expect(ShiftRecord.problem([2, 1]) == nil && ShiftRecord.problem([3, 1]) == nil)
    let moved = day.moved(to: ShiftSubjects([.init(hash: "n", form: "ps"), pair.all[1]]))
    #expect(
      moved.streams == 3
        && moved.hours.map(\.numbers) == [
          [0, 0, -1, 0, 0, -20, 0, 0, 2], [0, 0, 2, 0, 0, 4, 0, 0, 6],
        ])
    for stored in [bytes, day.encoded] {
      for count in 0..<stored.count {
        #expect(ShiftRecord.problem(Array(stored.prefix(count))) != nil, "\(count) of \(stored.count) bytes")
      }
    }
  }

  /// Ten weeks later another day is in its place.
  @Test func daysTakeTurns() throws {
    let learner = try #require(try plan().shift(.subjects)?.learners.first)
    let keys = (-80..<80).map { learner.key(ofDay: $0) }
    #expect(Set(keys).count == 70 && keys[0] == keys[70] && keys[79] != keys[80])
  }
}
