/// Which generation of a monitor counts, and from when.
package enum Generations {
  /// Makes the plan's generation the current one. A new one starts at the pane boundary above the monitor's highest event
  /// time, so that no pane mixes two baselines and no event counts in both.
  ///
  /// - Returns: the first event time that counts.
  package static func current(_ plan: MonitorPlan, in tx: any LedgerWriter) throws -> EventTime {
    let monitor = plan.monitor
    let known = try tx.generation(of: monitor.name)
    if let known, known.generation == plan.generation { return known.startsAt }
    // A flush of the generation before that is under way may still raise the highest event time.
    try tx.lockGeneration(of: monitor.name)
    if let now = try tx.generation(of: monitor.name), now.generation == plan.generation { return now.startsAt }
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
}
