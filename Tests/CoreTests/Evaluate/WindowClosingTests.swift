import LeewayTestSupport
import Testing

@testable import LeewayCore

@Suite struct WindowClosingTests {
  private static func event(_ minute: Int64, plus milliseconds: Int64 = 0) -> PredictionEvent {
    PredictionEvent(
      id: "\"e\(minute)-\(milliseconds)\"", time: Scene.minute(minute) + .milliseconds(milliseconds), output: "0.5")
  }

  @Test func aWindowClosesExactlyAtItsEndAndLateness() throws {
    let early = try Scene(predictions: [[Self.event(1), Self.event(10, plus: -1)]])
    try early.read()
    try early.judge()
    #expect(try early.windows(.drift) == [])
    let due = try Scene(predictions: [[Self.event(1), Self.event(10)]])
    try due.read()
    try due.judge()
    #expect(try due.windows(.drift) == ["15m 5"])
  }

  @Test func eventsBelongToTheWindowsThatTheyStart() throws {
    // At the end of one window is the start of the next.
    let scene = try Scene(predictions: [[Self.event(0, plus: -1), Self.event(5)]])
    try scene.read()
    try scene.judge(at: Scene.minute(25))
    #expect(try scene.windows(.drift) == ["15m 0", "15m 5", "15m 10", "15m 15", "15m 20", "1h 0"])
    let rows = try scene.lines(.drift).filter { $0.window == "15m" && $0.subject == "amount" && $0.slice == "all" }
      .map { $0.line.contains("\"rows\":2") }
    #expect(rows == [false, false, true, false, false])
  }

  @Test func windowsFurtherApartThanTheyAreLongPassOverWhatLiesBetween() throws {
    for check in [[], [Check(name: "c", on: .traffic, metric: .rows, window: "15m", limits: [Check.below(1)])]] {
      let scene = try Scene(checks: check, predictions: [[Self.event(20), Self.event(50), Self.event(110)]]) {
        $0.windows = [WindowDefinition(name: "15m", size: .minutes(15), every: .minutes(60))]
      }
      try scene.read()
      try scene.judge(at: Scene.minute(200))
      #expect(try scene.windows(.drift) == ["15m 60", "15m 120"])
      if !check.isEmpty { #expect(try scene.windows(.verdict) == ["15m 60", "15m 120", "15m 180"]) }
    }
  }

  @Test func aPartitionNeverReadHoldsEverythingBack() throws {
    let scene = try Scene(predictions: [[Self.event(1), Self.event(60)], [Self.event(40)]])
    let instance = try scene.instance()
    try instance.claimAll()
    instance.read(TopicPartition("predictions", 0), 10)
    try instance.flush()
    try scene.judge()
    #expect(try scene.windows(.drift) == [])
    instance.readAll()
    try instance.flush()
    try scene.judge()
    #expect(try scene.windows(.drift) == ["15m 5", "15m 10", "15m 15", "1h 30"])
  }

  @Test func anIdlePartitionHoldsNothingBackWhileItsClaimLasts() throws {
    let scene = try Scene(predictions: [[Self.event(1), Self.event(60)], [Self.event(2)]])
    let idle = TopicPartition("predictions", 1)
    let instance = try scene.instance()
    try instance.claimAll()
    instance.readAll()
    instance.intake.claimIdle(idle, lasting: .minutes(1000), at: .zero)
    try instance.flush()
    // The claim is in the ledger's time.
    scene.clock.advance(.minutes(1000))
    try scene.judge()
    #expect(try scene.windows(.drift) == [])
    scene.clock.advance(.minutes(-1))
    try scene.judge()
    #expect(try scene.windows(.drift) == ["15m 5", "15m 10", "15m 15", "1h 30"])
    // What was closed stays closed.
    scene.clock.advance(.minutes(2))
    try scene.judge()
    #expect(try scene.windows(.drift) == ["15m 5", "15m 10", "15m 15", "1h 30"])
  }

  @Test func aWindowThatIdlenessClosedIsNotFinalUntilItsPartitionsSaySo() throws {
    let scene = try Scene(predictions: [[Self.event(1), Self.event(60)], [Self.event(2), Self.event(40)]])
    let idle = TopicPartition("predictions", 1)
    let instance = try scene.instance()
    try instance.claimAll()
    instance.read(TopicPartition("predictions", 0), 10)
    instance.read(idle, 1)
    instance.intake.claimIdle(idle, lasting: .minutes(10), at: .zero)
    try instance.flush()
    try scene.judge()
    func final() throws -> [Bool] {
      try scene.lines(.drift).filter { $0.window == "15m" && $0.slice == "all" && $0.subject == "amount" }
        .map { $0.line.contains("\"final\":true") }
    }
    #expect(try final() == [false, false, false])
    #expect(try scene.lines(.drift).allSatisfy { $0.line.contains("\"complete\":false") || $0.window == "15m" })
    // The partition speaks, and its own watermark passes them.
    instance.readAll()
    try instance.flush()
    try scene.judge()
    // Those that hold its last word are closed by the other's alone.
    #expect(try final() == [true, true, true, false, false, false])
    let progress = try scene.ledger.read { try $0.progress(monitor: "m", generation: scene.plan.generation) }
    #expect(progress?.closedThrough == Scene.minute(55) && progress?.finalThrough == Scene.minute(35))
  }

  @Test func aPartitionThatOnlyTheMetadataKnowHoldsEverythingBack() throws {
    let scene = try Scene(predictions: [[Self.event(1), Self.event(60)]])
    try scene.read()
    let name = EvaluationLease.name(monitor: "m")
    let epoch = try scene.ledger.write { try $0.acquire(lease: name, holder: "a", lasting: .minutes(1)) }
    let lease = EvaluationLease(name: name, epoch: try #require(epoch))
    let places = ["predictions", "labels", "others"].flatMap { topic in (0..<2).map { TopicPartition(topic, $0) } }
    let report = try Evaluator(plan: scene.plan)
      .evaluate(scene.ledger, lease: lease, now: Scene.minute(0), partitions: places)
    #expect(report.results.isEmpty && !report.noData)
    let rows = try scene.ledger.read { try $0.partitions(of: "m") }
    #expect(
      rows.map { "\($0.key.topic)/\($0.key.partition)" } == ["labels/0", "labels/1", "predictions/0", "predictions/1"])
    #expect(rows.map(\.role) == [.labels, .labels, .predictions, .predictions])
    #expect(rows[3].watermark == .distantPast && rows[3].epoch == 0)
    #expect(rows[2].watermark == Scene.minute(60))
  }

  @Test func aGenerationThatComesBackIsNotCompleteAcrossTheGap() throws {
    let scene = try Scene(predictions: [Scene.predictions(60, from: 0, to: 120)])
    let first = scene.plan
    let second = try MonitorPlan(
      monitor: first.monitor,
      baseline: SampleMonitor.baseline(first.monitor, rows: SampleMonitor.trainingRows(500, seed: 9)))
    let instance = try scene.instance()
    let place = TopicPartition("predictions", 0)
    for (plan, count) in [(first, 15), (second, 15), (first, 30)] {
      try instance.restart(plans: [plan])
      try instance.claimAll()
      instance.read(place, count)
      try instance.flush()
    }
    let record = try #require(try scene.ledger.read { try $0.generation(of: "m") })
    #expect(record.generation == "\(first.definition)-2" && record.startsAt == Scene.minute(60))
    try scene.judge(at: Scene.minute(125))
    for line in try scene.lines(.drift) where line.slice == "all" && line.subject == "amount" {
      let begins = line.end - TimeSpan(milliseconds: line.size)
      #expect(line.line.contains("\"complete\":\(begins >= Scene.minute(60))"), "\(line.line)")
    }
    #expect(try scene.windows(.drift).contains("15m 120"))
  }

  /// What was reached is judged to its end although nothing comes any more, and nothing beyond it.
  @Test func ifAllAreIdleTheWatermarkHolds() throws {
    let scene = try Scene(predictions: [[Self.event(1), Self.event(60)], [Self.event(2), Self.event(31)], []])
    let instance = try scene.instance()
    try instance.claimAll()
    instance.readAll()
    for (partition, minutes) in [(0, 1000), (1, 2000), (2, 2000)] as [(Int32, Int64)] {
      instance.intake.claimIdle(TopicPartition("predictions", partition), lasting: .minutes(minutes), at: .zero)
    }
    try instance.flush()
    #expect(try scene.judged().map(\.noData) == [true])
    let held = try scene.ledger.read { Watermarks(partitions: try $0.partitions(of: "m"), now: try $0.now()) }
    #expect(held.predictions == Scene.minute(31) && held.noData)
    #expect(try scene.lines(.drift).map(\.end).max() == Scene.minute(15))
    // Who had seen it further goes on from there.
    let before = Watermarks(predictions: Scene.minute(45), labels: .distantPast)
    let further = try scene.ledger.read {
      Watermarks(partitions: try $0.partitions(of: "m"), now: try $0.now(), reached: before)
    }
    #expect(further.predictions == Scene.minute(45))
    scene.clock.advance(.minutes(1001))
    #expect(try scene.judged().map(\.noData) == [false])
    #expect(try scene.lines(.drift).map(\.end).max() == Scene.minute(45))
  }

  @Test func aClaimEndsIdlenessAndSoDoesAMessage() throws {
    let scene = try Scene(predictions: [[Self.event(1), Self.event(60)], [Self.event(2), Self.event(3)]])
    let idle = TopicPartition("predictions", 1)
    let instance = try scene.instance()
    try instance.claimAll()
    instance.read(TopicPartition("predictions", 0), 10)
    instance.read(idle, 1)
    instance.intake.claimIdle(idle, lasting: .minutes(1000), at: .zero)
    instance.read(idle, 1)
    try instance.flush()
    try scene.judge(now: Scene.minute(1))
    #expect(try scene.windows(.drift) == [])
    instance.intake.claimIdle(idle, lasting: .minutes(1000), at: .zero)
    try instance.flush()
    let other = try scene.instance2()
    try other.claim([idle])
    try scene.judge(now: Scene.minute(1))
    #expect(try scene.windows(.drift) == [])
  }

  @Test func revisionsRewriteResultsAndNeverTransitions() throws {
    let check = Check(
      name: "traffic", on: .traffic, metric: .rows, window: "15m", limits: [Check.below(5)], partial: true)
    let scene = try Scene(
      checks: [check],
      predictions: [
        [Self.event(1), Self.event(20)], Scene.predictions(50, from: 0, to: 5, id: "q") + [Self.event(20)],
      ])
    let idle = TopicPartition("predictions", 1)
    let instance = try scene.instance()
    try instance.claimAll()
    instance.read(TopicPartition("predictions", 0), 10)
    instance.intake.claimIdle(idle, lasting: .minutes(1000), at: .zero)
    try instance.flush()
    let verdict = try scene.judge(now: Scene.minute(1)).only("traffic", 5)
    #expect(verdict.tier == .warning)
    let verdicts = try scene.lines(.verdict)
    let incidents = try scene.lines(.incident)
    let before = try scene.lines(.drift)
    #expect(incidents.count == 1)
    #expect(before.allSatisfy { $0.line.contains("\"rows\":1,") })
    // The silent partition speaks after all: the results change, what was decided does not.
    instance.readAll()
    try instance.flush()
    #expect(try scene.judge(now: Scene.minute(1)).isEmpty)
    let after = try scene.lines(.drift)
    #expect(
      after.filter { $0.slice == "all" && $0.subject == "amount" && $0.window == "15m" }.map(\.revision) == [1, 1, 1])
    #expect(
      after.filter { $0.slice == "all" && $0.subject == "amount" }.allSatisfy { $0.line.contains("\"rows\":51,") })
    #expect(try scene.lines(.verdict) == verdicts)
    #expect(try scene.lines(.incident) == incidents)
    #expect(try scene.judge(now: Scene.minute(1)).isEmpty)
    #expect(try scene.lines(.drift) == after)
  }

  @Test func aFlushBetweenReadingAndCommittingIsNotForgotten() throws {
    let scene = try Scene(
      predictions: [[Self.event(1), Self.event(60)], [Self.event(2), Self.event(3), Self.event(4)]])
    let idle = TopicPartition("predictions", 1)
    let instance = try scene.instance()
    try instance.claimAll()
    instance.read(TopicPartition("predictions", 0), 10)
    instance.intake.claimIdle(idle, lasting: .minutes(1000), at: .zero)
    try instance.flush()
    try scene.judge()
    instance.read(idle, 1)
    try instance.flush()
    // The evaluator has read the pane with one event more, and not yet committed, when the others come.
    let name = EvaluationLease.name(monitor: "m")
    let epoch = try scene.ledger.write { try $0.acquire(lease: name, holder: "evaluator", lasting: .minutes(1)) }
    let connection = FaultyLedger(scene.ledger)
    connection.interrupt(call: 1) {
      instance.readAll()
      #expect(throws: Never.self) { try instance.flush() }
    }
    let lease = EvaluationLease(name: name, epoch: try #require(epoch))
    _ = try Evaluator(plan: scene.plan).evaluate(connection, lease: lease, now: Scene.minute(0))
    func rows(_ count: Int) throws -> Bool {
      try scene.lines(.drift).filter { $0.window == "15m" && $0.slice == "all" && $0.subject == "amount" }
        .allSatisfy { $0.line.contains("\"rows\":\(count),") }
    }
    #expect(try rows(2))
    try scene.judge()
    #expect(try rows(4))
  }

  @Test func roundsOfOneWindowGiveTheSame() throws {
    let events = Scene.predictions(300, from: 0, to: 180)
    func outcome(_ maximumWindows: Int) throws -> [ResultRecord] {
      let scene = try Scene(checks: World.checks(.binary), predictions: [events])
      try scene.read()
      try scene.judge(at: Scene.minute(150), maximumWindows: maximumWindows)
      try scene.judge(at: Scene.minute(300), labels: Scene.minute(400), maximumWindows: maximumWindows)
      return try scene.ledger.read { try $0.results(ResultQuery(limit: .max)) }.map { record in
        var record = record
        record.revision = 0
        return record
      }
    }
    let whole = try outcome(.max / 4)
    #expect(whole.count > 300)
    for size in [1, 2, 7] { #expect(try outcome(size) == whole, "\(size)") }
  }

  @Test func aLostLeaseWritesNothing() throws {
    let scene = try Scene(predictions: [[Self.event(1), Self.event(60)]])
    try scene.read()
    let name = EvaluationLease.name(monitor: "m")
    let old = try scene.ledger.write {
      try $0.acquire(lease: name, holder: "a", lasting: .minutes(1))
    }
    scene.clock.advance(.minutes(2))
    _ = try scene.ledger.write { try $0.acquire(lease: name, holder: "b", lasting: .minutes(1)) }
    let evaluator = Evaluator(plan: scene.plan)
    #expect(throws: LeaseLost.self) {
      try evaluator.evaluate(
        scene.ledger, lease: EvaluationLease(name: name, epoch: old ?? 0), now: Scene.minute(2))
    }
    try scene.ledger.read { (reader: any LedgerReader) throws in
      #expect(try reader.results(ResultQuery(limit: 1)).isEmpty)
      #expect(try reader.progress(monitor: "m", generation: scene.plan.generation) == nil)
      #expect(try reader.dirtyMarks(monitor: "m", generation: scene.plan.generation).count == 2 + 2)
    }
  }

  @Test func anotherGenerationIsNotJudged() throws {
    let scene = try Scene(predictions: [[Self.event(1), Self.event(60)]])
    try scene.read()
    try scene.ledger.write {
      try $0.put(
        generation: GenerationRecord(monitor: "m", generation: "newer", startsAt: .distantPast, baseline: ""))
    }
    #expect(try scene.judge().isEmpty)
    #expect(try scene.lines(.drift).isEmpty)
  }

  @Test func whatBeganBeforeTheFirstEventIsIncomplete() throws {
    let scene = try Scene(predictions: [Scene.predictions(30, from: 7, to: 60)])
    try scene.read()
    try scene.judge(at: Scene.minute(40))
    for record in try scene.lines(.drift) where record.subject == "amount" && record.slice == "all" {
      // The first pane begins at 5.
      let complete = record.end - TimeSpan(milliseconds: record.size) >= Scene.minute(5)
      #expect(record.line.contains("\"complete\":\(complete)"), "\(record.line)")
    }
    #expect(try scene.windows(.drift) == ["15m 10", "15m 15", "15m 20", "15m 25", "15m 30", "15m 35", "1h 30"])
  }

  @Test func openWindowsAreShownAndNotFinal() throws {
    let scene = try Scene(predictions: [Scene.predictions(30, from: 0, to: 20)])
    try scene.read()
    try scene.judge()
    let open = try scene.ledger.read { try OpenWindows(plan: scene.plan).results(ResultQuery(limit: 1), in: $0) }
    #expect(
      Set(open.filter { $0.type == .drift }.map { "\($0.window) \(($0.end - World.start).milliseconds / 60_000)" })
        == ["15m 15", "15m 20", "15m 25", "15m 30", "1h 30", "1h 60"])
    #expect(open.allSatisfy { $0.line.contains("\"final\":false") })
    #expect(open.map(\.position) == open.map(\.position).sorted())
    #expect(try scene.windows(.drift) == ["15m 5", "15m 10"])
  }
}

extension Scene {
  func judged() throws -> [EvaluationReport] { try SimulatedInstance.evaluate(plan, ledger) }

  /// Another instance beside the first.
  func instance2() throws -> SimulatedInstance {
    try SimulatedInstance("b", plans: [plan], logs: logs, ledger: ledger)
  }
}
