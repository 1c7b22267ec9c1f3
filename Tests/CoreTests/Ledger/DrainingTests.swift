import LeewayTestSupport
import Testing

@testable import LeewayCore

/// What becomes of waiting predictions when a monitor or its baseline changes.
@Suite struct DrainingTests {
  private let scene: Scene
  private let first: MonitorPlan

  /// Sixty predictions of the first hour, one a minute, and then sixty of the second; labels come 20 minutes later.
  init() throws {
    var monitor = try SampleMonitor.monitor(
      .binary,
      checks: [
        Check(
          name: "accuracy", on: .performance, metric: .accuracy, window: "15m", limits: [Check.below(0.1)],
          minimumRows: 2, certain: false, minimumPositives: 0, minimumNegatives: 0)
      ])
    monitor.labels?.horizon = .minutes(30)
    first = try MonitorPlan(
      monitor: monitor, baseline: SampleMonitor.baseline(monitor), source: "first")
    let events = Scene.predictions(120, from: 0, to: 120)
    scene = try Scene(
      plan: first, predictions: [events],
      labels: [events.map { LabelEvent(id: $0.id ?? "", time: $0.time + .minutes(20), value: "1") }])
  }

  private let predictions = TopicPartition("predictions", 0)
  private let labels = TopicPartition("labels", 0)

  private func changed(_ change: (inout Monitor) -> Void = { _ in }) throws -> MonitorPlan {
    var monitor = first.monitor
    change(&monitor)
    return try MonitorPlan(monitor: monitor, baseline: SampleMonitor.baseline(monitor), source: "changed")
  }

  /// Reads the first hour's predictions and the labels of its first half, changes over, and reads the other predictions and
  /// so many labels.
  private func changeOver(to second: MonitorPlan, labels count: Int = 90) throws -> SimulatedInstance {
    let instance = try SimulatedInstance(
      "a", plans: [first], logs: scene.logs, ledger: scene.ledger,
      reader: { [first] record, _, files in
        #expect(record.definition == first.definition)
        let found = try files()
        #expect(try found.map { try Baseline(decoding: $0.baseline).identity } == first.baseline.identity)
        return found?.monitor == "first" ? first : nil
      })
    try instance.claimAll()
    instance.read(predictions, 60)
    instance.read(labels, 30)
    try instance.flush()
    try instance.restart(plans: [second])
    try instance.claimAll()
    instance.read(predictions, 60)
    instance.read(labels, count)
    try instance.flush()
    return instance
  }

  private func waiting(_ plan: MonitorPlan) throws -> Int {
    let ids = (0..<120).map { Array("p\($0)".utf8) }
    return try scene.ledger.read { try $0.waiting(monitor: "m", generation: plan.pairs, ids: ids) }.count { $0 != nil }
  }

  private func evaluate(_ plan: MonitorPlan) throws { _ = try SimulatedInstance.evaluate(plan, scene.ledger) }

  private func reclaim(_ plan: MonitorPlan) throws {
    let reclaim = Reclaim(plan: plan, results: .days(999), deliveries: .days(999), limit: 7)
    let name = EvaluationLease.name(monitor: "m")
    let epoch = try scene.ledger.write { try $0.acquire(lease: name, holder: "evaluator", lasting: .days(36_500)) }
    let lease = EvaluationLease(name: name, epoch: try #require(epoch))
    while try reclaim.step(scene.ledger, lease: lease, now: Scene.minute(0)).rows > 0 {}
  }

  private func performance(_ plan: MonitorPlan) throws -> [String] {
    try scene.lines(.performance).filter { $0.slice == "all" && $0.window == "15m" && $0.generation == plan.pairs }
      .map { line in
        let r = JSONReader(try JSONValue(parsing: Array(line.line.utf8)))
        return "\((line.end - Scene.minute(0)).milliseconds / 60_000) \(try r.member("labelled").integer()) "
          + (try r.member("final").bool() ? "final" : "open")
      }
  }

  @Test func otherPairsLeaveWhatWaitsToItsLabels() throws {
    let instance = try changeOver(to: try changed { $0.threshold = 0.4 }, labels: 20)
    let plan = instance.plans[0]
    #expect(plan.standing.startsAt == Scene.minute(60) && plan.pairs == plan.generation)
    #expect(plan.standing.draining.map(\.until) == [Scene.minute(60)])
    #expect(try waiting(first) == 60 && waiting(plan) == 60)

    // Labels have come to minute 69: windows that end by minute 30 are mature, and so are predictions before minute 34.
    try evaluate(plan)
    try reclaim(plan)
    #expect(try performance(first).contains("30 15 final"))
    #expect(try performance(first).contains("60 5 open"))
    #expect(try waiting(first) == 26 && waiting(plan) == 60)
    #expect(try scene.ledger.read { try $0.files(monitor: "m", generation: first.generation) } != nil)

    // To minute 139: all of the old windows are mature. What waited for them goes, and their lines stay.
    instance.read(labels, 70)
    try instance.flush()
    try evaluate(plan)
    #expect(try performance(first).contains("60 15 final"))
    #expect(try performance(plan).contains("100 15 final"))
    let lines = try performance(first)
    try reclaim(plan)
    #expect(try waiting(first) == 0 && waiting(plan) == 36)
    #expect(try performance(first) == lines && lines.count >= 4)
  }

  /// Stopped, given a new baseline, and started: the partition that never had a message is not known to be at its end yet, and takes back
  /// nothing of what had closed.
  @Test func anEmptyPartitionTakesBackNoWindow() throws {
    let events = Scene.predictions(60, from: 0, to: 60)
    let scene = try Scene(
      plan: first, predictions: [events, []],
      labels: [events.map { LabelEvent(id: $0.id ?? "", time: $0.time + .minutes(20), value: "1") }])
    let instance = try SimulatedInstance(
      "a", plans: [first], logs: scene.logs, ledger: scene.ledger, reader: { [first] _, _, _ in first })
    try instance.claimAll()
    instance.readAll()
    try instance.flush()
    _ = try SimulatedInstance.evaluate(
      first, scene.ledger, watermarks: Watermarks(predictions: Scene.minute(60), labels: Scene.minute(30)))
    try instance.restart(plans: [try changed { $0.threshold = 0.4 }])
    try instance.claimAll()
    let old = try #require(instance.plans[0].standing.draining.first)
    #expect(old.readThrough == Scene.minute(55) && old.until == Scene.minute(60))
  }

  @Test func whatOnlyAddsKeepsItsPairs() throws {
    let instance = try changeOver(to: try changed { $0.features[0].range = -2000...2000 })
    let plan = instance.plans[0]
    #expect(plan.generation != first.generation && plan.pairs == first.generation)
    #expect(plan.standing.draining.isEmpty && plan.standing.pairsStartAt == .distantPast)
    #expect(try waiting(plan) == 120)
    try evaluate(plan)
    // The window across the change is whole.
    #expect(try performance(plan).contains("65 15 final"))
    try reclaim(plan)
    let verdicts = try scene.lines(.verdict).filter { $0.generation == plan.pairs && $0.end == Scene.minute(65) }
    #expect(verdicts.count == 1 && verdicts.allSatisfy { !$0.line.contains("insufficient_data") })
  }

  /// The change comes at minute 53 and the new generation begins at minute 55. Minutes 53 and 54 are read by then: they are
  /// missing from drift, and where the pairs go on they are in performance.
  @Test(arguments: [true, false]) func predictionsBetweenTwoGenerationsAreOfThePairsThatGoOn(goOn: Bool) throws {
    let second = try changed { if goOn { $0.features.removeLast() } else { $0.threshold = 0.4 } }
    let instance = try SimulatedInstance(
      "a", plans: [first], logs: scene.logs, ledger: scene.ledger, reader: { [first] _, _, _ in first })
    try instance.claimAll()
    instance.read(predictions, 53)
    try instance.flush()
    try instance.restart(plans: [second])
    try instance.claimAll()
    instance.readAll()
    let counts = try #require(try instance.flush().events["m"])
    let plan = instance.plans[0]
    #expect(plan.standing.startsAt == Scene.minute(55))
    #expect(counts.beforeGeneration == 2 && counts.late == 0 && counts.accepted == 65)
    #expect(try waiting(first) == (goOn ? 120 : 53))
    try evaluate(plan)
    #expect(try performance(first).contains(goOn ? "55 15 final" : "50 15 final"))
    let verdicts = try scene.lines(.verdict).filter { $0.end == Scene.minute(goOn ? 60 : 55) }
    #expect(verdicts.count == 1 && verdicts.allSatisfy { $0.line.contains("\"why\":\"generation\"") != goOn })
  }

  @Test func aLabelThatCameBeforeItsPredictionIsFoundAcrossTheChange() throws {
    let second = try changed { $0.threshold = 0.4 }
    let instance = try SimulatedInstance(
      "a", plans: [first], logs: scene.logs, ledger: scene.ledger, reader: { [first] _, _, _ in first })
    try instance.claimAll()
    instance.read(predictions, 60)
    instance.read(labels, 120)
    try instance.flush()
    #expect(try waiting(first) == 120)
    try instance.restart(plans: [second])
    try instance.claimAll()
    instance.readAll()
    let counts = try #require(try instance.flush().joins["m"])
    #expect(counts.matched == 60 && counts.early == 0)
    #expect(try waiting(first) == 60 && waiting(instance.plans[0]) == 60)
    try evaluate(instance.plans[0])
    #expect(try performance(instance.plans[0]).contains("100 15 final"))
  }

  /// Metrics of decisions are measured from the baseline's, which were made at one threshold.
  @Test func aBaselineOfAnotherThresholdIsRefused() throws {
    var baseline = SampleMonitor.baseline(first.monitor)
    baseline.performance = PerformanceBaseline(labelled: 60, inSample: true, metrics: ["accuracy": 0.9], threshold: 0.3)
    let error = #expect(throws: BaselineMismatch.self) { try MonitorPlan(monitor: first.monitor, baseline: baseline) }
    #expect(error?.reason == "its performance was measured at threshold 0.3, the monitor says 0.5")
    let stored = try Baseline(decoding: baseline.encoded())
    #expect(stored.performance?.threshold == 0.3)
    baseline.performance?.threshold = nil
    #expect(throws: Never.self) { try MonitorPlan(monitor: first.monitor, baseline: baseline) }
  }

  /// What was counted in training would be invalid in production, and all else look as if it had drifted.
  @Test func aRangeThatTheBaselineDoesNotKeepIsRefused() throws {
    var monitor = first.monitor
    monitor.features[0].range = 0...30
    let baseline = SampleMonitor.baseline(first.monitor)
    let error = #expect(throws: BaselineMismatch.self) { try MonitorPlan(monitor: monitor, baseline: baseline) }
    #expect(error?.reason == "feature amount goes from 0 to 49 there, and the monitor's range takes 0 to 30")
    monitor.features[0].range = 0...49
    #expect(throws: Never.self) { try MonitorPlan(monitor: monitor, baseline: baseline) }
  }

  /// Such a category could get no row: the monitor reads the empty text as missing.
  @Test func aBaselineThatCountsEmptyTextIsRefused() throws {
    var monitor = first.monitor
    let i = try #require(monitor.features.firstIndex { $0.kind == .categorical })
    var baseline = SampleMonitor.baseline(monitor)
    let subject = try #require(baseline.subjects.firstIndex { $0.name == monitor.features[i].name })
    guard case .categorical(var domain) = baseline.subjects[subject].domain else { return }
    domain.categories[0] = ""
    baseline.subjects[subject].domain = .categorical(domain)
    let error = #expect(throws: BaselineMismatch.self) { try MonitorPlan(monitor: monitor, baseline: baseline) }
    #expect(
      error?.reason
        == "feature \(monitor.features[i].name) has the empty text as a category there, and the monitor reads it as missing "
        + "(add empty: category, or fit the baseline again)")
    monitor.features[i].emptyIsCategory = true
    #expect(throws: Never.self) { try MonitorPlan(monitor: monitor, baseline: baseline) }
  }

  /// A fall calls for a retrain, and the new model comes with a baseline of its own. What the old pairs still say holds the
  /// incident; the first whole window of the new ones that is well ends it.
  @Test func aRetrainIsVerifiedAcrossANewBaseline() throws {
    var monitor = first.monitor
    monitor.checks[0].limits = [Check.below(0.5, .critical)]
    monitor.alerts = [.critical: ["chat", "retrain"]]
    monitor.retrain = RetrainPolicy(cooldown: .hours(24), maximumPerWeek: 3, deadline: .hours(6))
    let plans = try [UInt64(1), 2].map { seed in
      try MonitorPlan(
        monitor: monitor,
        baseline: SampleMonitor.baseline(monitor, rows: SampleMonitor.trainingRows(seed: seed)), source: "\(seed)")
    }
    // All are positive: the first hour's are all wrong, the second's all right.
    let events = Scene.predictions(120, to: 120) { i, event in event.output = i < 60 ? "0.1" : "0.9" }
    let scene = try Scene(
      plan: plans[0], predictions: [events],
      labels: [events.map { LabelEvent(id: $0.id ?? "", time: $0.time + .minutes(20), value: "1") }])
    let context = DecisionContext(receivers: ["chat", "retrain"])
    func evaluate(_ plan: MonitorPlan) throws {
      _ = try SimulatedInstance.evaluate(plan, scene.ledger, context: context)
    }
    func incident() throws -> IncidentRecord {
      let all = try scene.ledger.read { try $0.incidents(IncidentQuery(limit: 9)) }
      try #require(all.count == 1)
      return all[0]
    }
    let instance = try SimulatedInstance(
      "a", plans: [plans[0]], logs: scene.logs, ledger: scene.ledger, reader: { _, _, _ in plans[0] })
    try instance.claimAll()
    instance.read(predictions, 60)
    instance.read(labels, 40)
    try instance.flush()
    // Labels have come to minute 59: windows that end by minute 24 are mature.
    try evaluate(instance.plans[0])
    #expect(try incident().state == .retraining && incident().openedAt == Scene.minute(15))
    let asked = try #require(try scene.ledger.read { try $0.retrains(monitor: nil, limit: 9) }.first)
    try scene.ledger.write { tx in
      _ = try RetrainActs.answer(
        asked, passes: true, monitor: plans[0].monitor, context: context, now: Scene.minute(60), in: tx)
    }
    #expect(try incident().state == .verifying)

    try instance.restart(plans: [plans[1]])
    try instance.claimAll()
    instance.read(predictions, 60)
    instance.read(labels, 46)
    try instance.flush()
    let plan = instance.plans[0]
    #expect(plan.pairs == plan.generation && plan.standing.draining.map(\.until) == [Scene.minute(60)])
    // To minute 105: all of the old pairs are judged, and no whole window of the new ones.
    try evaluate(plan)
    func verdicts() throws -> [String] {
      try scene.lines(.verdict).map { line in
        let r = JSONReader(try JSONValue(parsing: Array(line.line.utf8)))
        return "\((line.end - Scene.minute(0)).milliseconds / 60_000) \(try r.member("tier").string())"
      }
    }
    let known = try verdicts()
    #expect(known.filter { $0.hasSuffix("critical") } == (3...10).map { "\(5 * $0) critical" })
    // Of the old pairs the first hour had been read to minute 54; those of the new ones begin at minute 60.
    #expect(known.suffix(4) == [55, 60, 65, 70].map { "\($0) insufficient_data" })
    #expect(try incident().state == .verifying)

    instance.readAll()
    try instance.flush()
    try evaluate(plan)
    #expect(try verdicts().contains("75 ok"))
    let ended = try incident()
    #expect(ended.state == .resolved && ended.resolvedAt == Scene.minute(75))
    #expect(ended.retrain.hasPrefix(#"{"state":"succeeded","retrain":"\#(asked.id)""#), "\(ended.retrain)")
    #expect(try scene.ledger.read { try $0.retrains(monitor: nil, limit: 9) }.count == 1)
    let transitions = try scene.lines(.incident).compactMap { line in
      line.line.firstMatch(of: /"transition":"([a-z]+)"/).map {
        "\($0.1) \((line.end - Scene.minute(0)).milliseconds / 60_000)"
      }
    }
    #expect(transitions == ["opened 15", "retraining 15", "verifying 20", "resolved 75"])
  }

  /// What a pair depends on, and what it does not.
  @Test func shapesGoOnOnlyWhereNothingOfAPairChanges() throws {
    let shape = try #require(first.pairShape)
    func goesOn(_ change: (inout Monitor) -> Void = { _ in }) throws -> Bool {
      let other = try #require(try changed(change).pairShape)
      #expect(PairShape(text: other.text) == other)
      return other.carriesOn(shape)
    }
    #expect(try goesOn())
    #expect(try goesOn { $0.features.removeLast() })
    // How early a label may be follows from them.
    #expect(try !goesOn { $0.lateness = .minutes(9) })
    #expect(try !goesOn { $0.skew = .minutes(9) })
    #expect(try goesOn { $0.labels?.early = .minutes(10) })
    #expect(try goesOn { $0.labels?.minimumCoverage = 0.1 })
    #expect(try goesOn { $0.segments.append(Segment(name: "more", field: try! FieldPath("more"))) })
    #expect(try !goesOn { $0.threshold = 0.4 })
    #expect(try !goesOn { $0.labels?.horizon = .minutes(31) })
    #expect(try !goesOn { $0.labels?.absent = .number(0) })
    #expect(try !goesOn { $0.labels?.positive = "yes" })
    #expect(try !goesOn { $0.labels?.sample = 0.5 })
    #expect(try !goesOn { $0.labels?.topic = "others" })
    #expect(try !goesOn { $0.predictions.topic = "others" })
    #expect(try !goesOn { $0.predictions.version = nil })
    #expect(try !goesOn { $0.pane = .minutes(1) })
    #expect(try !goesOn { $0.segments.removeLast() })
    #expect(try !goesOn { $0.maximumSegments = 7 })
    // A segment more, whose slices have parts of the baseline with performance of their own, touches no other pair.
    var monitor = first.monitor
    monitor.segments.append(Segment(name: "more", field: try FieldPath("more")))
    var baseline = SampleMonitor.baseline(monitor)
    let performance = PerformanceBaseline(labelled: 1200, inSample: true, metrics: ["auc": 0.8])
    func withSlice(_ name: String) throws -> PairShape {
      baseline.slices = [
        SliceBaseline(slice: name, rows: 1200, subjects: baseline.subjects.map(\.cells), performance: performance)
      ]
      return try #require(try MonitorPlan(monitor: monitor, baseline: baseline).pairShape)
    }
    #expect(try withSlice("more=a").carriesOn(shape))
    #expect(try !withSlice("version=v1").carriesOn(shape))
    // An early stage may come, and not go or change.
    let early = try #require(try changed { $0.labels?.early = .minutes(10) }.pairShape)
    #expect(try !(#require(try changed { $0.labels?.early = .minutes(11) }.pairShape)).carriesOn(early))
    #expect(!shape.carriesOn(early))
    #expect(PairShape(text: "") == nil)
  }
}
