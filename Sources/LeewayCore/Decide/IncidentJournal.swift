/// Writes down what an incident has come to: its line among the results, its record, and what receivers are owed.
struct IncidentJournal {
  let monitor: String
  let generation: String
  let baseline: String
  let context: DecisionContext

  /// A transition and its notifications to `receivers`.
  func record(
    _ step: IncidentTransition, _ machine: IncidentMachine, _ incident: IncidentMachine.Incident,
    to receivers: Set<String>, now: EventTime, in tx: any LedgerWriter
  ) throws {
    try tx.put(results: [line(step, advice: machine.advice)])
    guard !receivers.isEmpty else { return }
    let body = notification(step.group, machine, incident).incident(step)
    try tx.enqueue(
      receivers.sorted(by: utf8Order).map { outbox($0, incident.id, step.sequence, step.transition, body, now) })
  }

  /// What is known of the incident now; `end` is the end of the window that changed it.
  func store(
    _ machine: IncidentMachine, _ group: CauseGroup, _ end: EventTime, resolved: Bool, in tx: any LedgerWriter
  ) throws {
    guard let incident = machine.incident else { return }
    let known = try tx.incident(incident.id)
    var state = known?.state ?? .open
    if resolved {
      state = .resolved
    } else if incident.retrain != nil, state == .open || state == .acknowledged {
      state = .retraining
    }
    var w = JSONWriter()
    Notification.writeEvidence(machine, to: &w)
    // A resolved incident keeps showing what it was about.
    let evidence = resolved ? known?.evidence ?? w.text : w.text
    try tx.put(
      incident: IncidentRecord(
        id: incident.id, monitor: monitor, group: group, state: state, tier: incident.tier,
        openedAt: incident.openedAt, changedAt: end, resolvedAt: resolved ? end : nil,
        checks: incident.checks.sorted(by: utf8Order), subjects: incident.subjects.sorted(by: utf8Order),
        evidence: evidence))
  }

  func notification(
    _ group: CauseGroup, _ machine: IncidentMachine, _ incident: IncidentMachine.Incident
  ) -> Notification {
    Notification(
      monitor: monitor, baseline: baseline, context: context, group: group, machine: machine, incident: incident)
  }

  func outbox(
    _ receiver: String, _ incident: String, _ sequence: Int64, _ what: String, _ body: String, _ now: EventTime
  ) -> OutboxRecord {
    OutboxRecord(
      key: "\(incident)/\(sequence)-\(what)/\(receiver)", monitor: monitor, incident: incident, receiver: receiver,
      sequence: sequence, body: body, createdAt: now, nextAttemptAt: now)
  }

  private func line(_ step: IncidentTransition, advice: String?) -> ResultRecord {
    var w = JSONWriter()
    w.beginObject()
    for (key, text) in [("type", "incident"), ("monitor", step.monitor), ("incident", step.incident)] {
      w.key(key)
      w.string(text)
    }
    w.key("at")
    w.time(step.at)
    for (key, text) in [("transition", step.transition), ("tier", step.tier.name), ("reason", step.group.rawValue)] {
      w.key(key)
      w.string(text)
    }
    if let advice {
      w.key("advice")
      w.string(advice)
    }
    w.key("checks")
    w.strings(step.checks)
    w.key("subjects")
    w.strings(step.subjects)
    w.endObject()
    // An incident has no window: its size is 0 and its subject, for the key alone, its id.
    return ResultRecord(
      monitor: step.monitor, generation: generation, type: .incident, window: "", size: 0, end: step.at, slice: "",
      subject: step.incident, sequence: step.sequence, line: w.text)
  }
}
