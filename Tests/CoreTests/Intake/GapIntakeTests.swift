import LeewayTestSupport
import Testing

@testable import LeewayCore

/// What intake does about offsets that are gone, about letters that have not arrived, and about flushes that fail when
/// a partition has to be handed over.
@Suite struct GapIntakeTests {
  private let place = TopicPartition("predictions", 0)
  private let plan: MonitorPlan
  private let ledger = FaultyLedger(InMemoryLedger())
  private let logs: [MessageLog]

  init() throws {
    plan = try SampleMonitor.plan(try SampleMonitor.monitor(.binary))
    var events = (0..<20).map { Self.event($0) }
    events[7] = LoggedMessage("no JSON")
    logs = [
      MessageLog(topic: "predictions", role: .predictions, partitions: [events]),
      MessageLog(topic: "labels", role: .labels, partitions: [[]]),
    ]
    try SimulatedInstance.prepare(ledger, plans: [plan], logs: logs)
  }

  private static func event(_ minute: Int) -> LoggedMessage {
    PredictionEvent(id: "\"\(minute)\"", time: Scene.minute(Int64(minute)), output: "0.5").message()
  }

  private func instance(_ name: String, _ limits: IntakeLimits = IntakeLimits()) throws -> SimulatedInstance {
    let instance = try SimulatedInstance(name, plans: [plan], logs: logs, ledger: ledger, limits: limits)
    try instance.claim([place])
    return instance
  }

  private func offset() throws -> Int64? {
    try ledger.read { try $0.partitions(of: "m") }.first { $0.key.topic == "predictions" }?.nextOffset
  }

  @Test func aHeldPartitionTakesNothingAndCommitsWhatItTook() throws {
    let a = try instance("a")
    a.read(place, 5)
    #expect(a.intake.gaps(place, available: 5...20).isEmpty)
    let gap = try #require(a.intake.gaps(place, available: 9...20).first)
    #expect(gap.wanted == 5 && gap.lostMessages == 4 && !gap.isAnotherLog)
    a.intake.hold(gap)
    #expect(a.intake.nextOffset(place) == nil)
    a.read(place, 100)
    #expect(try a.flush().events["m"]?.accepted == 5)
    #expect(try offset() == 5 && IntakeTests.rows(plan, ledger) == 5)
    #expect(a.intake.gaps(place, available: 9...20).isEmpty)
    // Claimed again it is open again.
    try a.claim([place])
    #expect(a.intake.nextOffset(place) == 5)
  }

  @Test func aSkippedGapMovesTheOffsetAndIsWrittenDown() throws {
    let a = try instance("a")
    a.read(place, 5)
    let gap = try #require(a.intake.gaps(place, available: 9...20).first)
    a.intake.skip(gap)
    #expect(a.intake.nextOffset(place) == 9)
    a.readAll()
    let report = try a.flush()
    #expect(report.events["m"]?.accepted == 16 && report.lost.values.map { $0 } == [4])
    let rows = try ledger.read { try $0.quarantined(monitor: "m", limit: 9) }
    #expect(rows.map(\.code) == ["gap"] && rows.first?.offset == 5)
    #expect(
      rows.first?.reason
        == "predictions[0] of monitor m: 4 messages, offsets 5 to 8, are gone from the broker unread; the broker has 9 to 19"
    )
    #expect(try a.flush().lost.isEmpty)
  }

  @Test func anotherLogIsReadFromItsBeginning() throws {
    let a = try instance("a")
    a.readAll()
    try a.flush()
    let gap = try #require(a.intake.gaps(place, available: 2...6).first)
    #expect(gap.isAnotherLog && gap.lostMessages == 2)
    a.intake.skip(gap)
    let report = try a.flush()
    #expect(report.fenced.isEmpty && report.lost.values.map { $0 } == [2])
    #expect(try offset() == 2)
    #expect(OffsetGap(key: gap.key, wanted: 3, available: 0...9, isAnotherLog: true).lostMessages == 0)
  }

  @Test func anOffsetNeverPassesALetterThatHasNotArrived() throws {
    let a = try instance("a", IntakeLimits(deadLetters: DeadLetterLimits(valueBytes: 3)))
    a.readAll()
    let letters = a.intake.deadLetters
    #expect(letters.map(\.offset) == [7] && letters.first?.code == "not_json")
    #expect(letters.first?.value == Array("no ".utf8) && letters.first?.valueSize == 7)
    #expect(try a.flush().committed.isEmpty)
    #expect(try offset() == 0)
    a.intake.delivered { $1 == 6 }
    #expect(a.intake.deadLetters.count == 1)
    a.intake.delivered { $1 == 7 }
    #expect(try a.flush().events["m"]?.invalid == 1)
    #expect(try offset() == 20 && IntakeTests.rows(plan, ledger) == 19)
  }

  /// Another partition's names of slices are forgotten when there are too many, and never those of what is still held.
  @Test func slicesOfWhatWaitsForALetterKeepTheirNames() throws {
    let versions = 101
    let held = [0, 1].map { i in
      PredictionEvent(id: "\"h\(i)\"", time: Scene.minute(i), version: "\"held\"", output: "0.5").message()
    }
    let log = MessageLog(
      topic: "predictions", role: .predictions,
      partitions: [
        held + [LoggedMessage("no JSON")],
        (0..<versions).map { i in
          PredictionEvent(id: "\"v\(i)\"", time: Scene.minute(10), version: "\"v\(i)\"", output: "0.5").message()
        },
      ])
    let ledger = InMemoryLedger()
    try SimulatedInstance.prepare(ledger, plans: [plan], logs: [log])
    let a = try SimulatedInstance(
      "a", plans: [plan], logs: [log], ledger: ledger,
      limits: IntakeLimits(sliceNames: 100, deadLetters: DeadLetterLimits()))
    try a.claimAll()
    a.read(TopicPartition("predictions", 0), 3)
    a.readAll()
    #expect(try a.flush().events["m"]?.accepted == Int64(versions))
    a.intake.delivered { $1 == 2 }
    #expect(try a.flush().events["m"]?.accepted == 2)
    var slices: [String] = []
    try ledger.read { reader in
      try reader.panes(
        .drift, monitor: "m", generation: plan.generation, in: Scene.minute(0)..<Scene.minute(5)
      ) { _, slice, _ in slices.append(slice) }
    }
    #expect(slices == ["all", "version=held"])
  }

  /// The ledger fails just when a partition is handed over: its next owner reads again what did not get in, and only that.
  @Test(arguments: [FaultyLedger.Fault.refused, .unknownBeforeCommit, .unknownAfterCommit])
  func aFlushThatFailsAtAHandoverLosesAndDoublesNothing(_ fault: FaultyLedger.Fault) throws {
    let a = try instance("a")
    a.read(place, 6)
    try a.flush()
    a.read(place, 6)
    ledger.fail(fault)
    _ = try? a.flush()
    a.drop(place)
    let b = try instance("b")
    #expect(b.intake.nextOffset(place) == (fault == .unknownAfterCommit ? 12 : 6))
    b.readAll()
    try b.flush()
    // What the first owner may still believe to hold changes nothing.
    _ = try? a.flush()
    #expect(try offset() == 20 && IntakeTests.rows(plan, ledger) == 19)
  }
}
