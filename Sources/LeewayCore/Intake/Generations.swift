/// Which generation of a monitor counts, and from when.
package enum Generations {
  /// Makes the plan's generation the current one. A new one starts at the pane boundary above the monitor's highest event
  /// time, so that no pane mixes two baselines and no event counts in both.
  ///
  /// - Parameter mayReturn: whether a generation that was left before may come back: somebody has asked for it, or no
  ///   other instance could be running what came after it.
  /// - Returns: the first event time that counts.
  /// - Throws: `GenerationSuperseded` if it was left and may not come back.
  package static func current(_ plan: MonitorPlan, mayReturn: Bool = true, in tx: any LedgerWriter) throws -> EventTime
  {
    let monitor = plan.monitor
    if let known = try tx.generation(of: monitor.name), known.generation == plan.generation { return known.startsAt }
    // A flush of the generation before that is under way may still raise the highest event time.
    try tx.lockGeneration(of: monitor.name)
    let known = try tx.generation(of: monitor.name)
    if let known, known.generation == plan.generation { return known.startsAt }
    guard try mayReturn || !isKnown(plan, in: tx) else { throw GenerationSuperseded(monitor: monitor.name) }
    var startsAt = EventTime.distantPast
    if known != nil {
      let highest = try tx.partitions(of: monitor.name).filter { $0.role == .predictions }.map(\.watermark).max()
      if let highest, highest > .distantPast { startsAt = highest.floor(to: monitor.pane) + monitor.pane }
    }
    try tx.put(
      generation: GenerationRecord(
        monitor: monitor.name, generation: plan.generation, startsAt: startsAt, baseline: plan.baseline.identity))
    return startsAt
  }

  package static func isCurrent(_ plan: MonitorPlan, in reader: any LedgerReader) throws -> Bool {
    try reader.generation(of: plan.monitor.name)?.generation == plan.generation
  }

  /// The monitors whose generation the ledger has had and left: who runs them runs an older configuration.
  package static func superseded(_ plans: [MonitorPlan], in reader: any LedgerReader) throws -> [String] {
    try plans.filter { plan in
      try !isCurrent(plan, in: reader) && isKnown(plan, in: reader)
    }.map(\.monitor.name)
  }

  /// Whether the ledger has had this generation.
  private static func isKnown(_ plan: MonitorPlan, in reader: any LedgerReader) throws -> Bool {
    try reader.generations(of: plan.monitor.name).contains { $0.generation == plan.generation }
  }
}
