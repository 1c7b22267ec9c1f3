import LeewayTestSupport
import Logging
import Testing

@testable import LeewayConfiguration
@testable import LeewayCore
@testable import LeewayService

/// Reminders of the service that runs: by its own clock, and once across instances.
@Suite struct ReminderThreadTests {
  private let ledger = InMemoryLedger()
  private let plan: MonitorPlan
  private static let end = EventTime(milliseconds: 1_767_225_600_000)

  init() throws {
    let check = Check(
      name: "drift", on: .features(except: []), metric: .psi, window: "1h",
      limits: [
        TierLimit(.warning, .above(.absolute(0.1)))
      ])
    var monitor = try SampleMonitor.monitor(.binary, name: "a", checks: [check])
    monitor.alerts = [.warning: ["chat"]]
    monitor.reminder = .milliseconds(1)
    plan = try SampleMonitor.plan(monitor)
  }

  private func thread(_ holder: String) throws -> EvaluationThread {
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let text = "kafka: {bootstrap: \"localhost:9092\"}\nreceivers:\n  chat: {type: log}\n"
    let reading = ServiceConfigurationReading(path: "leeway.yaml", environment: [:])
    let setup = try Setup(configuration: #require(reading.read(Array(text.utf8))), plans: [plan])
    let state = ServiceState(plans: [plan], patience: .minutes(2), now: .now)
    return EvaluationThread(
      EvaluationLoop(
        live: LiveSetup(setup), isSingleInstance: true, ledger: ledger, superseded: SupersededPlans(logger: logger),
        metrics: MadeUpService.metrics(), state: state, holder: holder, logger: logger))
  }

  private func open() throws -> String {
    let window = WindowDefinition(name: "1h", size: .hours(1), every: .minutes(30))
    var verdict = Verdict(
      check: plan.monitor.checks[0], window: window, end: Self.end, slice: "all", subject: "amount", value: 0.3,
      rows: 500, tier: .warning)
    verdict.threshold = 0.1
    try ledger.write { [verdict] tx in
      _ = try Generations.current(plan, in: tx)
      _ = try Decision(plan: plan, context: DecisionContext(receivers: ["chat"])).decide(
        [verdict], now: Self.end, in: tx)
    }
    return try #require(try ledger.read { try $0.incidents(IncidentQuery()) }.first?.id)
  }

  private func reminders() throws -> [OutboxRecord] {
    try ledger.read { try $0.deliveries(incident: nil, limit: 10_000) }.filter { $0.message.hasSuffix("-reminder") }
  }

  /// Rounds take time, and after a thousandth of a second a reminder is due.
  private func rounds(_ thread: EvaluationThread, until count: Int) throws {
    for _ in 0..<100_000 where try reminders().count < count { _ = thread.round(StopFlag()) }
  }

  @Test func anInstanceRemindsByItsOwnClock() throws {
    let incident = try open()
    let first = try thread("a")
    try rounds(first, until: 2)
    let sent = try reminders()
    #expect(sent.count == 2 && sent.allSatisfy { $0.receiver == "chat" && $0.incident == incident })
    #expect(sent.allSatisfy { $0.body.contains(#""event":"incident.reminder""#) })
    // Another one goes on with what is in the ledger: none comes twice.
    try ledger.write { try $0.release(lease: EvaluationLease.name(monitor: "a"), holder: "a") }
    try rounds(try thread("b"), until: 4)
    let counts = try ledger.read {
      try $0.decisions(monitor: "a", group: .drift, outside: true, after: nil, limit: 10_000)
    }.map(\.body)
    #expect(counts.count == Set(counts).count && counts.count >= 4)
    #expect(try reminders().count == counts.count)
  }
}
