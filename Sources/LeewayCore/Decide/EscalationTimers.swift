/// Hands incidents of one monitor on that no person acknowledges, and reminds of them. Whoever holds the monitor's lease counts how long each has waited, in
/// time that it measures while it judges: time in which no process ran does not count, nor does a clock that is set. What has been
/// counted is stored now and then, so that a crash makes an escalation or a
/// reminder late by ``storedEvery`` at most, and never early. What was sent is in the log, so that none is sent twice.
package struct EscalationTimers: Sendable {
  /// How much may be counted that is not stored.
  package static let storedEvery = TimeSpan.seconds(10)
  private static let mostOpen = 100

  private let monitor: String
  /// By incident; nil: not read yet.
  private var waited: [String: TimeSpan]?
  private var unstored = TimeSpan.zero
  /// By incident: reminders that are known to be in the log.
  private var reminded: [String: Int64] = [:]
  /// The lease under which it was counted: under another one, another instance may have gone on.
  private var epoch: Int64?

  package init(monitor: String) { self.monitor = monitor }

  /// Whether incidents were open at the last tick, or what was counted of them is still stored. Else a tick has nothing to do until an
  /// incident opens.
  package var waits: Bool { !(waited?.isEmpty ?? false) || isStored }
  private var isStored = false

  /// What a tick did, by the ids of incidents.
  package struct Outcome: Sendable, Equatable {
    package var handedOn: [String] = []
    package var reminded: [String] = []
  }

  private static func setting(_ monitor: String) -> String { "escalation of \(monitor)" }

  /// Counts the time since the last tick, hands on what has waited long enough, and reminds of it.
  ///
  /// - Parameters:
  ///   - elapsed: by a clock that only goes forward.
  ///   - now: wall clock, for messages.
  /// - Throws: what the ledger throws; `LeaseLost` if another evaluator has taken over.
  package mutating func tick(
    _ elapsed: TimeSpan, plan: MonitorPlan, context: DecisionContext, ledger: any Ledger, lease: EvaluationLease,
    now: EventTime
  ) throws -> Outcome {
    guard plan.monitor.hasTimers else { return Outcome() }
    var elapsed = elapsed
    if epoch != lease.epoch {
      epoch = lease.epoch
      waited = nil
      (unstored, elapsed, reminded) = (.zero, .zero, [:])
    }
    let (open, stored) = try ledger.read { reader in
      (
        try reader.incidents(IncidentQuery(monitor: monitor, open: true, limit: Self.mostOpen)),
        try Self.decoded(reader.setting(Self.setting(monitor)))
      )
    }
    let before = waited ?? stored
    var counted: [String: TimeSpan] = [:]
    for id in open.map(\.id) {
      // One that is not stored is new, or has reopened, and begins.
      counted[id] = stored[id] == nil ? .zero : before[id].map { $0 + elapsed } ?? .zero
      if stored[id] == nil { reminded[id] = nil }
    }
    waited = counted
    isStored = !stored.isEmpty
    unstored = counted.isEmpty ? .zero : unstored + elapsed
    let longest = counted.values.max() ?? .zero
    let mayBeDue = plan.monitor.escalations.contains { $0.after <= longest }
    let reminders = reminders(plan.monitor.reminder, counted)
    guard
      mayBeDue || !reminders.isEmpty || unstored >= Self.storedEvery || Set(stored.keys) != Set(counted.keys)
    else { return Outcome() }
    let outcome = try ledger.write { tx in
      guard try tx.epoch(ofLease: lease.name) == lease.epoch else { throw LeaseLost(name: lease.name) }
      try tx.put(setting: Self.setting(monitor), value: Self.encoded(counted))
      let decision = Decision(plan: plan, context: context)
      // Those to whom it goes on now have no need to be reminded.
      let reminded = reminders.isEmpty ? [] : try decision.remind(reminders, now: now, in: tx)
      return Outcome(
        handedOn: mayBeDue ? try decision.escalate(counted, now: now, in: tx) : [], reminded: reminded)
    }
    for (id, count) in reminders { reminded[id] = count }
    unstored = .zero
    return outcome
  }

  /// How many reminders of each incident would be due, where that is more than are known to be in the log.
  private func reminders(_ interval: TimeSpan?, _ counted: [String: TimeSpan]) -> [String: Int64] {
    guard let interval, interval > .zero else { return [:] }
    var due: [String: Int64] = [:]
    for (id, span) in counted {
      let count = span.milliseconds / interval.milliseconds
      if count > reminded[id] ?? 0 { due[id] = count }
    }
    return due
  }

  /// Begins to count from the start for an incident that has reopened.
  static func restart(_ incident: String, of monitor: String, in tx: any LedgerWriter) throws {
    var waited = try decoded(tx.setting(setting(monitor)))
    guard waited.removeValue(forKey: incident) != nil else { return }
    try tx.put(setting: setting(monitor), value: encoded(waited))
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
      guard let incident = desk.machine(group).incident, incident.acknowledged == nil, let span = waited[incident.id],
        // One that only may come back keeps people busy when it does.
        incident.flapping?.quiet == nil
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

  /// Reminds of incidents that no person has acknowledged.
  ///
  /// - Parameter counts: reminders that are due, by incident, of those that may be in the log already.
  /// - Returns: those of which receivers were reminded.
  func remind(_ counts: [String: Int64], now: EventTime, in tx: any LedgerWriter) throws -> [String] {
    guard let interval = plan.monitor.reminder else { return [] }
    var desk = try Desk(
      plan.monitor.name, monitor: plan.monitor, generation: plan.generation, baseline: plan.baseline.identity,
      context: context, now: now, in: tx)
    var reminded: [String] = []
    for group in CauseGroup.allCases {
      guard let incident = desk.machine(group).incident, incident.acknowledged == nil,
        let count = counts[incident.id], count > incident.reminded
      else { continue }
      // Time passes below `warning` too, and while nothing fires: what comes of it is not told of twice at once.
      let isNews = incident.tier >= .warning && incident.flapping?.quiet == nil
      let receivers = isNews ? context.receivers.intersection(incident.told.keys) : []
      try desk.fold(
        DecisionInput(
          at: desk.machine(group).through,
          .reminded(
            incident: incident.id, count: count, after: interval * count, told: receivers.sorted(by: utf8Order))),
        group)
      if !receivers.isEmpty { reminded.append(incident.id) }
    }
    try desk.store()
    return reminded
  }
}
