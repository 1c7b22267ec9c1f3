/// Thins the result lines of hours that are old by ``ThinningRule``, hour by hour. Part of ``Reclaim``.
struct ResultThinning {
  let plan: MonitorPlan
  /// Lines are kept whole for so long behind final maturity.
  let whole: TimeSpan
  /// Lines removed in one transaction.
  let limit: Int

  /// Full hours that one step looks through.
  static let hoursPerStep = 96

  /// One step.
  ///
  /// - Parameters:
  ///   - mature: windows that end at or before it are final at both stages, those of generations that drain too.
  ///   - write: runs a transaction that has the lease.
  /// - Returns: lines removed, and whether older hours are left.
  func step(
    _ ledger: any Ledger, mature: EventTime,
    write: ((any LedgerWriter) throws -> Void) throws -> Void
  ) throws -> (lines: Int, isBehind: Bool) {
    let name = plan.monitor.name
    // Windows with steps of an hour or more keep every line.
    guard mature > .earliestWritable, plan.monitor.windows.contains(where: { $0.every < ThinningRule.hour }) else {
      return (0, false)
    }
    let end = (mature - max(whole, reach)).floor(to: ThinningRule.hour)
    let (known, first) = try ledger.read { reader -> (ThinningProgress?, EventTime?) in
      if let known = try reader.thinning(of: name) { return (known, nil) }
      return (nil, try reader.results(ResultQuery(monitor: name, limit: 1)).first?.end)
    }
    guard let through = known?.through ?? first.map({ ThinningRule.hour(of: $0) - ThinningRule.hour }), through < end
    else { return (0, false) }
    // Reading is cheap and a transaction is not: hours with nothing to remove are passed over together.
    var reached = through
    var gone: [ResultPosition] = []
    var looked = 0
    while reached < end, looked < Self.hoursPerStep {
      let hour = reached + ThinningRule.hour
      looked += 1
      gone += ThinningRule.superfluous(
        try ledger.read { try $0.resultKeys(monitor: name, after: reached, through: hour) })
      guard gone.count <= limit else { break }
      reached = hour
    }
    let part = Array(gone.prefix(limit))
    // For the hour after it a part may have gone.
    let before = part.map { ThinningRule.hour(of: $0.end) }.max() ?? reached
    var removed = 0
    try write { tx in
      if !part.isEmpty { removed = try tx.delete(results: part) }
      let stored = try tx.thinning(of: name)
      // A line of an older hour has come since: the next step begins there.
      if let stored, stored.through < through { return }
      let latest = max(reached, before, stored?.before ?? reached)
      try tx.put(thinning: ThinningProgress(through: reached, before: latest), monitor: name)
    }
    return (removed, reached < end)
  }

  /// How far back a window that is judged reads verdicts of windows with steps below an hour.
  private var reach: TimeSpan {
    plan.monitor.checks.reduce(.zero) { reach, check in
      guard let window = check.window(of: plan.monitor), window.every < ThinningRule.hour else {
        return reach
      }
      var windows: Int64 = check.consecutive > 1 ? VerdictHistory.mostNeighbours(check) : 0
      if check.metric.family == .traffic { windows = max(windows, VerdictHistory.usualWindows) }
      return max(reach, window.apart * windows)
    }
  }
}
