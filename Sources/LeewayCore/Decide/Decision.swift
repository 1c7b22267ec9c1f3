/// What deciding needs to know of the outside.
package struct DecisionContext: Sendable {
  /// Names that notifications may go to; a monitor's others are not sent.
  package var receivers: Set<String>
  /// Where people and trainers reach this service; nil: no links.
  package var publicURL: String?
  /// The bearer token of a retrain's callback, good until the deadline.
  package var callbackToken: @Sendable (_ retrain: String, _ deadline: EventTime) -> String

  package init(
    receivers: Set<String> = [], publicURL: String? = nil,
    callbackToken: @escaping @Sendable (String, EventTime) -> String = { _, _ in "" }
  ) {
    self.receivers = receivers
    self.publicURL = publicURL
    self.callbackToken = callbackToken
  }

  /// The receiver whose notification is a call to retrain.
  package static let retrainReceiver = "retrain"
}

/// A step of an incident.
package struct IncidentTransition: Sendable, Equatable {
  package var incident: String
  package var monitor: String
  package var group: CauseGroup
  /// End of the window that made it.
  package var at: EventTime
  /// `opened`, `escalated`, `resolved`.
  package var transition: String
  package var tier: Tier
  package var checks: [String]
  package var subjects: [String]
  package var sequence: Int64
}

/// What a round decided.
package struct Decisions: Sendable, Equatable {
  package var transitions: [IncidentTransition] = []
  package var retrainsRequested: Int64 = 0
  /// Times that a guard began to hold a retrain back.
  package var retrainsHeld: Int64 = 0
}

/// Turns verdicts into incidents, notifications and calls to retrain, within the transaction that stores the verdicts.
struct Decision {
  let plan: MonitorPlan
  let context: DecisionContext

  private var monitor: Monitor { plan.monitor }
  private var journal: IncidentJournal {
    IncidentJournal(
      monitor: monitor.name, generation: plan.generation, baseline: plan.baseline.identity, context: context)
  }

  func decide(_ verdicts: [Verdict], now: EventTime, in tx: any LedgerWriter) throws -> Decisions {
    var out = Decisions()
    let checks = Dictionary(uniqueKeysWithValues: monitor.checks.map { ($0.name, $0) })
    for group in CauseGroup.allCases {
      let mine = verdicts.filter { checks[$0.check]?.causeGroup($0.stage) == group }
      guard !mine.isEmpty else { continue }
      var machine =
        try tx.machine(monitor: monitor.name, group: group).map { bytes throws(JSONFailure) in
          try IncidentMachine(encoded: bytes)
        } ?? IncidentMachine()
      machine.keep(checks: Set(checks.keys))
      var start = mine.startIndex
      while start < mine.endIndex {
        let end = mine[start].end
        let stop = mine[start...].firstIndex { $0.end != end } ?? mine.endIndex
        try step(&machine, group, Array(mine[start..<stop]), end, now: now, in: tx, into: &out)
        start = stop
      }
      try tx.put(machine: machine.encoded(), monitor: monitor.name, group: group)
    }
    return out
  }

  private func step(
    _ machine: inout IncidentMachine, _ group: CauseGroup, _ verdicts: [Verdict], _ end: EventTime, now: EventTime,
    in tx: any LedgerWriter, into out: inout Decisions
  ) throws {
    let before = machine.incident
    let transition = machine.consume(verdicts, monitor: monitor.name, group: group, end: end)
    guard let incident = machine.incident else { return }
    if let transition {
      let resolved = transition == .resolved
      let step = IncidentTransition(
        incident: incident.id, monitor: monitor.name, group: group, at: end, transition: transition.rawValue,
        tier: incident.tier,
        checks: Set(resolved ? Array(incident.checks) : machine.active.keys.map(\.check)).sorted(by: utf8Order),
        subjects: Set(resolved ? Array(incident.subjects) : machine.active.keys.map(\.subject)).sorted(by: utf8Order),
        sequence: incident.sequence)
      out.transitions.append(step)
      let told =
        resolved
        ? incident.receivers : receivers(upTo: incident.tier, after: transition == .opened ? nil : before?.tier)
      try journal.record(step, machine, incident, to: told, now: now, in: tx)
      machine.told(told)
    }
    let wanted =
      machine.incident?.retrain == nil && transition != .resolved && machine.advice == nil
      && wantsRetrain(group, machine.tierForRetrain(besides: inconclusive(group)))
    if wanted { try requestRetrain(&machine, group, end, now: now, in: tx, into: &out) }
    try journal.store(machine, group, end, resolved: transition == .resolved, in: tx)
    if transition == .resolved { machine.close() }
  }

  /// Receivers of a tier; on escalation those of every tier reached, so that whoever heard of it hears that it is worse.
  private func receivers(upTo tier: Tier, after: Tier?) -> Set<String> {
    var names = Set(monitor.alerts[tier] ?? [])
    if let after { names.formUnion(monitor.alerts[after] ?? []) }
    names.remove(DecisionContext.retrainReceiver)
    return names.intersection(context.receivers)
  }

  // MARK: Retraining

  /// Checks that may fire and never call for a retrain.
  private func inconclusive(_ group: CauseGroup) -> Set<String> {
    Set(
      monitor.checks.filter {
        $0.metric.isExperimental || $0.on == .comparison || (group == .performanceEarly && !$0.retrainsEarly)
      }.map(\.name))
  }

  private func wantsRetrain(_ group: CauseGroup, _ tier: Tier?) -> Bool {
    // Bad data is mended, not learned; and drift by the sampling null alone is not reason enough to train.
    guard group == .performance || group == .performanceEarly, monitor.retrain != nil, let tier else { return false }
    return monitor.alerts.contains { $0.key <= tier && $0.value.contains(DecisionContext.retrainReceiver) }
  }

  private func requestRetrain(
    _ machine: inout IncidentMachine, _ group: CauseGroup, _ end: EventTime, now: EventTime, in tx: any LedgerWriter,
    into out: inout Decisions
  ) throws {
    guard let policy = monitor.retrain, let incident = machine.incident else { return }
    if let reason = try heldBack(policy, end, now, in: tx) {
      guard reason != incident.heldBack else { return }
      machine.heldBack(reason)
      out.retrainsHeld += 1
      var w = JSONWriter()
      w.beginObject()
      w.key("reason")
      w.string(reason)
      w.key("end")
      w.time(end)
      w.endObject()
      try tx.record(
        input: OutsideInput(monitor: monitor.name, incident: incident.id, at: now, kind: "retrain_held", detail: w.text)
      )
      return
    }
    let id = "rt-\(SHA256.hash(Array("\(incident.id)\n\(incident.openedAt.milliseconds)".utf8)).hex.prefix(16))"
    let deadline = now + policy.deadline
    machine.requested(retrain: id)
    out.retrainsRequested += 1
    try tx.put(
      retrain: RetrainRecord(
        id: id, monitor: monitor.name, incident: incident.id, state: .requested, requestedAt: end, deadline: deadline,
        requestedWall: now))
    guard context.receivers.contains(DecisionContext.retrainReceiver) else { return }
    let body = journal.notification(group, machine, incident).retrain(id: id, deadline: deadline)
    try tx.enqueue([
      journal.outbox(DecisionContext.retrainReceiver, incident.id, incident.sequence, "retrain", body, now)
    ])
  }

  /// Why no retrain may be asked for now; nil if it may. Both clocks count: event time, so that a replay decides alike,
  /// and wall clock, so that a backlog read in a minute does not start a week's trainings.
  private func heldBack(_ policy: RetrainPolicy, _ end: EventTime, _ now: EventTime, in tx: any LedgerWriter) throws
    -> String?
  {
    if let bytes = try tx.machine(monitor: monitor.name, group: .dataQuality),
      let incident = try IncidentMachine(encoded: bytes).incident
    {
      return "data incident \(incident.id) is open: mend the data first"
    }
    let earlier = try tx.retrains(monitor: monitor.name, limit: policy.maximumPerWeek + 1)
    if let last = earlier.first, end < last.requestedAt + policy.cooldown || now < last.requestedWall + policy.cooldown
    {
      return "\(last.id) was requested less than the cooldown of \(policy.cooldown) ago"
    }
    if earlier.filter({ now < $0.requestedWall + .days(7) }).count >= policy.maximumPerWeek {
      return "\(policy.maximumPerWeek) retrains were requested within 7d, the most that max_per_week allows"
    }
    return nil
  }
}
