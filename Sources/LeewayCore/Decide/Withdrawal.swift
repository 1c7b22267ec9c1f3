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
        guard !plan.monitor.checks.contains(where: { $0.causeGroup == record.group }) else { continue }
        reason = "the monitor has no \(record.group.rawValue) check any more"
      } else {
        guard concerns(record.monitor) else { continue }
        reason = "the monitor was removed from the configuration"
      }
      if let step = try resolve(record, because: reason, context, now, in: tx) { out.append(step) }
    }
    return out
  }

  private static func resolve(
    _ record: IncidentRecord, because reason: String, _ context: DecisionContext, _ now: EventTime,
    in tx: any LedgerWriter
  ) throws -> IncidentTransition? {
    guard
      var machine = try tx.machine(monitor: record.monitor, group: record.group).map({ bytes throws(JSONFailure) in
        try IncidentMachine(encoded: bytes)
      }), let incident = machine.withdraw(), incident.id == record.id
    else { return nil }
    let current = try tx.generation(of: record.monitor)
    let journal = IncidentJournal(
      monitor: record.monitor, generation: current?.generation ?? "", baseline: current?.baseline ?? "",
      context: context)
    let progress = try current.flatMap { try tx.progress(monitor: record.monitor, generation: $0.generation) }
    // Event time, as everywhere in an incident's life; windows that are not judged any more cannot end it later.
    let at = max(record.changedAt, progress?.closedThrough ?? record.changedAt)
    let step = IncidentTransition(
      incident: incident.id, monitor: record.monitor, group: record.group, at: at, transition: "resolved",
      tier: incident.tier, checks: incident.checks.sorted(by: utf8Order),
      subjects: incident.subjects.sorted(by: utf8Order), sequence: incident.sequence)
    try journal.record(
      step, machine, incident, to: incident.receivers.intersection(context.receivers), now: now, in: tx)
    try journal.store(machine, record.group, at, resolved: true, in: tx)
    var w = JSONWriter()
    w.beginObject()
    w.key("reason")
    w.string(reason)
    w.endObject()
    try tx.record(
      input: OutsideInput(
        monitor: record.monitor, incident: incident.id, at: now, kind: "withdrawn", detail: w.text))
    machine.close()
    try tx.put(machine: machine.encoded(), monitor: record.monitor, group: record.group)
    return step
  }
}
