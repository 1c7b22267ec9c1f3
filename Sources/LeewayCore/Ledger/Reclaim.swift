/// Removes what no window, label, check or receiver can need any more, in bounded steps. Done by the holder of the
/// monitor's lease.
package struct Reclaim: Sendable {
  package let plan: MonitorPlan
  /// Results are kept for so long behind the newest closed window.
  package let results: TimeSpan
  /// Deliveries that are done are kept for so long.
  package let deliveries: TimeSpan
  package let limit: Int

  package init(plan: MonitorPlan, results: TimeSpan, deliveries: TimeSpan, limit: Int = 5000) {
    self.plan = plan
    self.results = results
    self.deliveries = deliveries
    self.limit = limit
  }

  /// What one step did.
  package struct Report: Sendable, Equatable {
    /// Rows removed; 0: nothing is left to do.
    package var rows = 0
    /// Labels among them for which no prediction has come.
    package var orphanedLabels: Int64 = 0

    package init() {}
  }

  /// One step of each kind, each in a transaction of its own.
  ///
  /// - Parameter now: wall clock, for the age of deliveries.
  /// - Throws: what the ledger throws; `LeaseLost` if another instance has taken the monitor over.
  package func step(_ ledger: any Ledger, lease: EvaluationLease, now: EventTime) throws -> Report {
    let monitor = plan.monitor
    let name = monitor.name
    let (progress, partitions, generations, ledgerTime) = try ledger.read { reader in
      (
        try reader.progress(monitor: name, generation: plan.generation), try reader.partitions(of: name),
        try reader.generations(of: name), try reader.now()
      )
    }
    // An evaluator that is behind the times touches nothing.
    guard generations.last?.generation == plan.generation else { return Report() }
    var report = Report()
    func step(_ before: EventTime, _ body: (any LedgerWriter, EventTime) throws -> Int) throws {
      guard before > .earliestWritable else { return }
      report.rows += try ledger.write { tx in
        guard try tx.epoch(ofLease: lease.name) == lease.epoch else { throw LeaseLost(name: lease.name) }
        return try body(tx, before)
      }
    }
    if let progress, let largest = monitor.windows.map(\.size).max() {
      // Twice the window, so that pages can still draw the newest one.
      try step(progress.finalThrough - largest * 2) {
        try $0.reclaimPanes(.drift, monitor: name, generation: plan.generation, before: $1, limit: limit)
      }
      if monitor.labels != nil {
        // Of both stages at once: while a pair waits for its labels, its part of the early panes must be there.
        for kind in [PaneKind.performance, .earlyPerformance] where plan.shape(of: kind) != nil {
          try step(min(progress.finalThrough, progress.maturedThrough) - largest * 2) {
            try $0.reclaimPanes(kind, monitor: name, generation: plan.generation, before: $1, limit: limit)
          }
        }
        try step(min(progress.finalThrough, progress.maturedThrough) - largest * 2) {
          try $0.reclaimErrors(monitor: name, generation: plan.generation, before: $1, limit: limit)
        }
        // The least of all partitions, idle or not: what is behind it by more than the lateness can come no more. One that
        // is idle and never had an event would hold every row for ever.
        let least =
          partitions.filter {
            plan.reads($0.key, as: $0.role) && !($0.watermark == .distantPast && $0.isIdle(at: ledgerTime))
          }
          .map(\.watermark).min() ?? .distantPast
        var orphaned: Int64 = 0
        try step(least - monitor.lateness) {
          let states = try $0.reclaimWaiting(monitor: name, generation: plan.generation, before: $1, limit: limit)
          orphaned = states.reduce(0) { $0 &+ JoinState.parkedLabels(in: $1) }
          return states.count
        }
        report.orphanedLabels = orphaned
      }
      try step(progress.finalThrough - max(results, largest * 2)) {
        try $0.reclaimResults(monitor: name, generation: plan.generation, before: $1, limit: limit)
      }
      // Those that no check has asked for in as long; the others have been taken as far as panes are reclaimed.
      try step(progress.finalThrough - max(results, largest * 2)) {
        try $0.reclaimReferences(monitor: name, usedBefore: $1, limit: limit)
      }
      try step(progress.finalThrough - max(results, largest * 2)) {
        try $0.reclaimDecisions(monitor: name, before: $1, limit: limit)
      }
    }
    for old in generations.dropLast() {
      // References take the last panes of the generation before in the first round of the one after.
      for kind in PaneKind.allCases where kind != .drift || plan.references.isEmpty || progress != nil {
        try step(.distantFuture) {
          try $0.reclaimPanes(kind, monitor: name, generation: old.generation, before: $1, limit: limit)
        }
      }
      try step(.distantFuture) {
        try $0.reclaimWaiting(monitor: name, generation: old.generation, before: $1, limit: limit).count
      }
      try step(.distantFuture) {
        try $0.reclaimErrors(monitor: name, generation: old.generation, before: $1, limit: limit)
      }
      let newest = progress?.finalThrough ?? .distantPast
      try step(newest - results) {
        try $0.reclaimResults(monitor: name, generation: old.generation, before: $1, limit: limit)
      }
      try step(.distantFuture) { tx, _ in try tx.reclaimGeneration(monitor: name, generation: old.generation) }
    }
    try step(now - deliveries) { try $0.reclaimDeliveries(createdBefore: $1, limit: limit) }
    try step(.distantFuture) { tx, _ in try tx.reclaimWriters(limit: limit) }
    return report
  }
}
