/// Several intakes, each on a thread of its own, may read one log of predictions together. The log is cut into runs; each
/// run is decoded by whoever is free, and settled in the order of the log, since what is late depends on all that came
/// before. Then it is added to panes, again by whoever decoded it. Every intake is a writer of its own with a partition
/// of its own in the ledger, so the panes add up to the same.
extension Intake {
  /// How many messages a run may have.
  package var runLength: Int { lanes.flatMap(\.monitors).map(\.runLength).min() ?? 1 }

  /// Begins a run; `take` its messages, of one partition of predictions, then settle and add it.
  package func beginRun() { forEachMonitor { $0.beginRun() } }

  /// Decides what of the run is late.
  ///
  /// - Parameter watermark: the highest event time of the log before the run.
  /// - Returns: the same after the run.
  package func settleRun(after watermark: EventTime) -> EventTime {
    var reached = watermark
    forEachMonitor { reached = max(reached, $0.settleRun(after: watermark)) }
    return reached
  }

  /// Adds the settled run to panes.
  package func addRun() { forEachMonitor { $0.addRun() } }
}
