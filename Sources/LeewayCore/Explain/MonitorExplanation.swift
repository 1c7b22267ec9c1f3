import LeewayStatistics

extension MonitorPlan {
  /// Slices of the baseline that an explanation goes into one by one: a hundred slices say what ten say.
  private static let mostSlices = 10

  /// Every check in the monitor's order, explained from the baseline only.
  package var explanations: [CheckExplanation] { monitor.checks.map(explanation) }

  private func explanation(_ check: Check) -> CheckExplanation {
    let known = [Slice.all] + baseline.slices.map(\.slice)
    var slices = known.filter(check.isOn(slice:))
    let all = slices.count
    slices = Array(slices.prefix(Self.mostSlices))
    var explained = CheckExplanation(
      check: check.name, metric: check.metric,
      window: check.window(of: monitor)?.size ?? monitor.shiftHour, null: null(of: check),
      sharing: shift(of: check)?.streams(of: check.name), slices: slices,
      slicesLeftOut: all - slices.count, waits: waits(of: check))
    switch check.metric.family {
    case .shift:
      if let shift = shift(of: check) {
        explained.tiers = ShiftExplanation(plan: self, design: shift).tiers(of: check, slices: Set(slices))
      }
    case .distance, .ratio, .level, .traffic:
      guard let window = check.window(of: monitor) else { break }
      explained.tiers = WindowExplanation(plan: self, check: check, window: window, rowsPerHour: rowsPerHour)
        .tiers(slices: slices)
    case .performance where check.on == .performance && check.place == nil:
      guard let window = check.window(of: monitor) else { break }
      explained.tiers = PerformanceExplanation(plan: self, check: check, window: window, rowsPerHour: rowsPerHour)
        .tiers(slices: slices)
    case .performance, .estimate, .detector, .fairness:
      explained.tiers = check.limits.map {
        var tier = TierExplanation(
          tier: $0.tier, rule: $0.limit.words, falseAlarms: .notPromised(Self.unpromised(check.metric.family)))
        tier.unknown = "what it finds does not follow from the baseline; inject changes with leeway backtest"
        return tier
      }
    }
    return explained
  }

  private static func unpromised(_ family: Metric.Family) -> String {
    switch family {
    case .detector:
      "its method takes errors as independent of each other, and errors that come together are alike"
    case .estimate: "how far an estimate may be off without a change is not known"
    default: "the baseline does not say how much it varies; leeway backtest counts its alarms on your own history"
    }
  }

  /// Rows of a slice in a typical hour; nil where the baseline has no times.
  func rowsPerHour(_ slice: String) -> Double? {
    guard let hours = baseline.hours, let whole = hours.slices.first(where: { utf8Equal($0.slice, Slice.all) }) else {
      return nil
    }
    if let own = hours.slices.first(where: { utf8Equal($0.slice, slice) }) { return Double(own.rows) }
    guard let rows = baseline.slices.first(where: { utf8Equal($0.slice, slice) })?.rows, baseline.rows > 0 else {
      return nil
    }
    return Double(whole.rows) * Double(rows) / Double(baseline.rows)
  }

  private func null(of check: Check) -> CheckExplanation.Null {
    switch check.metric.family {
    case .shift:
      let shift = shift(of: check)
      if let shift, shift.learners.contains(where: { check.isOn(slice: $0.slice) }) { return .learned }
      guard let hours = baseline.hours, let unit = shift?.units.first(where: { check.isOn(slice: $0.slice) }) else {
        return .none
      }
      func time(_ hour: Int) -> EventTime { EventTime(milliseconds: Int64(hour) * 3_600_000) }
      return .hours(plan: unit.null.plan.rawValue, from: time(hours.first), to: time(hours.first + hours.count))
    case .distance: return check.significance == nil ? .none : .independentRows
    case .ratio: return check.significance == nil ? .none : .independentRows
    case .performance: return check.certain && check.metric.performance?.canBeCertain == true ? .independentRows : .none
    case .detector, .fairness: return .independentRows
    case .level, .traffic, .estimate: return .none
    }
  }

  private func waits(of check: Check) -> [CheckExplanation.Wait] {
    var waits: [CheckExplanation.Wait] = [.lateness(monitor.lateness)]
    let window = check.window(of: monitor)
    if let window, !check.partial { waits.append(.wholeWindow(window.size)) }
    if check.metric.isOfLabels || ShiftFeed(check) == .errors, let labels = monitor.labels {
      for stage in Stage.allCases where check.isJudged(at: stage) && (stage == .final || labels.early != nil) {
        waits.append(.labels(stage, labels.longestDelay(at: stage)))
      }
    }
    if check.metric.family != .shift, check.metric.family != .traffic, check.metric.family != .ratio,
      check.minimumRows > 0
    {
      waits.append(.minimumRows(check.minimumRows))
    }
    if check.consecutive > 1, let window { waits.append(.consecutive(check.consecutive, apart: window.apart)) }
    if case .first(let span) = check.reference { waits.append(.reference(span)) }
    if check.metric.family == .traffic, check.limits.contains(where: { $0.limit.resolved(reference: nil) == nil }) {
      waits.append(.usualRows(3))
    }
    if ShiftFeed(check) == .subjects, let retrain = monitor.retrain { waits.append(.settle(retrain.settle)) }
    return waits
  }
}
