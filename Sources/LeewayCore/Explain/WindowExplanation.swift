import LeewayStatistics

/// What checks on windows of predictions find: distances, ratios, levels and rows. Rows are taken as independent of each other.
struct WindowExplanation {
  let plan: MonitorPlan
  let check: Check
  let window: WindowDefinition
  /// Rows of a typical hour, by slice; 1,000 where the baseline does not say.
  let rowsPerHour: (String) -> Double?

  /// Rows an hour where the baseline does not say.
  static let assumedRows = 1000.0

  private var share: WindowShare {
    WindowShare(
      size: window.size.seconds / 3600, every: window.every.seconds / 3600, consecutive: check.consecutive)
  }

  private func rows(_ slice: String) -> Double {
    max(1, (rowsPerHour(slice) ?? Self.assumedRows) * window.size.seconds / 3600)
  }

  func tiers(slices: [String]) -> [TierExplanation] {
    check.limits.map { limit in
      var tier = TierExplanation(tier: limit.tier, rule: limit.limit.words, falseAlarms: falseAlarms)
      if check.metric.family == .traffic {
        tier.found = slices.compactMap { traffic($0, limit.limit) }
      } else {
        let family = slices.reduce(0) { $0 + subjects($1).count }
        for slice in slices {
          for subject in subjects(slice) { tier.found.append(found(slice, subject, limit.limit, family: family)) }
        }
      }
      return tier
    }
  }

  private func subjects(_ slice: String) -> [Int] {
    CheckEvaluation(check: check, plan: plan).subjects(in: slice)
  }

  private var falseAlarms: TierExplanation.FalseAlarms {
    switch check.metric.family {
    case .distance:
      .notPromised(
        "rows that come together are alike, hours differ by themselves, and its p-value takes rows as independent; "
          + "leeway backtest counts its alarms on your own history")
    case .ratio:
      .notPromised("missing and odd values come in bursts; leeway backtest counts its alarms on your own history")
    default:
      .notPromised(
        "how much it varies while nothing changes is not known; leeway backtest counts its alarms on your own history")
    }
  }

  // MARK: Distances, ratios and levels

  private func found(_ slice: String, _ subject: Int, _ limit: Limit, family: Int) -> FoundChange {
    let name = plan.drift.subjects[subject].name
    let (side, against) = plan.baselineSide(subject: subject, slice: NameKey(slice))
    var found = FoundChange(
      slice: slice, subject: name, stream: "", unit: "sd", rowsPerHour: rowsPerHour(slice), sizes: [])
    func nothing(_ remark: String) -> FoundChange {
      found.remark = remark
      found.sizes = FoundChange.horizons.map { _ in nil }
      return found
    }
    guard check.reference == .baseline else {
      return nothing("it is measured from the first days of production, which are not known yet")
    }
    guard let (threshold, fires) = limit.resolved(reference: side.value(check.metric)) else {
      return nothing("the baseline has no value to measure the limit from")
    }
    let n = rows(slice)
    guard n >= Double(check.minimumRows) || check.metric.family == .ratio else {
      return nothing("its window holds about \(Int(n)) rows, and it needs \(check.minimumRows)")
    }
    switch check.metric.formula {
    case .distance:
      guard plan.isJudged(subject: subject, slice: slice, against: against) else {
        return nothing("the baseline has no part of this slice")
      }
      guard MovedSubject.isExplained(check.metric) else {
        return nothing("what chance makes of \(check.metric.name) in a window is not worked out")
      }
      let test = check.significance.map { $0 / Double(max(family, 1)) }
      guard
        let moved = MovedSubject(
          domain: plan.drift.subjects[subject].domain, side: side, metric: check.metric, rows: n, limit: threshold,
          significance: test)
      else { return nothing("there is no value to move") }
      (found.stream, found.unit) = (moved.stream, moved.unit)
      if let noise = moved.noise, threshold < 2 * noise {
        return nothing(
          "it is not judged: the limit is below twice the noise of \(Int(n)) rows, \(ShortestText.of(noise.rounded(to: 3)))"
        )
      }
      found.sizes = FoundChange.horizons.map { moved.smallest(share: share.changed(within: Double($0))) }
    case .ratio:
      found.stream = check.metric.name
      found.unit = "share"
      guard fires == .above else { return nothing("it fires where the ratio falls, which is not explained") }
      let test = check.significance.map { $0 / Double(max(family, 1)) }
      let risen = RisenRatio(
        was: min(max(side.value(check.metric) ?? 0, 0), 1), rows: Int64(n), limit: threshold, significance: test)
      found.sizes = FoundChange.horizons.map { risen.smallest(share: share.changed(within: Double($0))) }
    case .level:
      guard let moments = side.moments, moments.standardDeviation > 0 else {
        return nothing("the baseline's values do not vary")
      }
      found.stream = check.metric == .mean ? "mean" : "standard deviation"
      found.unit = check.metric == .mean ? "sd" : "log_variance"
      let moved = MovedLevel(moments: moments, isMean: check.metric == .mean, rows: n, limit: threshold, fires: fires)
      found.sizes = FoundChange.horizons.map { moved.smallest(share: share.changed(within: Double($0))) }
    default: return nothing("it is not explained")
    }
    return found
  }

  // MARK: Rows

  /// The smallest part of the rows that is lost, or of rows more, for which a window of Poisson rows R is beyond its limit with a chance of
  /// 80 %: with the share f of the window changed, μ = R (1 ∓ f d) and μ ± 0.84 √μ at the limit.
  private func traffic(_ slice: String, _ limit: Limit) -> FoundChange? {
    let usual = rows(slice)
    guard let (threshold, fires) = limit.resolved(reference: usual) else { return nil }
    let slack = SpecialFunctions.normalQuantile(SmallestChange.power)
    return FoundChange(
      slice: slice, subject: "traffic", stream: fires == .above ? "rows more" : "rows lost", unit: "share",
      rowsPerHour: rowsPerHour(slice),
      sizes: FoundChange.horizons.map { horizon in
        let f = share.changed(within: Double(horizon))
        guard f > 0 else { return nil }
        let sign = fires == .above ? 1.0 : -1
        // The rows of a window for which the limit is a quantile of theirs.
        let root = (sign * slack + (slack * slack + 4 * max(threshold, 0)).squareRoot()) / 2
        let aim = root * root
        let size = max(0, sign * (aim / usual - 1) / f)
        let hourly = rowsPerHour(slice) ?? Self.assumedRows
        guard fires == .above || size <= 1 else { return nil }
        return .init(size: size, was: hourly, now: hourly * (1 + sign * size))
      })
  }
}

extension Limit {
  /// As it fires, in words.
  package var words: String {
    func text(_ quantity: Quantity) -> String {
      switch quantity {
      case .absolute(let x): ShortestText.of(x)
      case .relative(let x): "\(ShortestText.of((x * 100).rounded(to: 6))) %"
      }
    }
    return switch self {
    case .above(.absolute(let x)): "\(ShortestText.of(x)) or more"
    case .above(.relative(let x)): "\(text(.relative(x))) of the usual or more"
    case .below(.absolute(let x)): "\(ShortestText.of(x)) or less"
    case .below(.relative(let x)): "\(text(.relative(x))) of the usual or less"
    case .beyond(let x): "\(text(x)) or more on either side"
    case .maximumDrop(let x): "a drop of \(text(x)) or more"
    case .maximumRise(let x): "a rise of \(text(x)) or more"
    }
  }
}

extension Double {
  /// With so many significant digits.
  package func rounded(to digits: Int) -> Double {
    guard self != 0, isFinite else { return self }
    var scale = 1.0
    var size = magnitude
    while size >= 10 { (size, scale) = (size / 10, scale / 10) }
    while size < 1 { (size, scale) = (size * 10, scale * 10) }
    for _ in 1..<digits { scale *= 10 }
    return (self * scale).rounded() / scale
  }
}
