package import LeewayCore

/// One instance of the service without a broker or a clock: a writer, the partitions it has claimed, and where it reads
/// them. Tests say when it reads, flushes, dies and is robbed of a partition.
package final class SimulatedInstance {
  package typealias Place = TopicPartition

  package let name: String
  package private(set) var intake: Intake
  package private(set) var plans: [MonitorPlan]
  private let logs: [MessageLog]
  private let ledger: any Ledger
  private let limits: IntakeLimits
  private let lanes: Int
  private let reader: Generations.Reader
  private var writers = 0
  private var positions: [Place: Int] = [:]

  /// Records the generations and every partition that the logs have.
  package static func prepare(
    _ ledger: any Ledger, plans: [MonitorPlan], logs: [MessageLog], startsAt: EventTime = .distantPast
  ) throws {
    try ledger.write { tx in
      for plan in plans {
        try tx.put(
          generation: GenerationRecord(
            monitor: plan.monitor.name, generation: plan.generation, startsAt: startsAt,
            baseline: plan.baseline.identity))
        try tx.ensure(partitions: keys(plan, logs, nil))
      }
    }
  }

  package init(
    _ name: String, plans: [MonitorPlan], logs: [MessageLog], ledger: any Ledger, limits: IntakeLimits = IntakeLimits(),
    lanes: Int = 1, reader: @escaping Generations.Reader = Generations.none
  ) throws {
    self.name = name
    self.plans = plans
    self.logs = logs
    self.ledger = ledger
    self.limits = limits
    self.lanes = lanes
    self.reader = reader
    intake = Intake(plans: [], writer: "", limits: limits)
    try restart()
  }

  /// Dies and comes back as a new writer that has claimed nothing.
  ///
  /// - Parameter plans: what it watches from now on; nil: what it did before.
  package func restart(plans: [MonitorPlan]? = nil) throws {
    if let plans { self.plans = plans }
    intake = Intake(plans: [], writer: "", limits: limits)
    positions = [:]
    writers += 1
    let writer = "\(name)-\(writers)"
    let placed = try ledger.write { tx in
      try tx.register(writer: writer, instance: InstanceIdentity(host: name, process: Int32(writers)))
      return try self.plans.map { try Generations.current($0, in: tx, reading: reader) }
    }
    self.plans = placed.map(\.plan)
    intake = Intake(plans: placed, writer: writer, limits: limits, lanes: lanes)
  }

  package static func places(_ logs: [MessageLog]) -> [Place] {
    logs.flatMap { log in log.partitions.indices.map { Place(log.topic, Int32($0)) } }
  }

  private static func keys(
    _ plan: MonitorPlan, _ logs: [MessageLog], _ places: Set<Place>?
  ) -> [(key: PartitionKey, role: StreamRole)] {
    Self.places(logs).filter { places?.contains($0) ?? true }.compactMap { place in
      let role: StreamRole? =
        place.topic == plan.monitor.predictions.topic
        ? .predictions : place.topic == plan.monitor.labels?.topic ? .labels : nil
      return role.map {
        (PartitionKey(monitor: plan.monitor.name, topic: place.topic, partition: place.partition), $0)
      }
    }
  }

  /// Takes partitions over and goes on where the ledger says.
  package func claim(_ places: [Place]) throws {
    let rows = plans.flatMap { Self.keys($0, logs, Set(places)) }
    let records = try ledger.write { tx in
      try tx.ensure(partitions: rows)
      return try tx.claim(partitions: rows.map(\.key), owner: intake.writer)
    }
    for record in records { intake.open(record) }
    for place in places { positions[place] = intake.nextOffset(place).map { Int($0) } }
  }

  package func claimAll() throws { try claim(Self.places(logs)) }

  package var owned: [Place] { positions.keys.sorted { ($0.topic, $0.partition) < ($1.topic, $1.partition) } }

  package func isAtEnd(_ place: Place, _ end: Int = .max) -> Bool {
    (positions[place] ?? .max) >= min(end, messages(place).count)
  }
  package var isAtEnd: Bool { owned.allSatisfy { isAtEnd($0) } }

  private func messages(_ place: Place) -> [LoggedMessage] {
    logs.first { $0.topic == place.topic }?.partitions[Int(place.partition)] ?? []
  }

  /// Takes at most `count` messages of a partition, of its first `visible`.
  package func read(_ place: Place, _ count: Int, of visible: Int = .max) {
    guard let position = positions[place], let slot = intake.slot(place) else { return }
    let log = messages(place)
    let end = min(log.count, visible, position + count)
    for offset in min(position, end)..<end { Self.take(log[offset], offset: Int64(offset), from: slot, by: intake) }
    positions[place] = max(position, end)
  }

  package static func take(_ message: LoggedMessage, offset: Int64, from slot: Intake.Slot, by intake: Intake) {
    func with(_ bytes: [UInt8]?, _ body: (UnsafeRawBufferPointer?) -> Void) {
      if let bytes { bytes.withUnsafeBytes { body($0) } } else { body(nil) }
    }
    with(message.key) { key in
      with(message.value) { value in
        intake.take(
          SourceMessage(offset: offset, recordTime: message.recordTime, key: key, value: value), from: slot)
      }
    }
  }

  package func readAll() { for place in owned { read(place, .max / 2) } }

  /// Hands a partition over: it has no owner until the next claim.
  package func release(_ place: Place) throws {
    drop(place)
    let keys = plans.flatMap { Self.keys($0, logs, [place]).map(\.key) }
    try ledger.write { try $0.release(partitions: keys, owner: intake.writer) }
  }

  /// Lets go of a partition without flushing it.
  package func drop(_ place: Place) {
    intake.close(place)
    positions[place] = nil
  }

  @discardableResult
  package func flush() throws -> FlushReport {
    let report = try intake.flush(to: ledger)
    for key in report.fenced { positions[Place(key.topic, key.partition)] = nil }
    return report
  }

  /// Evaluates round after round until nothing is left to do.
  @discardableResult
  package static func evaluate(
    _ plan: MonitorPlan, _ ledger: any Ledger, maximumWindows: Int = 512, maximumErrors: Int = 250_000,
    now: EventTime = EventTime(milliseconds: 0),
    context: DecisionContext = DecisionContext(), watermarks: Watermarks? = nil
  ) throws -> [EvaluationReport] {
    let name = EvaluationLease.name(monitor: plan.monitor.name)
    guard
      let epoch = try ledger.write({
        try $0.acquire(lease: name, holder: "evaluator", lasting: .days(36_500))
      })
    else { throw LeaseLost(name: name) }
    let evaluator = Evaluator(
      plan: plan, context: context, maximumWindows: maximumWindows, maximumErrors: maximumErrors)
    var reports: [EvaluationReport] = []
    repeat {
      reports.append(
        try evaluator.evaluate(
          ledger, lease: EvaluationLease(name: name, epoch: epoch), now: now, watermarks: watermarks))
    } while reports.last?.isComplete == false
    return reports
  }
}
