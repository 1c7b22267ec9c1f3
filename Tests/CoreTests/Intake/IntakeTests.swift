import LeewayTestSupport
import Testing

@testable import LeewayCore

@Suite struct IntakeTests {
  private static let predictions = TopicPartition("predictions", 0)
  private static let labels = TopicPartition("labels", 0)

  /// One monitor with logs of one partition each, and what a claim of all of it reads.
  private struct Stage {
    let plan: MonitorPlan
    let ledger: FaultyLedger
    let logs: [MessageLog]
    let instance: SimulatedInstance

    init(
      _ predictions: [LoggedMessage], labels: [LoggedMessage] = [], startsAt: EventTime = .distantPast,
      limits: IntakeLimits = IntakeLimits()
    ) throws {
      plan = try SampleMonitor.plan(try SampleMonitor.monitor(.binary))
      ledger = FaultyLedger(InMemoryLedger())
      logs = [
        MessageLog(topic: "predictions", role: .predictions, partitions: [predictions]),
        MessageLog(topic: "labels", role: .labels, partitions: [labels]),
      ]
      try SimulatedInstance.prepare(ledger, plans: [plan], logs: logs, startsAt: startsAt)
      instance = try SimulatedInstance("a", plans: [plan], logs: logs, ledger: ledger, limits: limits)
      try instance.claimAll()
    }

    func other() throws -> SimulatedInstance {
      try SimulatedInstance("b", plans: [plan], logs: logs, ledger: ledger)
    }

    /// Messages in all drift panes.
    func rows() throws -> Int64 { try IntakeTests.rows(plan, ledger) }
    func record(_ topic: String = "predictions") throws -> PartitionRecord {
      try #require(try ledger.read { try $0.partitions(of: "m") }.first { $0.key.topic == topic })
    }
  }

  static func rows(_ plan: MonitorPlan, _ ledger: any Ledger) throws -> Int64 {
    var sum = CellBlock(plan.drift.shape)
    try ledger.read { reader in
      try reader.panes(
        .drift, monitor: plan.monitor.name, generation: plan.generation, in: .distantPast..<EventTime.distantFuture
      ) { _, slice, bytes in if slice == Slice.all { try sum.merge(encoded: bytes) } }
    }
    return sum.counts[DriftLayout.rows]
  }

  private static func event(_ minute: Int64, plus milliseconds: Int64 = 0, record: EventTime? = nil) -> LoggedMessage {
    PredictionEvent(
      id: "\"\(minute)-\(milliseconds)\"", time: Scene.minute(minute) + .milliseconds(milliseconds), output: "0.5"
    )
    .message(recordTime: record)
  }

  private static let many = (0..<20).map { event($0) }

  @Test func aggregationIsTimedByTheCallersClock() throws {
    let plan = try SampleMonitor.plan(try SampleMonitor.monitor(.binary))
    let ledger = InMemoryLedger()
    let logs = [MessageLog(topic: "predictions", role: .predictions, partitions: [Self.many])]
    try SimulatedInstance.prepare(ledger, plans: [plan], logs: logs, startsAt: .distantPast)
    var readings: UInt64 = 0
    let watch = Stopwatch {
      readings += 1
      return readings * 10
    }
    let records = try ledger.write { tx in
      try tx.register(writer: "w", instance: InstanceIdentity(host: "h", process: 1))
      return try tx.claim(partitions: try tx.partitions(of: "m").map(\.key), owner: "w")
    }
    let intake = Intake(plans: [(plan, .distantPast)], writer: "w", aggregation: [watch])
    for record in records { intake.open(record) }
    let slot = try #require(intake.slot(Self.predictions))
    for (offset, message) in Self.many.enumerated() {
      SimulatedInstance.take(message, offset: Int64(offset), from: slot, by: intake)
    }
    #expect(watch.nanoseconds == 0)
    _ = try intake.flush(to: ledger)
    // One batch, and two readings.
    #expect(watch.nanoseconds == 10)
    _ = try intake.flush(to: ledger)
    #expect(watch.nanoseconds == 10)
  }

  @Test func lateIsBelowTheWatermarkBeforeLessTheLateness() throws {
    let stage = try Stage([
      Self.event(10), Self.event(5), Self.event(5, plus: -1), Self.event(20), Self.event(15), Self.event(14),
      Self.event(16),
    ])
    stage.instance.readAll()
    let report = try stage.instance.flush()
    #expect(report.events["m"]?.late == 2 && report.events["m"]?.accepted == 5)
    #expect(try stage.rows() == 5 && stage.record().watermark == Scene.minute(20))
  }

  /// A label is earlier than its prediction by more than lateness and skew (65 minutes): it is in the quarantine, where it was
  /// read, or, if it waited, where the prediction was that made it known.
  @Test(arguments: [false, true]) func anImplausibleLabelIsInTheQuarantine(waits: Bool) throws {
    func label(_ minute: Int64, of prediction: Int64) -> LoggedMessage {
      LabelEvent(id: "\"\(prediction)-0\"", time: Scene.minute(minute), value: "1").message(
        recordTime: Scene.minute(minute))
    }
    let stage = try Stage(
      [Self.event(100), Self.event(101)], labels: [label(36, of: 101), label(34, of: 100), label(35, of: 100)])
    var quarantined: [QuarantineRecord] = []
    if waits {
      stage.instance.read(SimulatedInstance.places(stage.logs)[1], 9)
      quarantined += try stage.instance.flush().quarantined
      #expect(quarantined.isEmpty)
    }
    stage.instance.readAll()
    let report = try stage.instance.flush()
    quarantined += report.quarantined
    #expect(report.joins["m"]?.implausible == 1 && report.joins["m"]?.matched == 2)
    let kept = try stage.ledger.read { try $0.quarantined(monitor: "m", limit: 9) }
    #expect(kept == quarantined)
    #expect(
      kept == [
        QuarantineRecord(
          monitor: "m", topic: waits ? "predictions" : "labels", partition: 0, offset: waits ? 0 : 1,
          code: "implausible",
          reason:
            "a label of \(Scene.minute(34)) is 66m before its prediction of \(Scene.minute(100)), and 65m is the most; "
            + "fix time_format or the producers' clocks, or set labels.label_before",
          sample: kept.first?.sample ?? [])
      ])
    let sample = kept.first?.sample ?? []
    #expect(String(decoding: sample, as: UTF8.self).contains("100-0"))
  }

  @Test func aFutureTimeIsQuarantinedAndMovesNoWatermark() throws {
    let skew = TimeSpan.hours(1)
    let stage = try Stage(
      [
        Self.event(0), Self.event(60, record: Scene.minute(60) - skew),
        Self.event(100, plus: 1, record: Scene.minute(100) - skew), Self.event(61), Self.event(90, record: nil),
      ],
      labels: [
        LabelEvent(id: "1", time: Scene.minute(5), value: "1").message(
          recordTime: Scene.minute(5) - skew - .milliseconds(1)),
        LabelEvent(id: "1", time: Scene.minute(4), value: "1").message(recordTime: Scene.minute(4) - skew),
      ])
    stage.instance.readAll()
    let report = try stage.instance.flush()
    let counts = try #require(report.events["m"])
    #expect(counts.accepted == 4 && counts.quarantined == 2 && counts.labels == 1 && counts.late == 0)
    #expect(counts.rejected == ["future": 2])
    #expect(try stage.record().watermark == Scene.minute(90) && stage.record("labels").watermark == Scene.minute(4))
    let kept = try stage.ledger.read { try $0.quarantined(monitor: "m", limit: 9) }
    #expect(kept.map(\.offset).sorted() == [0, 2])
    #expect(
      kept.first?.reason
        == "its time is more than 1h after its record's timestamp; fix the producer's clock or raise skew")
  }

  @Test func poisonAndTombstonesAreCountedAndPassed() throws {
    let stage = try Stage(
      [
        LoggedMessage("{"), LoggedMessage(key: [1], value: nil), LoggedMessage("{\"time\":\"soon\"}"),
        PredictionEvent(id: nil, time: Scene.minute(1), output: "0.5").message(),
        PredictionEvent(id: "1", time: Scene.minute(1), output: "1.5").message(), Self.event(1),
      ],
      labels: [
        LoggedMessage(key: nil, value: nil, recordTime: Scene.minute(1)), LoggedMessage(key: [65], value: nil),
        LoggedMessage(key: [65], value: nil, recordTime: Scene.minute(2)),
        LoggedMessage("{\"id\":\"A\",\"time\":1700000000000}"),
        LoggedMessage("{\"id\":\"\",\"time\":1700000000000,\"value\":1}"),
        LoggedMessage("{\"id\":\"A\",\"time\":1700000000000,\"value\":2}"), LoggedMessage("{\"id\":\"A\",\"value\":1}"),
      ])
    stage.instance.readAll()
    let report = try stage.instance.flush()
    let counts = try #require(report.events["m"])
    #expect(counts.accepted == 3 && counts.unjoinable == 2 && counts.labels == 1 && counts.invalid == 9)
    #expect(counts.rejected.values.reduce(0, +) == 9)
    #expect(counts.rejected["tombstone"] == 3 && counts.rejected["bad_time"] == 2)
    #expect(counts.rejected["no_value"] == 1 && counts.rejected["no_id"] == 1 && counts.rejected["bad_value"] == 1)
    #expect(try stage.record().nextOffset == 6 && stage.record("labels").nextOffset == 7)
    let reasons = try stage.ledger.read { try $0.quarantined(monitor: "m", limit: 20) }.map(\.reason)
    #expect(reasons.contains("value is missing; null retracts a label, absence does not"))
    #expect(
      reasons.contains(
        "value is 2, which is no label of a binary model; it takes 0, 1, false or true, or set labels.positive"))
  }

  @Test func isFullOfAsManyJoinsAsACommitCarries() throws {
    for (joins, isFull) in [(20, true), (21, false)] {
      let stage = try Stage(Self.many, limits: IntakeLimits(pendingJoins: joins))
      #expect(!stage.instance.intake.isFull)
      stage.instance.readAll()
      #expect(stage.instance.intake.isFull == isFull)
      _ = try stage.instance.flush()
      #expect(!stage.instance.intake.isFull)
    }
  }

  @Test func quarantineKeepsNoMoreThanItMay() throws {
    var limits = IntakeLimits()
    limits.quarantineRows = 3
    let stage = try Stage((0..<10).map { _ in LoggedMessage("{") }, limits: limits)
    stage.instance.readAll()
    let report = try stage.instance.flush()
    #expect(report.events["m"]?.invalid == 10)
    #expect(try stage.ledger.read { try $0.quarantined(monitor: "m", limit: 20) }.count == 3)
  }

  /// What the watch over stalls goes by.
  @Test func aFlushAdvancesOnlyIfAnOffsetDoes() throws {
    let stage = try Stage(Self.many)
    #expect(stage.instance.intake.committedOffset(Self.predictions) == 0)
    stage.instance.readAll()
    #expect(stage.instance.intake.committedOffset(Self.predictions) == 0)
    #expect(try stage.instance.flush().advanced)
    #expect(stage.instance.intake.committedOffset(Self.predictions) == 20)
    // More messages at the broker than are read.
    stage.instance.intake.note(end: 500, of: Self.predictions)
    let report = try stage.instance.flush()
    #expect(!report.committed.isEmpty && !report.advanced)
    #expect(stage.instance.intake.committedOffset(TopicPartition("other", 0)) == nil)
  }

  @Test func whatCameBeforeTheNextOffsetIsSkipped() throws {
    let stage = try Stage(Self.many)
    let slot = try #require(stage.instance.intake.slot(Self.predictions))
    for round in 0..<3 {
      // A source may hand over what it has handed over before.
      for offset in 0..<(10 + round) {
        SimulatedInstance.take(Self.many[offset], offset: Int64(offset), from: slot, by: stage.instance.intake)
      }
      try stage.instance.flush()
      #expect(try stage.rows() == 10 + Int64(round) && stage.record().nextOffset == 10 + Int64(round))
    }
    // Gaps are the log's own: transactions leave some.
    SimulatedInstance.take(Self.many[19], offset: 119, from: slot, by: stage.instance.intake)
    try stage.instance.flush()
    #expect(try stage.record().nextOffset == 120)
  }

  @Test func twoMonitorsReadOneTopicEachFromItsOwnOffset() throws {
    let plans = try ["m", "n"].map { try SampleMonitor.plan(try SampleMonitor.monitor(.binary, name: $0)) }
    let logs = [MessageLog(topic: "predictions", role: .predictions, partitions: [Self.many])]
    let ledger = InMemoryLedger()
    try SimulatedInstance.prepare(ledger, plans: [plans[0]], logs: logs)
    let alone = try SimulatedInstance("alone", plans: [plans[0]], logs: logs, ledger: ledger)
    try alone.claimAll()
    alone.read(Self.predictions, 12)
    try alone.flush()
    // The second monitor comes later and begins at the beginning.
    try SimulatedInstance.prepare(ledger, plans: plans, logs: logs)
    let both = try SimulatedInstance("both", plans: plans, logs: logs, ledger: ledger)
    try both.claimAll()
    #expect(both.intake.nextOffset(Self.predictions) == 0)
    both.read(Self.predictions, 15)
    let report = try both.flush()
    #expect(report.events["m"]?.accepted == 3 && report.events["n"]?.accepted == 15)
    both.readAll()
    try both.flush()
    #expect(try Self.rows(plans[0], ledger) == 20 && Self.rows(plans[1], ledger) == 20)
  }

  @Test func eventsBeforeTheGenerationAreCountedAsSuch() throws {
    let stage = try Stage([Self.event(4, plus: 299_999), Self.event(5), Self.event(10)], startsAt: Scene.minute(10))
    stage.instance.readAll()
    let report = try stage.instance.flush()
    let counts = try #require(report.events["m"])
    #expect(counts.beforeGeneration == 2 && counts.late == 0 && counts.accepted == 1)
    #expect(try stage.rows() == 1)
  }

  // MARK: Ownership

  @Test func aTakenPartitionIsDroppedAloneAndTheRestCommits() throws {
    let label = LabelEvent(id: "\"0-0\"", time: Scene.minute(1), value: "1").message()
    let stage = try Stage(Self.many, labels: [label])
    stage.instance.readAll()
    let other = try stage.other()
    try other.claim([Self.predictions])
    let report = try stage.instance.flush()
    #expect(report.fenced.map(\.topic) == ["predictions"] && report.events["m"]?.accepted == 0)
    #expect(report.committed.map { $0.key.topic } == ["labels"])
    #expect(try stage.rows() == 0 && stage.record().nextOffset == 0 && stage.record("labels").nextOffset == 1)
    other.readAll()
    try other.flush()
    #expect(try stage.rows() == 20)
    // The label met its prediction although two writers brought them.
    try SimulatedInstance.evaluate(
      stage.plan, stage.ledger,
      watermarks: Watermarks(predictions: Scene.minute(300), labels: Scene.minute(300)))
    let lines = try stage.ledger.read { try $0.results(ResultQuery(type: .performance, slice: "all", limit: 99)) }
    #expect(lines.first?.line.contains("\"predictions\":5,\"labelled\":1,") == true)
  }

  @Test func aPartitionThatComesBackIsReadFromTheLedgersOffset() throws {
    let stage = try Stage(Self.many)
    stage.instance.read(Self.predictions, 7)
    try stage.instance.flush()
    let other = try stage.other()
    try other.claim([Self.predictions])
    other.read(Self.predictions, 5)
    try other.flush()
    stage.instance.read(Self.predictions, 9)
    #expect(try stage.instance.flush().fenced.count == 1)
    try stage.instance.claim([Self.predictions])
    #expect(stage.instance.intake.nextOffset(Self.predictions) == 12)
    stage.instance.readAll()
    try stage.instance.flush()
    #expect(try stage.rows() == 20)
  }

  /// Rows wait in columns before they are added to a pane: they go with their partition.
  @Test func whatWasNotFlushedIsGivenUpOnClosing() throws {
    let stage = try Stage(Self.many)
    stage.instance.read(Self.predictions, 5)
    stage.instance.drop(Self.predictions)
    #expect(!stage.instance.intake.hasChanges && stage.instance.intake.pendingBytes == 0)
    try stage.instance.claim([Self.predictions])
    stage.instance.read(Self.predictions, 5)
    // Claimed again without having been closed.
    try stage.instance.claim([Self.predictions])
    stage.instance.readAll()
    try stage.instance.flush()
    #expect(try stage.rows() == 20)
  }

  @Test func aDeadWriterMayNotFlush() throws {
    let stage = try Stage(Self.many)
    stage.instance.readAll()
    try stage.ledger.write { try $0.retire(writer: "a-1") }
    let fenced = #expect(throws: WriterFenced.self) { try stage.instance.flush() }
    #expect(fenced?.description == "writer a-1 may not flush any more: its state has been handed over")
    #expect(try stage.rows() == 0 && stage.record().nextOffset == 0)
    try stage.instance.restart()
    try stage.instance.claimAll()
    stage.instance.readAll()
    try stage.instance.flush()
    #expect(try stage.rows() == 20)
  }

  @Test func aWriterThatDoesNotKnowTheGenerationMayNotFlush() throws {
    let stage = try Stage(Self.many)
    stage.instance.readAll()
    try stage.ledger.write {
      try $0.put(generation: GenerationRecord(monitor: "m", generation: "newer", startsAt: .distantPast, baseline: ""))
    }
    let superseded = #expect(throws: GenerationSuperseded.self) { try stage.instance.flush() }
    #expect(superseded?.description == "monitor m runs with another configuration or baseline now")
    #expect(try stage.record().nextOffset == 0)
    #expect(try stage.ledger.read { try $0.writer("a-1") }?.flushSequence == 0)
  }

  // MARK: Commits that fail

  @Test func aRefusedFlushLosesNothing() throws {
    let stage = try Stage(Self.many)
    stage.instance.read(Self.predictions, 8)
    stage.ledger.fail(.refused)
    #expect(throws: LedgerError.self) { try stage.instance.flush() }
    stage.instance.readAll()
    let report = try stage.instance.flush()
    #expect(report.events["m"]?.accepted == 20)
    #expect(try stage.rows() == 20)
  }

  @Test func anUnknownCommitThatStandsIsNotMadeAgain() throws {
    let stage = try Stage(Self.many)
    stage.instance.read(Self.predictions, 8)
    stage.ledger.fail(.unknownAfterCommit)
    let report = try stage.instance.flush()
    #expect(report.committed.first?.value == 8 && report.fenced.isEmpty && report.events["m"]?.accepted == 8)
    #expect(!stage.instance.intake.hasChanges)
    stage.instance.readAll()
    try stage.instance.flush()
    #expect(try stage.rows() == 20)
  }

  @Test func anUnknownCommitThatDoesNotStandIsMadeAgain() throws {
    let stage = try Stage(Self.many)
    stage.instance.read(Self.predictions, 8)
    stage.ledger.fail(.unknownBeforeCommit)
    let failure = #expect(throws: LedgerError.self) { try stage.instance.flush() }
    #expect(failure?.outcomeUnknown == true)
    #expect(try stage.rows() == 0)
    stage.instance.readAll()
    try stage.instance.flush()
    #expect(try stage.rows() == 20)
  }

  @Test func anUnknownCommitOfATakenPartitionIsResolvedToo() throws {
    let label = LabelEvent(id: "\"0-0\"", time: Scene.minute(1), value: "1").message()
    let stage = try Stage(Self.many, labels: [label])
    stage.instance.readAll()
    let other = try stage.other()
    try other.claim([Self.predictions])
    stage.ledger.fail(.unknownAfterCommit)
    let report = try stage.instance.flush()
    #expect(report.fenced.map(\.topic) == ["predictions"] && report.committed.count == 1)
    other.readAll()
    try other.flush()
    #expect(try stage.rows() == 20)
  }

  // MARK: Slices

  @Test func namesThatOnlyLookAlikeAreSlicesOfTheirOwn() throws {
    let shops = ["\u{e9}", "e\u{301}", "\u{e9}", "\u{301}x"]
    let messages = shops.enumerated().map { i, shop in
      PredictionEvent(id: "\(i)", time: Scene.minute(1), version: nil, output: "0.5", shop: "\"\(shop)\"").message()
    }
    for order in [messages, messages.reversed()] {
      let stage = try Stage(order)
      stage.instance.readAll()
      try stage.instance.flush()
      try SimulatedInstance.evaluate(
        stage.plan, stage.ledger, watermarks: Watermarks(predictions: Scene.minute(20), labels: Scene.minute(300)))
      let lines = try stage.ledger.read { try $0.results(ResultQuery(window: "15m", subject: "amount", limit: 99)) }
        .filter { $0.end == Scene.minute(5) }
      #expect(
        lines.map { Array($0.slice.utf8) }
          == ["all", "shop=e\u{301}", "shop=\u{e9}", "shop=\u{301}x"].map { Array($0.utf8) })
      #expect(lines.map { $0.line.contains("\"rows\":2,") } == [false, false, true, false])
    }
  }

  /// Which values have a slice of their own is decided by their hashes, not by who came first.
  @Test func theCapKeepsTheSmallestHashesInAnyOrder() throws {
    let shops = (0..<12).map { "shop\($0)" }
    let kept = shops.sorted { Digest64.hash($0) < Digest64.hash($1) }.prefix(3).map { "shop=\($0)" }.sorted()
    for seed in UInt64(1)...10 {
      var random = SeededGenerator(seed: seed)
      let messages = shops.flatMap { shop in
        (0..<2).map { i in
          PredictionEvent(
            id: "\"\(shop)-\(i)\"", time: Scene.minute(Int64(i) * 5), version: nil, output: "0.5", shop: "\"\(shop)\""
          ).message()
        }
      }.shuffled(using: &random)
      let stage = try Stage(messages)
      while !stage.instance.isAtEnd {
        stage.instance.read(Self.predictions, Int.random(in: 1...9, using: &random))
        try stage.instance.flush()
        if Int.random(in: 0..<4, using: &random) == 0 {
          try stage.instance.restart()
          try stage.instance.claimAll()
        }
      }
      try SimulatedInstance.evaluate(
        stage.plan, stage.ledger, watermarks: Watermarks(predictions: Scene.minute(30), labels: Scene.minute(300)))
      for type in [ResultType.drift, .performance] {
        let lines = try stage.ledger.read {
          try $0.results(ResultQuery(type: type, window: "15m", subject: type == .drift ? "amount" : "", limit: 99))
        }.filter { $0.end == Scene.minute(15) }
        #expect(lines.map(\.slice) == ["all", "shop=__other__"] + kept, "seed \(seed)")
        let counts = lines.map { line in
          (line.line.firstRange(of: type == .drift ? "\"rows\":" : "\"predictions\":")?.upperBound).map {
            line.line[$0...].prefix { $0.isNumber }
          }
        }
        #expect(counts == ["24", "18", "2", "2", "2"], "seed \(seed)")
      }
    }
  }
}
