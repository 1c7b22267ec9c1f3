import LeewayTestSupport
import Testing

@testable import LeewayCore

/// A monitor with its messages in the ledger, ready to be judged.
struct Scene {
  let plan: MonitorPlan
  /// The ledger's.
  let clock: ManualClock
  let ledger: InMemoryLedger
  let logs: [MessageLog]

  /// - Parameters:
  ///   - predictions, labels: by partition.
  init(
    _ task: ModelTask = .binary, checks: [Check] = [], predictions: [[PredictionEvent]], labels: [[LabelEvent]] = [[]],
    trained rows: [SampleMonitor.Row] = SampleMonitor.trainingRows(), configure: (inout Monitor) -> Void = { _ in }
  ) throws {
    var monitor = try SampleMonitor.monitor(task, checks: checks)
    configure(&monitor)
    try self.init(
      plan: MonitorPlan(monitor: monitor, baseline: SampleMonitor.baseline(monitor, rows: rows)),
      predictions: predictions, labels: labels)
  }

  init(plan: MonitorPlan, predictions: [[PredictionEvent]], labels: [[LabelEvent]] = [[]]) throws {
    self.plan = plan
    let clock = ManualClock()
    self.clock = clock
    ledger = InMemoryLedger(clock: { clock.now })
    logs = [
      MessageLog(topic: "predictions", role: .predictions, partitions: predictions.map { $0.map { $0.message() } }),
      MessageLog(topic: "labels", role: .labels, partitions: labels.map { $0.map { $0.message() } }),
    ]
    try SimulatedInstance.prepare(ledger, plans: [plan], logs: logs)
  }

  func instance() throws -> SimulatedInstance {
    try SimulatedInstance("a", plans: [plan], logs: logs, ledger: ledger)
  }

  /// Reads everything and commits it.
  @discardableResult
  func read() throws -> SimulatedInstance {
    let instance = try instance()
    try instance.claimAll()
    instance.readAll()
    try instance.flush()
    return instance
  }

  @discardableResult
  func judge(
    at watermark: EventTime? = nil, labels: EventTime? = nil, now: EventTime = EventTime(milliseconds: 0),
    maximumWindows: Int = 512, maximumErrors: Int = 250_000, context: DecisionContext = DecisionContext()
  ) throws -> [Verdict] {
    let placed = try ledger.read { try Generations.placed(plan, in: $0) } ?? plan
    return try SimulatedInstance.evaluate(
      placed, ledger, maximumWindows: maximumWindows, maximumErrors: maximumErrors, now: now, context: context,
      watermarks: watermark.map { Watermarks(predictions: $0, labels: labels ?? .distantPast) }
    ).flatMap(\.verdicts)
  }

  func lines(_ type: ResultType) throws -> [ResultRecord] {
    try ledger.read { try $0.results(ResultQuery(type: type, limit: .max)) }
  }

  /// The results' windows, as `15m 10` for the quarter that ends ten minutes after the start.
  func windows(_ type: ResultType) throws -> Set<String> {
    Set(try lines(type).map { "\($0.window) \(($0.end - World.start).milliseconds / 60_000)" })
  }

  static func minute(_ minutes: Int64) -> EventTime { World.start + .minutes(minutes) }

  /// Predictions spread evenly over `[from, to)` minutes after the start.
  static func predictions(
    _ count: Int, from: Int64 = 0, to: Int64 = 15, id: String = "p",
    _ change: (Int, inout PredictionEvent) -> Void = { _, _ in }
  ) -> [PredictionEvent] {
    (0..<count).map { i in
      var event = PredictionEvent(
        id: "\"\(id)\(i)\"",
        time: minute(from) + .milliseconds((to - from) * 60_000 * Int64(i) / Int64(max(count, 1))),
        output: "\(Double(i % 19 + 1) / 20)", amount: "\(i * 7 % 50)",
        country: ["\"DE\"", "\"FR\"", "\"DE\"", "\"US\"", "\"FR\"", "\"DE\""][i % 6])
      change(i, &event)
      return event
    }
  }
}

extension Check {
  static func above(_ x: Double, _ tier: Tier = .warning) -> TierLimit { TierLimit(tier, .above(.absolute(x))) }
  static func below(_ x: Double, _ tier: Tier = .warning) -> TierLimit { TierLimit(tier, .below(.absolute(x))) }
}

extension [Verdict] {
  /// The only one of a check at the end so many minutes after the start.
  func only(_ check: String, _ end: Int64, slice: String = "all", subject: String? = nil) throws -> Verdict {
    let found = filter {
      $0.check == check && $0.end == Scene.minute(end) && $0.slice == slice && (subject == nil || $0.subject == subject)
    }
    try #require(found.count == 1, "\(found.count) verdicts of \(check) at \(end)")
    return found[0]
  }
}
