/// What becomes of a retrain by its trainer, by people and by time: its record, its incident and the call that puts a model in
/// force change in the transaction that records it.
///
/// requested → succeeded, or candidate → approved or rejected, where people must approve; failed; expired, where its deadline
/// passes without an answer.
package enum RetrainActs {
  /// A retrain as it is after an act, and what that did to its incident: nothing where the incident has ended.
  package typealias Outcome = (record: RetrainRecord, transitions: [IncidentTransition])

  /// Bytes of the reason for a decision.
  package static let maximumReason = 1000

  package enum Refusal: Error, Equatable {
    case unknown
    case notCandidate(RetrainState)
    case approved(by: String)
  }

  // MARK: The trainer

  /// The trainer's answer, or the end of its run.
  ///
  /// - Parameters:
  ///   - record: of a retrain that is still requested.
  ///   - passes: whether there is a new model that passes the scorecard.
  ///   - reason: why there is none; nil where there is one or no reason was given.
  ///   - answer: what is kept of it, as JSON; empty: nothing.
  ///   - monitor: as configured; nil where it is no longer.
  ///   - now: wall clock.
  package static func answer(
    _ record: RetrainRecord, passes: Bool, because reason: String? = nil, answer: String = "", monitor: Monitor?,
    context: DecisionContext, now: EventTime, in tx: any LedgerWriter
  ) throws -> Outcome {
    var record = record
    let needsPeople = monitor?.retrain.map { $0.approvals > 0 } ?? false
    record.state = !passes ? .failed : needsPeople ? .candidate : .succeeded
    record.completedWall = now
    record.answer = answer
    try tx.put(retrain: record)
    let act: DecisionInput.Act
    switch record.state {
    case .candidate: act = .candidate(retrain: record.id, told: pagers(monitor, context))
    case .failed:
      act = .retrainResult(
        retrain: record.id, succeeded: false, because: reason, told: pagers(monitor, context))
    default: act = .retrainResult(retrain: record.id, succeeded: true, because: nil)
    }
    let steps = try fold(act, about: record, monitor, context, now, in: tx)
    if record.state == .succeeded { try promote(record, steps, monitor, context, now, in: tx) }
    return (record, steps)
  }

  // MARK: People

  /// A person's approval of a candidate; the last that is needed puts it in force.
  ///
  /// - Parameters:
  ///   - by: the name of the token.
  ///   - reason: why; nil: none was given.
  /// - Throws: ``Refusal``.
  package static func approve(
    _ id: String, by: String, reason: String?, monitor: (_ name: String) -> Monitor?, context: DecisionContext,
    now: EventTime, in tx: any LedgerWriter
  ) throws -> Outcome {
    var record = try candidate(id, in: tx)
    if record.decisions.contains(where: { $0.by == by }) { throw Refusal.approved(by: by) }
    record.decisions.append(RetrainDecision(by: by, at: now, approves: true, reason: reason))
    let monitor = monitor(record.monitor)
    // A monitor that has been removed asks for no second one.
    guard record.decisions.count >= monitor?.retrain?.approvals ?? 1 else {
      try tx.put(retrain: record)
      return (record, [])
    }
    record.state = .approved
    try tx.put(retrain: record)
    let steps = try fold(
      .approved(retrain: id, by: by, reason: reason), about: record, monitor, context, now, in: tx)
    try promote(record, steps, monitor, context, now, in: tx)
    return (record, steps)
  }

  /// A person's refusal of a candidate.
  ///
  /// - Throws: ``Refusal``.
  package static func reject(
    _ id: String, by: String, reason: String, monitor: (_ name: String) -> Monitor?, context: DecisionContext,
    now: EventTime, in tx: any LedgerWriter
  ) throws -> Outcome {
    var record = try candidate(id, in: tx)
    record.decisions.append(RetrainDecision(by: by, at: now, approves: false, reason: reason))
    record.state = .rejected
    try tx.put(retrain: record)
    let monitor = monitor(record.monitor)
    let act = DecisionInput.Act.rejected(retrain: id, by: by, reason: reason, told: pagers(monitor, context))
    return (record, try fold(act, about: record, monitor, context, now, in: tx))
  }

  private static func candidate(_ id: String, in tx: any LedgerWriter) throws -> RetrainRecord {
    guard let record = try tx.retrain(id) else { throw Refusal.unknown }
    guard record.state == .candidate else { throw Refusal.notCandidate(record.state) }
    return record
  }

  // MARK: Time

  /// Retrains whose deadline has passed without a corrective action, and of which that has not been said yet.
  ///
  /// - Parameter now: wall clock.
  package static func overdue(of monitor: String, now: EventTime, in reader: any LedgerReader) throws -> [RetrainRecord]
  {
    try reader.retrains(monitor: monitor, limit: mostOpen).filter {
      $0.overdueWall == nil && $0.deadline < now && [.requested, .candidate].contains($0.state)
    }
  }

  /// Retrains looked through for one that is open: a monitor has one at a time, and more only where its policy was changed.
  private static let mostOpen = 32

  /// The deadline has passed. A retrain that has no answer can get none any more.
  package static func expire(
    _ record: RetrainRecord, monitor: Monitor?, context: DecisionContext, now: EventTime, in tx: any LedgerWriter
  ) throws -> Outcome {
    var record = record
    record.overdueWall = now
    if record.state == .requested { record.state = .expired }
    try tx.put(retrain: record)
    let act = DecisionInput.Act.overdue(retrain: record.id, told: pagers(monitor, context))
    return (record, try fold(act, about: record, monitor, context, now, in: tx))
  }

  // MARK: Steps

  /// Whoever is paged, by the names of their receivers.
  private static func pagers(_ monitor: Monitor?, _ context: DecisionContext) -> [String] {
    (monitor?.alerts[.critical] ?? []).filter {
      $0 != DecisionContext.retrainReceiver && context.receivers.contains($0)
    }.sorted(by: utf8Order)
  }

  private static func fold(
    _ act: DecisionInput.Act, about record: RetrainRecord, _ monitor: Monitor?, _ context: DecisionContext,
    _ now: EventTime, in tx: any LedgerWriter
  ) throws -> [IncidentTransition] {
    guard let incident = try tx.incident(record.incident) else { return [] }
    return try IncidentActs.fold(
      act, record.monitor, monitor, incident.group, nil, context, now, in: tx)
  }

  /// Owes the receiver that puts models in force the call to do so, also where the incident has ended meanwhile.
  private static func promote(
    _ record: RetrainRecord, _ steps: [IncidentTransition], _ monitor: Monitor?, _ context: DecisionContext,
    _ now: EventTime, in tx: any LedgerWriter
  ) throws {
    guard let receiver = monitor?.retrain?.promote, context.receivers.contains(receiver),
      let incident = try tx.incident(record.incident)
    else { return }
    let call = ModelCall(
      monitor: record.monitor, incident: record.incident, tier: incident.tier, group: incident.group, context: context)
    try tx.enqueue([
      OutboxRecord(
        key: "\(record.incident)/\(record.id)-promote/\(receiver)", monitor: record.monitor, incident: record.incident,
        receiver: receiver,
        // Behind all that an incident which has ended has to say.
        sequence: steps.first?.sequence ?? IncidentMachine.sequenceOfFinalVerdicts + 1, body: call.promote(record),
        createdAt: now, nextAttemptAt: now)
    ])
  }
}
