/// Adds up, pane by pane, what several writers have stored of one monitor into rows of no writer, so that windows read one
/// row of a pane and slice and dead writers can go. Sums do not change, whoever flushes beside it. Done by the holder of
/// the monitor's lease.
package struct Fold: Sendable {
  package let plan: MonitorPlan
  /// A writer that has not been seen for so long is declared dead.
  package let deadAfter: TimeSpan

  /// Whose the folded rows are; no writer registers under it.
  package static let writer = "folded"

  package init(plan: MonitorPlan, deadAfter: TimeSpan) {
    self.plan = plan
    self.deadAfter = deadAfter
  }

  /// What one step did.
  package struct Report: Sendable, Equatable {
    /// Writers declared dead.
    package var retired: [String] = []
    /// Rows handed over.
    package var rows = 0

    package init() {}
  }

  /// One bounded step: declares silent writers dead, then hands over rows of each writer, at most `limit` of each kind.
  ///
  /// - Throws: what the ledger throws; `LeaseLost` if another instance has taken the monitor over.
  package func step(_ ledger: any Ledger, lease: EvaluationLease, limit: Int = 512) throws -> Report {
    let (now, writers, progress) = try ledger.read { reader in
      (try reader.now(), try reader.writers(), try reader.progress(of: plan))
    }
    var report = Report()
    for writer in writers where writer.alive && isSilent(writer, now) {
      // In a transaction of its own, before anything of it is read: what it flushes from here on is refused.
      let retired = try ledger.write { tx in
        try check(lease, tx)
        // It may have spoken since.
        guard let known = try tx.lock(writer: writer.id), known.alive, isSilent(known, try tx.now()) else {
          return false
        }
        try tx.retire(writer: writer.id)
        return true
      }
      if retired { report.retired.append(writer.id) }
    }
    let dead = Set(writers.filter { !$0.alive }.map(\.id)).union(report.retired)
    for kind in PaneKind.allCases where plan.shape(of: kind) != nil {
      for writer in writers {
        let before = dead.contains(writer.id) ? .distantFuture : bound(kind, progress)
        // A single writer has one row of a pane and slice already.
        guard before > .distantPast, writers.count > 1 else { continue }
        report.rows += try handOver(kind, writer.id, before, limit, ledger, lease)
      }
    }
    return report
  }

  private func isSilent(_ writer: WriterRecord, _ now: EventTime) -> Bool { now > writer.lastSeenAt + deadAfter }

  private func check(_ lease: EvaluationLease, _ tx: any LedgerWriter) throws {
    guard try tx.epoch(ofLease: lease.name) == lease.epoch else { throw LeaseLost(name: lease.name) }
  }

  /// Panes of a living writer that it hardly touches any more: closed ones, and of performance those past their labels.
  private func bound(_ kind: PaneKind, _ progress: EvaluationProgress?) -> EventTime {
    guard let progress else { return .distantPast }
    let reached =
      switch kind {
      case .drift: progress.closedThrough
      case .performance: min(progress.closedThrough, progress.maturedThrough)
      case .earlyPerformance: min(progress.closedThrough, progress.earlyMaturedThrough)
      }
    return reached == .distantPast ? reached : reached - plan.monitor.pane + .milliseconds(1)
  }

  private func handOver(
    _ kind: PaneKind, _ writer: String, _ before: EventTime, _ limit: Int, _ ledger: any Ledger,
    _ lease: EvaluationLease
  ) throws -> Int {
    guard let shape = plan.shape(of: kind) else { return 0 }
    let monitor = plan.monitor.name
    let generation = plan.key(of: kind)
    let keys = try ledger.read {
      try $0.ownKeys(
        kind, monitor: monitor, generation: generation, writer: writer, before: before, limit: limit)
    }
    // A row may be hundreds of kilobytes: few at a time, so that neither memory nor whoever flushes meanwhile feels it.
    var rows = 0
    for first in stride(from: 0, to: keys.count, by: Self.rowsAtOnce) {
      rows += try handOver(
        kind, writer, Array(keys[first..<min(first + Self.rowsAtOnce, keys.count)]), shape, ledger, lease)
    }
    return rows
  }

  /// Rows of one transaction.
  private static let rowsAtOnce = 32

  private func handOver(
    _ kind: PaneKind, _ writer: String, _ keys: [PaneKey], _ shape: CellBlock.Shape, _ ledger: any Ledger,
    _ lease: EvaluationLease
  ) throws -> Int {
    let monitor = plan.monitor.name
    let generation = plan.key(of: kind)
    return try ledger.write { tx in
      try check(lease, tx)
      // A flush of a living writer is waited for, and the next one finds its rows gone.
      _ = try tx.lock(writer: writer)
      let own = try tx.ownPanes(kind, monitor: monitor, generation: generation, writer: writer, keys: keys)
      let folded = try tx.ownPanes(kind, monitor: monitor, generation: generation, writer: Self.writer, keys: keys)
      var rows: [(key: PaneKey, block: [UInt8])] = []
      for (key, (own, known)) in zip(keys, zip(own, folded)) {
        guard let own else { continue }
        guard let known else {
          rows.append((key, own))
          continue
        }
        var sum = CellBlock(shape)
        try sum.merge(encoded: known)
        try sum.merge(encoded: own)
        // A row that has become empty stays: its slice was there.
        rows.append((key, sum.encoded()))
      }
      let moved = rows.map(\.key)
      try tx.put(kind, monitor: monitor, generation: generation, writer: Self.writer, blocks: rows)
      try tx.delete(kind, monitor: monitor, generation: generation, writer: writer, keys: moved)
      try MonitorFlush(plan: plan, writer: Self.writer)
        .enforceCap(kind, keys: moved, shape: shape, in: tx)
      return rows.count
    }
  }
}
