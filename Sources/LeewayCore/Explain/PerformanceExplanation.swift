import LeewayStatistics

/// What a check on performance finds: by how much a metric must change beside its standard error.
struct PerformanceExplanation {
  let plan: MonitorPlan
  let check: Check
  let window: WindowDefinition
  let rowsPerHour: (String) -> Double?

  private static let quarter = 2184.0
  /// The normal quantile of a one-sided bound of 99 %.
  private static let certain = SpecialFunctions.normalQuantile(0.99)

  func tiers(slices: [String]) -> [TierExplanation] {
    check.limits.map { limit in
      var tier = TierExplanation(
        tier: limit.tier, rule: limit.limit.words + (check.certain ? ", with 99 % certainty" : ""),
        falseAlarms: .notPromised(
          "the baseline does not say how much the metric varies; leeway backtest counts its alarms on your own history")
      )
      let family = slices.map { self.found($0, limit.limit) }
      tier.found = family.map(\.change)
      let chances = family.compactMap(\.falseAlarm)
      if chances.count == family.count, !chances.isEmpty {
        let windows = Self.quarter / (window.every.seconds / 3600)
        tier.falseAlarms = .atMost(
          perQuarter: windows * chances.reduce(0, +),
          condition: "labelled rows are independent and the model does as on its training labels")
      }
      return tier
    }
  }

  /// - Returns: the change, and the chance that a window fires while the model does as in training.
  private func found(_ slice: String, _ limit: Limit) -> (change: FoundChange, falseAlarm: Double?) {
    var found = FoundChange(
      slice: slice, subject: "performance", stream: check.metric.name, unit: "metric", rowsPerHour: rowsPerHour(slice),
      sizes: FoundChange.horizons.map { _ in nil })
    func nothing(_ remark: String) -> (FoundChange, Double?) {
      found.remark = remark
      return (found, nil)
    }
    let baseline = plan.performanceBaseline(slice: slice)?.performance
    guard let was = baseline?.metrics[check.metric.name] else {
      return nothing("the baseline has no \(check.metric.name): it was fitted without labels")
    }
    guard check.reference == .baseline || !limit.isRelative else {
      return nothing("it is measured from the first days of production, which are not known yet")
    }
    guard let (threshold, fires) = limit.resolved(reference: was), fires != .eitherSide else {
      return nothing("it fires on either side, which is not explained")
    }
    let n = (rowsPerHour(slice) ?? WindowExplanation.assumedRows) * window.size.seconds / 3600
    guard n >= Double(check.minimumRows) else {
      return nothing("its window holds about \(Int(n)) rows, and it needs \(check.minimumRows)")
    }
    guard let error = PerformanceError(plan, was).standardError(check.metric, rows: n) else {
      return nothing("its standard error does not follow from a baseline")
    }
    let share = WindowShare(
      size: window.size.seconds / 3600, every: window.every.seconds / 3600, consecutive: check.consecutive)
    let certain = check.certain && check.metric.performance?.canBeCertain == true ? Self.certain : 0
    let slack = (certain + SpecialFunctions.normalQuantile(SmallestChange.power)) * error
    let sign = fires == .above ? 1.0 : -1
    /// How far the window's value must go.
    let size = max(0, sign * (threshold - was) + slack)
    found.sizes = FoundChange.horizons.map { horizon in
      let changed = share.changed(within: Double(horizon))
      guard changed > 0 else { return nil }
      let now = was + sign * size / changed
      if let range = check.metric.range, !range.contains(now) { return nil }
      return .init(size: size / changed, was: was, now: now)
    }
    let margin = sign * (threshold - was) / error + certain
    return (found, SpecialFunctions.normalSurvival(margin))
  }
}

/// How far performance on n labelled rows may be off by chance, from what the baseline knows.
struct PerformanceError {
  private let plan: MonitorPlan
  private let was: Double

  /// - Parameter was: the metric in the baseline.
  init(_ plan: MonitorPlan, _ was: Double) {
    self.plan = plan
    self.was = was
  }

  /// Rows that are made up to measure a standard error, which is then scaled by √(rows/n).
  private static let made = 20_000

  /// - binary: of made-up rows with the baseline's scores and labels as often positive as its map from scores to outcomes says, the
  ///   metric's 99 % bound over 2.326; the closer of the two sides where they differ.
  /// - accuracy of several classes: √(p (1 − p)/n).
  /// - regression, with normal errors: mae · √(π/2 − 1)/√n, rmse/√(2n), mse · √(2/n).
  func standardError(_ metric: Metric, rows n: Double) -> Double? {
    switch plan.performance?.task {
    case .binary(let binning, _): ofBinary(metric, binning).map { $0 * (Double(Self.made) / n).squareRoot() }
    case .multiclass: metric.name == "accuracy" ? (was * (1 - was) / n).squareRoot() : nil
    case .regression:
      switch metric.name {
      case "mae": was * (Double.pi / 2 - 1).squareRoot() / n.squareRoot()
      case "rmse": was / (2 * n).squareRoot()
      case "mse": was * (2 / n).squareRoot()
      default: nil
      }
    case nil: nil
    }
  }

  private func ofBinary(_ metric: Metric, _ binning: NumericBinning) -> Double? {
    guard let layout = plan.performance, case .scores(let map) = plan.baseline.estimation?.basis,
      case .numeric(let domain) = plan.drift.subjects[plan.outputSubject].domain
    else { return nil }
    let side = plan.baselineSide(subject: plan.outputSubject, slice: NameKey(Slice.all)).side
    let scores = EnergySide(domain.binning, side.cells.numericCells(domain))
    var block = CellBlock(layout.shape)
    var (rows, positives) = (0.0, 0.0)
    var (made, right) = (0, 0)
    for cell in scores.counts.indices where scores.counts[cell] > 0 {
      let score =
        cell.isMultiple(of: 2) ? min(max(scores.mean(cell), 0), 1) : domain.binning.knots[cell / 2]
      rows += scores.share(cell) * Double(Self.made)
      let inCell = Int(rows.rounded()) - made
      made += inCell
      positives += Double(inCell) * map.probability(of: score)
      let positive = min(max(Int(positives.rounded()) - right, 0), inCell)
      right += positive
      for row in 0..<inCell {
        layout.apply(
          PerformanceRow(output: .number(score), label: .number(row < positive ? 1 : 0), delay: .zero), to: &block)
      }
    }
    let summary = PerformanceSummary(layout: layout, block: block, withImplied: false)
    guard let value = summary.value(metric, at: nil), let bounds = summary.bounds(metric, at: nil) else { return nil }
    let error = min(bounds.upper - value, value - bounds.lower) / SpecialFunctions.normalQuantile(0.99)
    return error > 0 ? error : nil
  }
}
