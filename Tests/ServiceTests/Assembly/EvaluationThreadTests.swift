import LeewayCore
import LeewayTestSupport
import Logging
import Testing

@testable import LeewayConfiguration
@testable import LeewayService

/// A ledger with two monitors whose streams have been read for twenty days, and one who judges them.
private struct Backlog {
  let ledger = InMemoryLedger()
  let plans: [MonitorPlan]
  let metrics = MadeUpService.metrics()
  let state: ServiceState
  let loop: EvaluationLoop
  let start = EventTime(milliseconds: 1_767_225_600_000)
  var reached: EventTime { start + .days(20) }

  init() throws {
    plans = try ["a", "b"].map { try SampleMonitor.plan(SampleMonitor.monitor(.binary, name: $0)) }
    state = ServiceState(plans: plans, patience: .minutes(2), now: .now)
    let text = "kafka: {bootstrap: \"localhost:9092\"}\n"
    let reading = ServiceConfigurationReading(path: "leeway.yaml", environment: [:])
    let setup = try Setup(configuration: #require(reading.read(Array(text.utf8))), plans: plans)
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    loop = EvaluationLoop(
      live: LiveSetup(setup), isSingleInstance: true, ledger: ledger, superseded: SupersededPlans(logger: logger),
      metrics: metrics, state: state, holder: "test", logger: logger)
    for plan in plans { try fill(plan) }
  }

  /// Both streams have come to the end, and there is a pane in every hour.
  private func fill(_ plan: MonitorPlan) throws {
    let monitor = plan.monitor.name
    let keys = [
      (key: PartitionKey(monitor: monitor, topic: "predictions", partition: 0), role: StreamRole.predictions),
      (key: PartitionKey(monitor: monitor, topic: "labels", partition: 0), role: .labels),
    ]
    try ledger.write { tx in
      _ = try Generations.current(plan, in: tx)
      try tx.register(writer: monitor, instance: InstanceIdentity(host: "elsewhere", process: 1))
      try tx.ensure(partitions: keys)
      let records = try tx.claim(partitions: keys.map(\.key), owner: monitor)
      _ = try tx.advance(
        partitions: records.map {
          PartitionAdvance(
            key: $0.key, epoch: $0.epoch, expectedOffset: $0.nextOffset, nextOffset: 9, watermark: reached)
        })
      let panes = (0..<480).map { start + .hours($0) }
      let block = CellBlock(plan.drift.shape).encoded()
      try tx.put(
        .drift, monitor: monitor, generation: plan.generation, writer: monitor,
        blocks: panes.map { (PaneKey(pane: $0, slice: Slice.all), block) })
      try tx.mark(dirty: panes.map { (.drift, $0) }, monitor: monitor, generation: plan.generation)
    }
  }

  func closedThrough() throws -> [EventTime] {
    try ledger.read { reader in try plans.map { try reader.progress(of: $0)?.closedThrough ?? .distantPast } }
  }

  func gauge(_ name: String) -> Double? {
    String(decoding: metrics.render(), as: UTF8.self).split(separator: "\n")
      .first { $0.hasPrefix(name + " ") }.flatMap { Double($0.dropFirst(name.count + 1)) }
  }
}

@Suite struct EvaluationThreadTests {
  /// Twenty days are thousands of windows, of which a step takes 32 at first: one monitor's would keep another's alarm for
  /// minutes, and nothing would be removed meanwhile.
  @Test func aLongBacklogOfOneMonitorLeavesTheOthersTheirTurn() throws {
    let backlog = try Backlog()
    let thread = EvaluationThread(backlog.loop, turn: .zero)
    let stop = StopFlag()
    #expect(thread.round(stop))
    let first = try backlog.closedThrough()
    #expect(first.allSatisfy { $0 > backlog.start && $0 < backlog.start + .days(1) }, "\(first)")
    #expect(first[0] == first[1])
    var rounds = 1
    while thread.round(stop) { rounds += 1 }
    #expect(rounds > 2)
    #expect(try backlog.closedThrough() == Array(repeating: backlog.reached - .minutes(5), count: 2))
    #expect(!thread.round(stop))
  }

  @Test func oneWhoIsToldToStopLeavesTheRest() throws {
    let backlog = try Backlog()
    let thread = EvaluationThread(backlog.loop)
    let stop = StopFlag()
    stop.raise()
    #expect(!thread.round(stop))
    #expect(try backlog.closedThrough() == [.distantPast, .distantPast])
  }

  /// Before anything is judged after a start, and in a backlog, too.
  @Test func pagesAndGaugesShowWhatTheLedgerHasFromTheStartOn() throws {
    let backlog = try Backlog()
    let incident = IncidentRecord(
      id: "i", monitor: "b", group: .drift, state: .open, tier: .critical, openedAt: backlog.start,
      changedAt: backlog.start, checks: ["c"], subjects: ["x"], evidence: "[]")
    try backlog.ledger.write { try $0.put(incident: incident) }
    let thread = EvaluationThread(backlog.loop, turn: .zero)
    #expect(
      backlog.gauge(#"leeway_watermark_timestamp_seconds{monitor="b",stream="predictions"}"#)
        == Double(backlog.reached.milliseconds) / 1000)
    #expect(backlog.gauge(#"leeway_incidents{monitor="b",tier="critical",state="open"}"#) == 1)
    #expect(backlog.state.monitors.map(\.watermark) == [backlog.reached, backlog.reached])
    #expect(backlog.state.monitors.allSatisfy { $0.progress == nil && $0.partitions.count == 2 })
    #expect(thread.round(StopFlag()))
    let shown = backlog.state.monitors.map { $0.progress?.closedThrough }
    #expect(try shown == backlog.closedThrough())
  }
}
