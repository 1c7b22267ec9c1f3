/// Writes down what an incident has come to: its lines among the results, its record, and what receivers are owed.
struct IncidentJournal {
  let monitor: String
  let generation: String
  let baseline: String
  let context: DecisionContext
  /// Receivers of each tier, as the monitor says.
  var alerts: [Tier: [String]] = [:]
  let now: EventTime

  // MARK: Lines and messages

  /// A transition and its notifications.
  ///
  /// - Parameters:
  ///   - machine: as after the transition.
  ///   - judged: of `spread`, the slices that were judged at this end.
  ///   - knowing: receivers that have heard of the early twin.
  func record(
    _ step: IncidentMachine.Step, _ machine: IncidentMachine, to receivers: Set<String>,
    judged: [Notification.Spread.Subject: Int] = [:], knowing: Set<String> = [], in tx: any LedgerWriter
  ) throws {
    let transition = step.transition
    // An incident has no window: its size is 0 and its subject, for the key only, its id.
    try tx.put(results: [
      ResultRecord(
        monitor: monitor, generation: generation, type: .incident, window: "", size: 0, end: transition.at, slice: "",
        subject: transition.incident, sequence: transition.sequence, line: transition.line)
    ])
    let receivers = receivers.intersection(context.receivers).sorted(by: utf8Order)
    guard !receivers.isEmpty else { return }
    if transition.kind == .spread { return try spread(step, machine, to: receivers, judged, knowing, in: tx) }
    let body = notification(machine, step).incident(transition, evaluation: try evaluation(transition, in: tx))
    try tx.enqueue(receivers.map { outbox($0, transition, transition.transition, body, at: now) })
    try hasten(step.incident.id, receivers, in: tx)
  }

  /// The call to retrain.
  func call(_ step: IncidentMachine.Step, _ machine: IncidentMachine, deadline: EventTime, in tx: any LedgerWriter)
    throws
  {
    guard let id = step.transition.retrain, context.receivers.contains(DecisionContext.retrainReceiver) else { return }
    let body = notification(machine, step).retrain(id: id, deadline: deadline)
    var row = outbox(DecisionContext.retrainReceiver, step.transition, "retrain", body, at: now)
    row.retrain = id
    try tx.enqueue([row])
  }

  /// What the trainer has said, where the transition is about that.
  private func evaluation(_ transition: IncidentTransition, in tx: any LedgerWriter) throws -> String? {
    guard transition.kind != .retraining, let id = transition.retrain, let answer = try tx.retrain(id)?.answer,
      !answer.isEmpty
    else { return nil }
    return answer
  }

  private func notification(_ machine: IncidentMachine, _ step: IncidentMachine.Step) -> Notification {
    // What fires now is not what an early incident opened with.
    let isOfOpening = step.transition.kind == .confirmed || step.transition.kind == .withdrawn
    return Notification(
      monitor: monitor, baseline: baseline, context: context, group: step.transition.group,
      machine: isOfOpening ? IncidentMachine() : machine, incident: step.incident)
  }

  private func outbox(
    _ receiver: String, _ step: IncidentTransition, _ what: String, _ body: String, at due: EventTime
  ) -> OutboxRecord {
    OutboxRecord(
      key: "\(step.incident)/\(step.sequence)-\(what)/\(receiver)", monitor: monitor, incident: step.incident,
      receiver: receiver, sequence: step.sequence, body: body, createdAt: now, nextAttemptAt: due)
  }

  // MARK: Spread

  /// One message a receiver, at least `groupInterval` after the one before; what comes in between joins the message that
  /// waits.
  private func spread(
    _ step: IncidentMachine.Step, _ machine: IncidentMachine, to receivers: [String],
    _ judged: [Notification.Spread.Subject: Int], _ knowing: Set<String>, in tx: any LedgerWriter
  ) throws {
    let rows = try tx.deliveries(incident: step.incident.id, limit: 1000)
    // Those who have heard nothing of the incident, nor of the early one that it follows.
    let strangers = receivers.filter { !knowing.contains($0) && step.incident.told[$0] == step.transition.at }
    if !strangers.isEmpty { try tx.enqueue(introduction(step, machine, to: strangers)) }
    for receiver in receivers where !strangers.contains(receiver) {
      let mine = rows.filter { $0.receiver == receiver && $0.sequence < IncidentMachine.sequenceOfFinalVerdicts }
      let last = mine.filter(\.isOfSpread).max { $0.sequence < $1.sequence }
      // What follows it, such as an escalation, has told of what had fired by then.
      let isLast = mine.allSatisfy { $0.sequence <= last?.sequence ?? .min }
      let waiting = last.flatMap { isLast && $0.state == .owed && $0.leases == 0 ? $0 : nil }
      let since = waiting?.sequence ?? step.transition.sequence
      let tiers = step.incident.highest.filter {
        $0.value.sequence >= since && $0.value.tier >= .warning && alerts[$0.value.tier]?.contains(receiver) == true
      }
      let news = Notification.Spread(keys: tiers.keys.sorted(), tiers: tiers.mapValues(\.tier), judged: judged)
      var transition = step.transition
      transition.tier = tiers.values.map(\.tier).max() ?? transition.tier
      let body = notification(machine, step).incident(transition, spread: news)
      if var waiting {
        waiting.body = body
        if try tx.amend(delivery: waiting) { continue }
      }
      // Never later than the interval from now: a clock that was set back has left the one before in the future.
      let interval = context.groupInterval(of: receiver)
      let due = last.map { min(max(now, $0.nextAttemptAt + interval), now + interval) } ?? now
      try tx.enqueue([outbox(receiver, transition, transition.transition, body, at: due)])
    }
  }

  /// What an incident that is open already has come to, to whom it is new: that it has spread says nothing to those who
  /// never heard of it.
  private func introduction(
    _ step: IncidentMachine.Step, _ machine: IncidentMachine, to receivers: [String]
  ) -> [OutboxRecord] {
    var opened = step.transition
    opened.kind = .opened
    opened.tier = step.incident.tier
    let present = machine.present.keys
    opened.checks = IncidentMachine.Incident.names(present.map(\.check))
    opened.subjects = IncidentMachine.Incident.names(present.map(\.subject))
    opened.slices = IncidentMachine.Incident.names(present.map(\.slice))
    let body = notification(machine, step).incident(opened)
    return receivers.map { outbox($0, opened, opened.transition, body, at: now) }
  }

  /// Tells those of an open incident to whom it goes because no person has acknowledged it.
  func handOn(
    _ machine: IncidentMachine, _ group: CauseGroup, after: TimeSpan, to receivers: [String], in tx: any LedgerWriter
  ) throws {
    guard let incident = machine.incident, !receivers.isEmpty else { return }
    var opened = machine.transition(
      .opened, incident, machine.through, IncidentMachine.Name(monitor: monitor, group: group), of: machine.present.keys
    )
    opened.because = "no person has acknowledged it within \(after)"
    try tx.enqueue(introduction(IncidentMachine.Step(transition: opened, incident: incident), machine, to: receivers))
  }

  /// Tells those who have heard of an open incident all of it again, since no person has acknowledged it.
  func remind(
    _ machine: IncidentMachine, _ group: CauseGroup, after: TimeSpan, to receivers: Set<String>,
    in tx: any LedgerWriter
  ) throws {
    guard let incident = machine.incident, !receivers.isEmpty else { return }
    // Its line would be of no transition: it is only a message.
    var standing = machine.transition(
      .opened, incident, machine.through, IncidentMachine.Name(monitor: monitor, group: group), of: machine.present.keys
    )
    standing.because = "it has been open for \(after), and no person has acknowledged it"
    let step = IncidentMachine.Step(transition: standing, incident: incident)
    let body = notification(machine, step).incident(standing, event: Notification.reminder)
    let receivers = receivers.sorted(by: utf8Order)
    try tx.enqueue(receivers.map { outbox($0, standing, Notification.reminder, body, at: now) })
    try hasten(incident.id, receivers, in: tx)
  }

  /// What waits for its interval goes at once where something else follows it, since an incident's messages go in order.
  private func hasten(_ incident: String, _ receivers: [String], in tx: any LedgerWriter) throws {
    for var row in try tx.deliveries(incident: incident, limit: 1000)
    where row.isOfSpread && row.state == .owed && row.leases == 0 && row.nextAttemptAt > now
      && receivers.contains(row.receiver)
    {
      row.nextAttemptAt = now
      _ = try tx.amend(delivery: row)
    }
  }

  // MARK: The record

  /// What is known of the incident now. `end` is that of its last transition.
  func store(
    _ incident: IncidentMachine.Incident, _ machine: IncidentMachine, _ group: CauseGroup, _ end: EventTime,
    resolved: Bool, in tx: any LedgerWriter
  ) throws {
    let known = try tx.incident(incident.id)
    var w = JSONWriter()
    Notification.writeEvidence(machine.present, to: &w)
    var worst = WorstEvidence(known?.worst ?? "[]")
    if !resolved { worst.take(machine.present) }
    try tx.put(
      incident: IncidentRecord(
        id: incident.id, monitor: monitor, group: group, state: resolved ? .resolved : incident.state,
        tier: incident.tier, openedAt: incident.openedAt, changedAt: end, resolvedAt: resolved ? end : nil,
        checks: incident.checks, subjects: incident.subjects, slices: incident.slices,
        // A resolved incident keeps showing what it was about.
        evidence: resolved ? known?.evidence ?? w.text : w.text, worst: worst.text,
        retrain: incident.retrainText(isResolved: resolved),
        twin: incident.twinText, people: incident.peopleText))
  }

  /// The trainer's answer that came after the incident had ended: nothing happens in it any more, but whoever looks at it
  /// must not wait for a trainer that has answered.
  ///
  /// - Parameter state: what has become of it.
  func store(answerTo retrain: String, _ state: String, in tx: any LedgerWriter) throws {
    guard let incident = try tx.retrain(retrain)?.incident, var known = try tx.incident(incident),
      known.state == .resolved
    else { return }
    let root = JSONReader(try JSONValue(parsing: Array(known.retrain.utf8)))
    guard try root.member("retrain").text() == retrain, let before = try root.member("state").text(),
      ["requested", "candidate"].contains(before)
    else { return }
    known.retrain = known.retrain.replacing(
      #""state":"\#(before)""#, with: #""state":"\#(state)""#, maxReplacements: 1)
    try tx.put(incident: known)
  }

  /// What final verdicts said of an early incident that has ended.
  func store(confirmation step: IncidentMachine.Step, in tx: any LedgerWriter) throws {
    guard var known = try tx.incident(step.incident.id) else { return }
    known.twin = step.incident.twinText
    try tx.put(incident: known)
  }
}

extension OutboxRecord {
  fileprivate var isOfSpread: Bool { key.contains("-spread/") }
}

extension IncidentMachine.Incident {
  var state: IncidentState {
    switch mayAsk ? nil : retrain?.state {
    case .requested, .candidate: .retraining
    case .verifying: .verifying
    case .failed, nil: acknowledged == nil ? .open : .acknowledged
    }
  }

  /// What has become of a retrain, for people: the call, and what held it back.
  ///
  /// - Parameter isResolved: the incident has ended, so a new model has been verified.
  fileprivate func retrainText(isResolved: Bool) -> String {
    // One that had ended when the incident reopened is among its retrains, and is none that it waits for.
    let retrain = mayAsk ? nil : retrain
    guard retrain != nil || hold != nil else { return "null" }
    var w = JSONWriter()
    w.beginObject()
    w.key("state")
    w.string(isResolved && retrain?.state == .verifying ? "succeeded" : retrain?.state.rawValue ?? "held")
    if let retrain {
      w.key("retrain")
      w.string(retrain.id)
      w.key("at")
      w.time(retrain.at)
      if retrain.isOverdue {
        w.key("overdue")
        w.bool(true)
      }
    }
    if let hold {
      w.key("held")
      w.string(hold.reason)
      w.key("since")
      w.time(hold.since)
      w.key("released")
      if let released = hold.released { w.time(released) } else { w.null() }
    }
    w.endObject()
    return w.text
  }

  /// Who has it in hand, or has ended it.
  fileprivate var peopleText: String {
    let members = [
      ("acknowledged_by", acknowledged), ("assigned_to", assigned), ("resolved_by", resolution?.by),
      ("reason", resolution?.reason.rawValue),
    ]
    guard accepted != nil || members.contains(where: { $0.1 != nil }) else { return "null" }
    var w = JSONWriter()
    w.beginObject()
    for (name, text) in members {
      w.key(name)
      if let text { w.string(text) } else { w.null() }
    }
    if let accepted {
      w.key("accepted_by")
      w.string(accepted.by)
      w.key("accepted_since")
      w.time(accepted.since)
    }
    w.endObject()
    return w.text
  }

  /// How it stands to the incident of the other stage.
  fileprivate var twinText: String {
    guard early != nil || confirmed != nil else { return "null" }
    var w = JSONWriter()
    w.beginObject()
    if let early {
      w.key("early")
      w.string(early)
    }
    if let confirmed {
      w.key("final")
      w.string(confirmed ? "confirmed" : "withdrawn")
    }
    w.endObject()
    return w.text
  }
}
