/// What comes from outside the verdicts and moves an incident on. Each act is an input of the log and is folded in the
/// transaction that records it: the monitor's decisions are locked there, so its number is the next one.
package enum IncidentActs {
  /// The trainer's answer to a retrain.
  ///
  /// - Parameter reason: why no new model came of it; nil where one did or no reason was given.
  /// - Returns: the transitions made; none where the incident has ended or has had its answer.
  package static func answer(
    _ record: RetrainRecord, because reason: String? = nil, context: DecisionContext, now: EventTime,
    in tx: any LedgerWriter
  ) throws -> [IncidentTransition] {
    guard let incident = try tx.incident(record.incident) else { return [] }
    return try fold(
      .retrainResult(retrain: record.id, succeeded: record.state == .succeeded, because: reason), incident.monitor,
      incident.group, nil, context, now, in: tx)
  }

  /// - Parameter at: nil: the newest end that the group has consumed.
  static func fold(
    _ act: DecisionInput.Act, _ monitor: String, _ group: CauseGroup, _ at: EventTime?, _ context: DecisionContext,
    _ now: EventTime, in tx: any LedgerWriter
  ) throws -> [IncidentTransition] {
    let current = try tx.generation(of: monitor)
    var desk = try Decision.Desk(
      monitor, monitor: nil, generation: current?.generation ?? "", baseline: current?.baseline ?? "",
      context: context, now: now, in: tx)
    try desk.fold(DecisionInput(at: at ?? desk.machine(group).through, act), group)
    try desk.store()
    return desk.out.transitions
  }
}
