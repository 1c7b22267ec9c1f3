import LeewayCore
import LeewayLocks
import LeewayTestSupport
import Logging
import Testing

@testable import LeewayConfiguration
@testable import LeewayService

/// A ledger that counts how often it is asked.
private final class CountedLedger: Ledger {
  private let base: InMemoryLedger
  private let counts = Mutex((reads: 0, writes: 0))

  init(_ base: InMemoryLedger) { self.base = base }

  var location: String { base.location }
  func read<T>(_ body: (any LedgerReader) throws -> T) throws -> T {
    counts.withLock { $0.reads += 1 }
    return try base.read(body)
  }
  func write<T>(_ body: (any LedgerWriter) throws -> T) throws -> T {
    counts.withLock { $0.writes += 1 }
    return try base.write(body)
  }

  /// Since the last time.
  func taken() -> (reads: Int, writes: Int) {
    counts.withLock { counts in
      defer { counts = (0, 0) }
      return counts
    }
  }
}

/// Fifty monitors that have been judged as far as their streams have come, and one who judges them.
private final class Rested {
  let base = InMemoryLedger()
  let ledger: CountedLedger
  let plans: [MonitorPlan]
  let state: ServiceState
  let thread: EvaluationThread
  let stop = StopFlag()
  let start = EventTime(milliseconds: 1_767_225_600_000)

  /// - Parameter isRead: whether the streams have been read, up to ``start``.
  init(isRead: Bool = true) throws {
    ledger = CountedLedger(base)
    plans = try (0..<50).map { try SampleMonitor.plan(SampleMonitor.monitor(.binary, name: "m\($0)")) }
    state = ServiceState(plans: plans, patience: .minutes(2), now: .now)
    let text = "kafka: {bootstrap: \"localhost:9092\"}\n"
    let reading = ServiceConfigurationReading(path: "leeway.yaml", environment: [:])
    let setup = try Setup(configuration: #require(reading.read(Array(text.utf8))), plans: plans)
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    thread = EvaluationThread(
      EvaluationLoop(
        live: LiveSetup(setup), isSingleInstance: true, ledger: ledger, superseded: SupersededPlans(logger: logger),
        metrics: MadeUpService.metrics(), state: state, holder: "test", logger: logger))
    for plan in plans where isRead {
      try begin(plan)
      try advance(plan, to: start)
    }
    settle()
  }

  func begin(_ plan: MonitorPlan) throws {
    let keys = Self.keys(plan)
    try base.write { tx in
      _ = try Generations.current(plan, in: tx)
      try tx.register(writer: plan.monitor.name, instance: InstanceIdentity(host: "elsewhere", process: 1))
      try tx.ensure(partitions: keys)
      _ = try tx.claim(partitions: keys.map(\.key), owner: plan.monitor.name)
    }
  }

  private static func keys(_ plan: MonitorPlan) -> [(key: PartitionKey, role: StreamRole)] {
    [
      (PartitionKey(monitor: plan.monitor.name, topic: "predictions", partition: 0), .predictions),
      (PartitionKey(monitor: plan.monitor.name, topic: "labels", partition: 0), .labels),
    ]
  }

  /// As another instance would flush.
  func advance(_ plan: MonitorPlan, to time: EventTime) throws {
    try base.write { tx in
      _ = try tx.advance(
        partitions: tx.partitions(of: plan.monitor.name).map {
          PartitionAdvance(
            key: $0.key, epoch: $0.epoch, expectedOffset: $0.nextOffset, nextOffset: $0.nextOffset + 1,
            watermark: time)
        })
    }
  }

  func mark(_ plan: MonitorPlan, at pane: EventTime) throws {
    let name = plan.monitor.name
    try base.write { tx in
      let block = CellBlock(plan.drift.shape).encoded()
      try tx.put(
        .drift, monitor: name, generation: plan.generation, writer: name,
        blocks: [(PaneKey(pane: pane, slice: Slice.all), block)])
      try tx.mark(dirty: [(.drift, pane)], monitor: name, generation: plan.generation)
    }
  }

  /// Until nothing is left to do; the first round that finds so ends it.
  func settle() {
    for _ in 0..<3 { while thread.round(stop) {} }
    // What is shown follows.
    _ = round()
    _ = ledger.taken()
  }

  /// What a round asks of the ledger in which everything that is shown is due, too.
  func round() -> (reads: Int, writes: Int) {
    thread.refreshDue = [:]
    _ = thread.round(stop)
    return ledger.taken()
  }

  func closedThrough(_ plan: MonitorPlan) throws -> EventTime? {
    try base.read { try $0.progress(of: plan)?.closedThrough }
  }

  /// Who has the leases, in the order of monitors.
  func give(_ plan: MonitorPlan, to holder: String?) throws {
    let name = EvaluationLease.name(monitor: plan.monitor.name)
    try base.write { tx in
      for lease in try tx.leases() where lease.name == name {
        if let holder = lease.holder { try tx.release(lease: name, holder: holder) }
      }
      if let holder { _ = try tx.acquire(lease: name, holder: holder, lasting: .seconds(30)) }
    }
  }
}

/// With a thousand monitors each of which was read in every round the service took four fifths of a processor while nothing came.
@Suite struct EvaluationRestTests {
  @Test func monitorsAtRestAreReadTogetherAndNotOneByOne() throws {
    let rested = try Rested()
    for _ in 0..<3 {
      let taken = rested.round()
      // One for all monitors, and one for what they share.
      #expect(taken.reads <= 2 && taken.writes == 0, "\(taken)")
    }
    #expect(rested.state.monitors.allSatisfy { $0.watermark == rested.start && $0.partitions.count == 2 })
  }

  /// Before its first flush nothing is stored of it.
  @Test func aMonitorThatHasReadNothingYetRestsToo() throws {
    let rested = try Rested(isRead: false)
    let taken = rested.round()
    #expect(taken.reads <= 2 && taken.writes == 0, "\(taken)")
    let plan = rested.plans[5]
    try rested.begin(plan)
    try rested.advance(plan, to: rested.start)
    _ = rested.round()
    #expect(try rested.closedThrough(plan) == rested.start - plan.monitor.lateness)
  }

  @Test func whatComesFromElsewhereIsJudgedAndTheOthersRestOn() throws {
    let rested = try Rested()
    let plan = rested.plans[7]
    let later = rested.start + .hours(3)
    try rested.advance(plan, to: later)
    var taken = rested.round()
    #expect(try rested.closedThrough(plan) == later - plan.monitor.lateness)
    #expect(rested.state.monitors.first { $0.monitor.name == plan.monitor.name }?.watermark == later)
    #expect(taken.reads < 20 && taken.writes < 5, "\(taken)")
    rested.settle()

    // A pane of a window that was closed.
    try rested.mark(plan, at: rested.start)
    taken = rested.round()
    #expect(try rested.base.read { try $0.dirtyMarks(monitor: plan.monitor.name, generation: plan.generation) }.isEmpty)
    #expect(taken.writes >= 1 && taken.reads < 20, "\(taken)")
    rested.settle()
    taken = rested.round()
    #expect(taken.reads <= 2 && taken.writes == 0, "\(taken)")
  }

  /// Of an earlier generation, which nobody consumes until they are reclaimed.
  @Test func marksThatMeanNothingKeepNoMonitorBusy() throws {
    let rested = try Rested()
    try rested.base.write { tx in
      try tx.mark(dirty: [(.drift, rested.start)], monitor: rested.plans[0].monitor.name, generation: "earlier")
    }
    rested.settle()
    let taken = rested.round()
    #expect(taken.reads <= 2 && taken.writes == 0, "\(taken)")
  }

  @Test func anActOfAPersonIsFolded() throws {
    let rested = try Rested()
    let monitor = rested.plans[3].monitor.name
    let act = ActRecord(
      monitor: monitor, group: .drift, incident: "\(monitor)-0", wall: rested.start, kind: "comment",
      body: #"{"incident":"\#(monitor)-0","by":"alice","note":"seen"}"#)
    try rested.base.write { _ = try $0.enqueue(act: act) }
    _ = rested.round()
    #expect(try rested.base.read { try $0.queuedActs(monitor: monitor, limit: 9) }.isEmpty)
  }

  @Test func aMonitorOfAnotherInstanceIsAskedForNoMoreUntilItIsLetGo() throws {
    let rested = try Rested()
    let plan = rested.plans[11]
    try rested.give(plan, to: "another")
    rested.settle()
    let taken = rested.round()
    #expect(taken.reads <= 2 && taken.writes == 0, "\(taken)")
    // The other judges it; what is shown of it here follows.
    let later = rested.start + .hours(9)
    try rested.advance(plan, to: later)
    try rested.base.write { tx in
      try tx.put(
        progress: EvaluationProgress(closedThrough: later - .hours(1)), monitor: plan.monitor.name,
        generation: plan.generation)
    }
    _ = rested.round()
    let shown = rested.state.monitors.first { $0.monitor.name == plan.monitor.name }
    #expect(shown?.watermark == later && shown?.progress?.closedThrough == later - .hours(1))
    try rested.give(plan, to: nil)
    _ = rested.round()
    #expect(try rested.closedThrough(plan) == later - plan.monitor.lateness)
  }

  /// It does not know what came after, and the same one may come back.
  @Test func aGenerationOfAnotherInstanceEndsTheRest() throws {
    let rested = try Rested()
    let plan = rested.plans[0]
    var record = try #require(try rested.base.read { try $0.generation(of: plan.monitor.name) })
    let mine = record
    (record.generation, record.definition) = ("other", "other")
    try rested.base.write { try $0.put(generation: record, files: nil) }
    try rested.advance(plan, to: rested.start + .hours(2))
    rested.settle()
    #expect(try rested.base.read { try $0.leases() }.contains { $0.name == "evaluate/m0" && $0.holder == nil })
    let taken = rested.round()
    #expect(taken.reads <= 2 && taken.writes == 0, "\(taken)")
    try rested.base.write { try $0.put(generation: mine, files: nil) }
    _ = rested.round()
    #expect(try rested.closedThrough(plan) == rested.start + .hours(2) - plan.monitor.lateness)
  }
}
