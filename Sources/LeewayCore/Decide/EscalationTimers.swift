/// Hands incidents of one monitor on that no person acknowledges. Whoever holds the monitor's lease counts how long each has waited, in
/// time that it measures while it judges: time in which no process ran does not count, nor does a clock that is set. What has been
/// counted is stored now and then, so that a crash makes an escalation late by ``storedEvery`` at most, and never early.
package struct EscalationTimers: Sendable {
  /// How much may be counted that is not stored.
  package static let storedEvery = TimeSpan.seconds(10)
  private static let mostOpen = 100

  private let monitor: String
  /// By incident; nil: not read yet.
  private var waited: [String: TimeSpan]?
  private var unstored = TimeSpan.zero
  /// Of the lease under which it was counted: under another one, another instance may have gone on.
  private var epoch: Int64?

  package init(monitor: String) { self.monitor = monitor }

  private var setting: String { "escalation of \(monitor)" }

  /// Counts the time since the last tick, and hands on what has waited long enough.
  ///
  /// - Parameters:
  ///   - elapsed: by a clock that only goes forward.
  ///   - now: wall clock, for messages.
  /// - Returns: incidents that were handed on.
  /// - Throws: what the ledger throws; `LeaseLost` if another evaluator has taken over.
  package mutating func tick(
    _ elapsed: TimeSpan, plan: MonitorPlan, context: DecisionContext, ledger: any Ledger, lease: EvaluationLease,
    now: EventTime
  ) throws -> [String] {
    let steps = plan.monitor.escalations
    guard !steps.isEmpty else { return [] }
    var elapsed = elapsed
    if epoch != lease.epoch {
      epoch = lease.epoch
      waited = nil
      (unstored, elapsed) = (.zero, .zero)
    }
    let (open, stored) = try ledger.read { reader in
      (
        try reader.incidents(IncidentQuery(monitor: monitor, open: true, limit: Self.mostOpen)),
        waited == nil ? try Self.decoded(reader.setting(setting)) : [:]
      )
    }
    let before = waited ?? stored
    var counted: [String: TimeSpan] = [:]
    for incident in open { counted[incident.id] = before[incident.id].map { $0 + elapsed } ?? .zero }
    waited = counted
    unstored = counted.isEmpty ? .zero : unstored + elapsed
    let longest = counted.values.max() ?? .zero
    let mayBeDue = steps.contains { $0.after <= longest }
    guard mayBeDue || unstored >= Self.storedEvery || Set(before.keys) != Set(counted.keys) else { return [] }
    let handedOn = try ledger.write { tx in
      guard try tx.epoch(ofLease: lease.name) == lease.epoch else { throw LeaseLost(name: lease.name) }
      try tx.put(setting: setting, value: Self.encoded(counted))
      return mayBeDue
        ? try Decision(plan: plan, context: context).escalate(counted, now: now, in: tx) : []
    }
    unstored = .zero
    return handedOn
  }

  private static func encoded(_ waited: [String: TimeSpan]) -> [UInt8] {
    var w = JSONWriter()
    w.beginObject()
    for (id, span) in waited.sorted(by: { utf8Order($0.key, $1.key) }) {
      w.key(id)
      w.number(span.milliseconds)
    }
    w.endObject()
    return w.bytes
  }

  private static func decoded(_ bytes: [UInt8]?) throws -> [String: TimeSpan] {
    guard let bytes else { return [:] }
    var waited: [String: TimeSpan] = [:]
    for (id, span) in try JSONReader(try JSONValue(parsing: bytes)).members() {
      waited[id] = .milliseconds(try span.integer())
    }
    return waited
  }
}

extension Decision {
  /// Incidents that have waited for a person for longer than a step of the monitor allows go to its receivers.
  ///
  /// - Parameter waited: by incident.
  /// - Returns: those that were handed on.
  func escalate(_ waited: [String: TimeSpan], now: EventTime, in tx: any LedgerWriter) throws -> [String] {
    var desk = try Desk(
      plan.monitor.name, monitor: plan.monitor, generation: plan.generation, baseline: plan.baseline.identity,
      context: context, now: now, in: tx)
    var handedOn: [String] = []
    for group in CauseGroup.allCases {
      guard let incident = desk.machine(group).incident, incident.acknowledged == nil, let span = waited[incident.id]
      else { continue }
      let due = plan.monitor.escalations.enumerated().filter { i, step in
        i >= incident.escalated && step.after <= span && step.tier <= incident.tier
      }
      guard let last = due.last else { continue }
      let receivers = Set(due.flatMap(\.element.receivers)).intersection(context.receivers).sorted(by: utf8Order)
      try desk.fold(
        DecisionInput(
          at: desk.machine(group).through,
          .handedOn(incident: incident.id, step: Int64(last.offset + 1), after: last.element.after, told: receivers)),
        group)
      handedOn.append(incident.id)
    }
    try desk.store()
    return handedOn
  }
}
