/// Thins the result lines of hours that are old by ``ThinningRule``, hour by hour. Part of ``Reclaim``.
struct ResultThinning {
  let plan: MonitorPlan
  /// Lines are kept whole for so long behind final maturity.
  let whole: TimeSpan
  /// Lines removed in one transaction.
  let limit: Int

  /// Full hours that one step looks through.
  static let hoursPerStep = 24

  /// One step.
  ///
  /// - Parameters:
  ///   - mature: windows that end at or before it are final at both stages, those of generations that drain too.
  ///   - firstPane: of the first window that counts; what checks measure the first days from.
  ///   - write: runs a transaction that has the lease.
  /// - Returns: lines removed, and whether older hours are left.
  func step(
    _ ledger: any Ledger, mature: EventTime, firstPane: EventTime?,
    write: ((any LedgerWriter) throws -> Void) throws -> Void
  ) throws -> (lines: Int, isBehind: Bool) {
    let name = plan.monitor.name
    guard mature > .earliestWritable else { return (0, false) }
    let end = (mature - max(whole, reach)).floor(to: ThinningRule.hour)
    let (known, first) = try ledger.read { reader -> (ThinningProgress?, EventTime?) in
      if let known = try reader.thinning(of: name) { return (known, nil) }
      return (nil, try reader.results(ResultQuery(monitor: name, limit: 1)).first?.end)
    }
    guard let through = known?.through ?? first.map({ ThinningRule.hour(of: $0) - ThinningRule.hour }), through < end
    else { return (0, false) }
    let rule = ThinningRule(measuredThrough: measuredThrough(firstPane))
    var next = through
    var removed = 0
    var looked = 0
    while next < end, looked < Self.hoursPerStep, removed < limit {
      let hour = next + ThinningRule.hour
      looked += 1
      let gone = rule.superfluous(
        try ledger.read { try $0.resultKeys(monitor: name, after: next, through: hour) })
      let part = gone.prefix(limit - removed)
      let isDone = part.count == gone.count
      let reached = isDone ? hour : next
      try write { tx in
        if !part.isEmpty { removed += try tx.delete(results: Array(part)) }
        // A line of an older hour may have changed since it was read.
        let stored = try tx.thinning(of: name)
        if let stored, stored.through < next { return }
        try tx.put(
          thinning: ThinningProgress(through: reached, before: max(hour, stored?.before ?? hour)), monitor: name)
      }
      guard isDone else { return (removed, true) }
      next = hour
    }
    return (removed, next < end)
  }

  /// How far back a window that is judged reads verdicts of windows with steps below an hour.
  private var reach: TimeSpan {
    plan.monitor.checks.reduce(.zero) { reach, check in
      guard let window = plan.monitor.window(named: check.window), window.every < ThinningRule.hour else {
        return reach
      }
      var windows: Int64 = check.consecutive > 1 ? VerdictHistory.mostNeighbours(check) : 0
      if check.metric.family == .traffic { windows = max(windows, VerdictHistory.usualWindows) }
      return max(reach, window.apart * windows)
    }
  }

  /// Until when verdicts are what a check's reference is made of.
  private func measuredThrough(_ firstPane: EventTime?) -> EventTime {
    guard let firstPane, firstPane > .earliestWritable else { return .distantPast }
    var longest: TimeSpan?
    for check in plan.monitor.checks {
      guard let window = plan.monitor.window(named: check.window) else { continue }
      for stage in Stage.allCases {
        guard case .first(let span) = check.reference(at: stage, size: window.size) else { continue }
        longest = max(longest ?? span, span)
      }
    }
    return longest.map { firstPane + $0 } ?? .distantPast
  }
}
