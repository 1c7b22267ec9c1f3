/// Removes what no window, label, check or receiver can need any more, in bounded steps. Done by the holder of the
/// monitor's lease.
package struct Reclaim: Sendable {
  package let plan: MonitorPlan
  /// Results, and incidents from when they were resolved on, are kept for so long behind the newest closed window.
  package let results: TimeSpan
  /// Results are kept whole for so long behind final maturity; then ``ThinningRule`` says what stays.
  package let wholeResults: TimeSpan
  /// Deliveries that are done are kept for so long.
  package let deliveries: TimeSpan
  package let limit: Int

  package init(
    plan: MonitorPlan, results: TimeSpan, wholeResults: TimeSpan = Self.standardWhole, deliveries: TimeSpan,
    limit: Int = 5000
  ) {
    self.plan = plan
    self.results = results
    self.wholeResults = wholeResults
    self.deliveries = deliveries
    self.limit = limit
  }

  package static let standardWhole = TimeSpan.days(35)
  /// A detector of shifts that has taken no hour for so long is forgotten.
  static let shiftStates = TimeSpan.days(70)

  /// What one step did.
  package struct Report: Sendable, Equatable {
    /// Rows removed.
    package var rows = 0
    /// Lines stored more compactly.
    package var packed = 0
    /// Hours are left whose lines can be thinned.
    package var isBehind = false
    /// Labels among them for which no prediction has come.
    package var orphanedLabels: Int64 = 0
    /// Whether nothing is left to do.
    package var isComplete: Bool { rows == 0 && packed == 0 && !isBehind }

    package init() {}
  }

  /// One step of each kind, each in a transaction of its own.
  ///
  /// - Parameter now: wall clock, for the age of deliveries.
  /// - Throws: what the ledger throws; `LeaseLost` if another instance has taken the monitor over.
  package func step(_ ledger: any Ledger, lease: EvaluationLease, now: EventTime) throws -> Report {
    let monitor = plan.monitor
    let name = monitor.name
    let (progress, progressOf, partitions, generations, sources, ledgerTime) = try ledger.read { reader in
      let pairs = plan.standing.draining.map(\.plan.pairs)
      return (
        try reader.progress(of: plan),
        try Dictionary(
          pairs.map { ($0, try reader.progress(monitor: name, generation: $0)) }, uniquingKeysWith: { $1 }),
        try reader.partitions(of: name), try reader.generations(of: name),
        try ReferenceSource.stored(monitor: name, in: reader), try reader.now()
      )
    }
    // An evaluator that is behind the times touches nothing.
    guard generations.last?.generation == plan.generation else { return Report() }
    var report = Report()
    func leased<T>(_ body: (any LedgerWriter) throws -> T) throws -> T {
      try ledger.write { tx in
        guard try tx.epoch(ofLease: lease.name) == lease.epoch else { throw LeaseLost(name: lease.name) }
        return try body(tx)
      }
    }
    func step(_ before: EventTime, _ body: (any LedgerWriter, EventTime) throws -> Int) throws {
      guard before > .earliestWritable else { return }
      report.rows += try leased { try body($0, before) }
    }
    let superseded = Generations.superseded(generations)
    // The least of all partitions, idle or not: what is behind it by more than the lateness can come no more. One that is idle
    // and never had an event is left out, since it may never have one, and nothing would ever be reclaimed.
    let least =
      partitions.filter {
        plan.reads($0.key, as: $0.role) && !($0.watermark == .distantPast && $0.isIdle(at: ledgerTime))
      }
      .map(\.watermark).min() ?? .distantPast
    func stepWaiting(of plan: MonitorPlan) throws {
      var orphaned: Int64 = 0
      try step(least - plan.monitor.lateness) {
        let states = try $0.reclaimWaiting(monitor: name, generation: plan.pairs, before: $1, limit: limit)
        orphaned = states.reduce(0) { $0 &+ JoinState.parkedLabels(in: $1) }
        return states.count
      }
      report.orphanedLabels += orphaned
    }
    // Superseded pairs that are not at their end: it is reached when the last window is mature, and no prediction waits any
    // more, whose label would change panes that are gone.
    let draining = plan.standing.draining.filter { old in
      guard old.until > .distantPast else { return false }
      let matured = progressOf[old.plan.pairs].flatMap { $0 }?.maturedThrough ?? .distantPast
      let horizon = old.plan.monitor.labels?.horizon ?? .zero
      return matured < old.until || least <= old.until + horizon + old.plan.monitor.lateness
    }
    if let progress, let largest = monitor.windows.map(\.size).max() {
      // Twice the window, so that pages can still draw the newest one; and the hour that `shift` has still to take.
      try step(progress.finalThrough - max(largest * 2, monitor.shiftHour * 2)) {
        try $0.reclaimPanes(.drift, monitor: name, generation: plan.generation, before: $1, limit: limit)
      }
      if monitor.labels != nil {
        let behind = min(progress.finalThrough, progress.maturedThrough) - largest * 2
        // For both stages at once: while a pair waits for its labels, its part of the early panes must be there.
        for kind in [PaneKind.performance, .earlyPerformance] where plan.shape(of: kind) != nil {
          try step(behind) {
            try $0.reclaimPanes(kind, monitor: name, generation: plan.pairs, before: $1, limit: limit)
          }
        }
        try step(behind) { try $0.reclaimErrors(monitor: name, generation: plan.pairs, before: $1, limit: limit) }
        try stepWaiting(of: plan)
      }
      for key in Set([plan.generation, plan.pairs]).sorted() {
        try step(progress.finalThrough - max(results, largest * 2)) {
          try $0.reclaimResults(monitor: name, generation: key, before: $1, limit: limit)
        }
      }
      // Those that no check has asked for in as long; the others have been taken as far as panes are reclaimed.
      try step(progress.finalThrough - max(results, largest * 2)) {
        try $0.reclaimReferences(monitor: name, usedBefore: $1, limit: limit)
      }
      // States of nulls that are no more, or whose slice has gone.
      try step(progress.finalThrough - Self.shiftStates) {
        try $0.reclaimShiftStates(monitor: name, before: $1, limit: limit)
      }
      try step(progress.finalThrough - max(results, largest * 2)) {
        try $0.reclaimDecisions(monitor: name, before: $1, limit: limit)
      }
      // Their lines have gone by then, too.
      try step(progress.finalThrough - max(results, largest * 2)) {
        try $0.reclaimIncidents(monitor: name, resolvedBefore: $1, limit: limit)
      }
      // Windows of pairs that drain are not final before these are at their end.
      let mature = draining.compactMap { progressOf[$0.plan.pairs].flatMap { $0 }?.maturedThrough ?? .distantPast }
        .reduce(
          monitor.labels == nil ? progress.finalThrough : min(progress.finalThrough, progress.maturedThrough), min)
      let thinned = try ResultThinning(plan: plan, whole: wholeResults, limit: limit).step(
        ledger, mature: mature, write: leased)
      report.rows += thinned.lines
      report.isBehind = thinned.isBehind
    }
    for key in Set([plan.generation, plan.pairs] + generations.map(\.generation)).sorted() {
      report.packed += try leased { try $0.packResults(monitor: name, generation: key, limit: max(1, limit / 5)) }
    }
    // A label that came before its prediction may still go over to the current pairs.
    for old in plan.standing.draining {
      let pairs = old.plan.pairs
      try stepWaiting(of: old.plan)
      guard !draining.contains(where: { $0.plan.pairs == pairs }) else { continue }
      try step(.distantFuture) { tx, _ in try tx.drain(monitor: name, pairs: pairs) }
    }
    // Names whose pairs, and the last generation of each whose files, are still needed.
    let kept = Set([plan.pairs] + draining.map(\.plan.pairs))
    let waiting = Set(plan.standing.draining.map(\.plan.pairs))
    let files = Set(superseded.filter { kept.contains($0.record.pairs) }.map(\.record.generation))
    let awaited = Set(sources.map(\.generation))
    let newest = progress?.finalThrough ?? .distantPast
    for old in generations.dropLast() {
      // References take the last panes of earlier generations in the first round of the current one.
      if !awaited.contains(old.generation) {
        try step(.distantFuture) {
          try $0.reclaimPanes(.drift, monitor: name, generation: old.generation, before: $1, limit: limit)
        }
      }
      if !kept.contains(old.generation) {
        for kind in [PaneKind.performance, .earlyPerformance] {
          try step(.distantFuture) {
            try $0.reclaimPanes(kind, monitor: name, generation: old.generation, before: $1, limit: limit)
          }
        }
        if !waiting.contains(old.generation) {
          try step(.distantFuture) {
            try $0.reclaimWaiting(monitor: name, generation: old.generation, before: $1, limit: limit).count
          }
        }
        try step(.distantFuture) {
          try $0.reclaimErrors(monitor: name, generation: old.generation, before: $1, limit: limit)
        }
      }
      if old.generation != plan.pairs {
        try step(newest - results) {
          try $0.reclaimResults(monitor: name, generation: old.generation, before: $1, limit: limit)
        }
      }
      guard !kept.contains(old.generation), !files.contains(old.generation) else { continue }
      try step(.distantFuture) { tx, _ in try tx.reclaimGeneration(monitor: name, generation: old.generation) }
    }
    try step(now - deliveries) { try $0.reclaimDeliveries(createdBefore: $1, limit: limit) }
    // As long as what it is about.
    try step(now - max(results, deliveries)) { try $0.reclaimAudit(before: $1, limit: limit) }
    try step(now - max(results, deliveries)) { try $0.reclaimSilences(endedBefore: $1, limit: limit) }
    try step(.distantFuture) { tx, _ in try tx.reclaimWriters(limit: limit) }
    return report
  }
}
