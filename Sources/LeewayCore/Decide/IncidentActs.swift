/// What comes from outside the verdicts and moves an incident on. Each act is an input of the log and is folded in the
/// transaction that records it: the monitor's decisions are locked there, so its number is the next one.
package enum IncidentActs {
  /// - Parameters:
  ///   - monitor: as configured; nil where it is no longer.
  ///   - at: nil: the newest end that the group has consumed.
  static func fold(
    _ act: DecisionInput.Act, _ name: String, _ monitor: Monitor?, _ group: CauseGroup, _ at: EventTime?,
    _ context: DecisionContext, _ now: EventTime, in tx: any LedgerWriter
  ) throws -> [IncidentTransition] {
    let current = try tx.generation(of: name)
    var desk = try Decision.Desk(
      name, monitor: monitor, generation: current?.generation ?? "", baseline: current?.baseline ?? "",
      context: context, now: now, in: tx)
    try desk.fold(DecisionInput(at: at ?? desk.machine(group).through, act), group)
    try desk.store()
    return desk.out.transitions
  }
}
