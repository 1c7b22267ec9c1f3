/// Resolves incidents that no verdict can resolve any more, because their monitor, or the last check of their cause, is
/// gone from the configuration.
package enum Withdrawal {
  /// - Parameters:
  ///   - plans: the configured monitors.
  ///   - concerns: whether an incident of a monitor without a plan may be resolved: another instance may have one.
  /// - Returns: the transitions made.
  package static func apply(
    plans: [MonitorPlan], context: DecisionContext, now: EventTime, in tx: any LedgerWriter,
    concerns: (_ monitor: String) -> Bool
  ) throws -> [IncidentTransition] {
    var out: [IncidentTransition] = []
    for record in try tx.incidents(IncidentQuery(open: true, limit: 1000)) {
      let plan = plans.first { $0.monitor.name == record.monitor }
      let reason: String
      if let plan {
        guard !plan.monitor.checks.contains(where: { $0.causeGroups.contains(record.group) }) else { continue }
        reason = "the monitor has no \(record.group.rawValue) check any more"
      } else {
        guard concerns(record.monitor) else { continue }
        reason = "the monitor was removed from the configuration"
      }
      if let step = try resolve(record, plan?.monitor, because: reason, context, now, in: tx) { out.append(step) }
    }
    return out
  }

  private static func resolve(
    _ record: IncidentRecord, _ monitor: Monitor?, because reason: String, _ context: DecisionContext, _ now: EventTime,
    in tx: any LedgerWriter
  ) throws -> IncidentTransition? {
    let machine = try tx.machine(monitor: record.monitor, group: record.group).map { bytes throws(JSONFailure) in
      try IncidentMachine(encoded: bytes)
    }
    guard machine?.incident?.id == record.id else { return nil }
    let current = try tx.generation(of: record.monitor)
    let progress = try current.flatMap { try tx.progress(monitor: record.monitor, generation: $0.generation) }
    // Event time, as everywhere in an incident's life; windows that are not judged any more cannot end it later.
    let at = max(record.changedAt, progress?.closedThrough ?? record.changedAt)
    let steps = try IncidentActs.fold(
      .resolve(because: reason), record.monitor, monitor, record.group, at, context, now, in: tx)
    // Nobody is there to fold what people have asked for in the meantime.
    for var act in try tx.queuedActs(monitor: record.monitor, limit: PersonActs.mostOfIncident)
    where act.incident == record.id {
      act.state = .void
      act.because = reason
      try tx.settle(act: act)
    }
    return steps.first
  }
}
