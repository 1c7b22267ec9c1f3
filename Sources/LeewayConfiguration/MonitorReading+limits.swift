import LeewayCore

extension MonitorReading {
  static let firingTiers: [Tier] = [.info, .warning, .critical]

  /// The keys of a limit that is a map.
  static let limitKeys: [ConfigurationKey] = [
    .init("above", .other("number; for `rows` also a percentage", nil), "fires above it"),
    .init("below", .other("number; for `rows` also a percentage", nil), "fires below it"),
    .init(
      "max_drop", .other("percentage of the reference, or a difference", nil),
      "fires where the metric is lower than the reference by more"),
    .init(
      "max_rise", .other("percentage of the reference, or a difference", nil),
      "fires where the metric is higher than the reference by more"),
  ]

  /// The limits of a check's tiers, ascending; reports tiers in the wrong order.
  func readLimits(_ map: ConfigurationMap, metric: Metric?) -> [ReadCheck.LimitPlace] {
    var limits: [ReadCheck.LimitPlace] = []
    var hasTier = false
    for tier in Self.firingTiers {
      hasTier = hasTier || map.contains(tier.name)
      guard let value = map.value(tier.name) else { continue }
      limits += readLimit(value, tier, metric)
    }
    if !hasTier {
      reading.error(
        map.place, "\(map.path) has no tier, so it never fires; add info:, warning: or critical: with a limit")
    }
    // Which side is the worse one is known of a metric that is known.
    if let metric { checkOrder(limits, metric) }
    return limits
  }

  /// - Parameter isClear: it is no limit, and has to be back beyond it what has fired.
  func readLimit(
    _ value: ConfigurationValue, _ tier: Tier, _ metric: Metric?, isClear: Bool = false
  ) -> [ReadCheck.LimitPlace] {
    guard case .map = value.node.content else {
      guard let quantity = readQuantity(value, metric, isRelativeAllowed: metric == .rows || metric == nil) else {
        return []
      }
      let limit: Limit
      switch metric?.direction {
      case .below: limit = .below(quantity)
      case .eitherSide:
        if case .absolute(let x) = quantity, x < 0 {
          value.refuse(
            "a plain limit is of both sides, so it takes 0 to 1; for one side write {below: \(value.node.kind)}")
          return []
        }
        limit = .beyond(quantity)
      default: limit = .above(quantity)
      }
      return [.init(limit: TierLimit(tier, limit), value: value)]
    }
    guard let map = value.map("", .limit) else { return [] }
    var limits: [ReadCheck.LimitPlace] = []
    for key in ["above", "below"] {
      guard let value = map.value(key),
        let quantity = readQuantity(value, metric, isRelativeAllowed: metric == .rows || metric == nil)
      else { continue }
      if !isClear, let metric, let worse = metric.worse, worse != (key == "above" ? .above : .below),
        metric.isOfLabels || metric.family == .distance
      {
        value.warn("fires when \(metric.name) gets better. Did you mean \(key == "above" ? "below" : "above")?")
      }
      limits.append(.init(limit: TierLimit(tier, key == "above" ? .above(quantity) : .below(quantity)), value: value))
    }
    if case .above(.absolute(let high))? = limits.first?.limit.limit,
      case .below(.absolute(let low))? = limits.dropFirst().first?.limit.limit, low > high
    {
      limits[1].value.complain(
        "is \(limits[1].value.node.kind), above the other limit, \(limits[0].value.node.kind), so "
          + (isClear ? "no value clears" : "every value fires") + "; exchange them")
    }
    for key in ["max_drop", "max_rise"] {
      guard let value = map.value(key) else { continue }
      let isDrop = key == "max_drop"
      if let metric, !metric.hasReference {
        value.complain(metric.noReference(isDrop: isDrop))
        continue
      }
      guard let quantity = readChange(value, metric, isDrop: isDrop) else { continue }
      if !isClear, let metric, let worse = metric.worse, worse != (isDrop ? .below : .above) {
        value.warn("fires when \(metric.name) gets better. Did you mean \(isDrop ? "max_rise" : "max_drop")?")
      }
      let limit = isDrop ? Limit.maximumDrop(quantity) : .maximumRise(quantity)
      limits.append(.init(limit: TierLimit(tier, limit), value: value))
    }
    if map.isEmpty { value.complain("is an empty map; it takes above, below, max_drop or max_rise") }
    map.finish()
    return limits
  }

  /// An absolute limit within the metric's range, or a share of the usual rows.
  private func readQuantity(_ value: ConfigurationValue, _ metric: Metric?, isRelativeAllowed: Bool) -> Quantity? {
    if let percent = value.percent {
      guard isRelativeAllowed else {
        let fix =
          metric?.range?.upperBound == 1
          ? "write \(ConfigurationValue.shown(percent))" : "write the number, or max_drop or max_rise for a change"
        value.refuse("percentages are for rows, max_drop and max_rise; \(fix)")
        return nil
      }
      guard percent > 0, percent <= 1000 else {
        value.refuse("it takes more than 0% and up to 100000%")
        return nil
      }
      return .relative(percent)
    }
    guard let metric else {
      return value.number("it takes a number, or a map with above, below, max_drop or max_rise").map(Quantity.absolute)
    }
    let rule = metric.rangeRule
    guard let number = value.number("\(metric.name) \(rule)") else { return nil }
    if let range = metric.range, !range.contains(number) {
      let suggestion =
        range.upperBound <= 10 && range.contains(number / 100)
        ? ". Did you mean \(ConfigurationValue.shown(number / 100))?" : ""
      value.refuse("\(metric.name) \(rule)\(suggestion)")
      return nil
    }
    return .absolute(number)
  }

  /// How far a metric may move: a percentage of the reference, or an absolute difference.
  private func readChange(_ value: ConfigurationValue, _ metric: Metric?, isDrop: Bool) -> Quantity? {
    let rule = "it takes a percentage such as 3%, or a difference such as 0.03"
    if let percent = value.percent {
      let most = isDrop ? 1.0 : 100
      guard percent > 0, percent <= most else {
        value.refuse("it takes more than 0% and up to \(ConfigurationValue.shown(most * 100))%")
        return nil
      }
      return .relative(percent)
    }
    guard let number = value.number(rule) else { return nil }
    guard number > 0 else {
      value.refuse("it takes a number above 0")
      return nil
    }
    if let range = metric?.range, range.upperBound - range.lowerBound <= 10,
      number > range.upperBound - range.lowerBound
    {
      value.refuse("\(metric?.name ?? "") \(metric?.rangeRule ?? ""). Did you mean \(value.node.kind)%?")
      return nil
    }
    return .absolute(number)
  }

  /// Tiers of one kind must get worse, or the milder never shows.
  private func checkOrder(_ limits: [ReadCheck.LimitPlace], _ metric: Metric) {
    for (index, worse) in limits.enumerated() {
      guard let milder = limits[..<index].last(where: { $0.limit.limit.isComparable(to: worse.limit.limit) }),
        let (a, b, rises) = Limit.ordered(milder.limit.limit, worse.limit.limit)
      else { continue }
      if rises ? a > b : a < b {
        let side = rises ? "above" : "below"
        milder.value.complain(
          "is \(milder.value.node.kind), \(side) that of \(worse.limit.tier.name), \(worse.value.node.kind); "
            + "\(worse.limit.limit.isChange ? "the change" : metric.name) fires \(side) a limit, so \(milder.limit.tier.name) must be the \(rises ? "smaller" : "greater")"
        )
      } else if a == b {
        milder.value.warn(
          "is \(milder.value.node.kind), the same as that of \(worse.limit.tier.name), so \(milder.limit.tier.name) never shows"
        )
      }
    }
  }
}

extension Metric {
  /// Why it has none, and what to write.
  fileprivate func noReference(isDrop: Bool) -> String {
    switch family {
    case .ratio:
      "is measured from the baseline's own ratio, and \(name) is 0 there by definition; use a plain limit"
    case .traffic:
      "is for ratios, levels and performance, and rows is none; use \(isDrop ? "below: 50%" : "above: 200%")"
    case .distance, .level, .shift, .performance, .estimate, .detector, .fairness:
      "is for ratios, levels and performance, and \(name) is none; use a plain limit"
    }
  }

  /// `takes 0 to 10`
  fileprivate var rangeRule: String {
    guard let range else { return "takes a number" }
    let low = ConfigurationValue.shown(range.lowerBound)
    let high = ConfigurationValue.shown(range.upperBound)
    if range.upperBound == .greatestFiniteMagnitude { return "takes \(low) or more" }
    if range.lowerBound == -.greatestFiniteMagnitude { return "takes \(high) or less" }
    return "takes \(low) to \(high)"
  }

  /// The side on which the model is worse; nil where both may be.
  fileprivate var worse: Direction? { isTwoSided ? nil : direction }
}

extension Limit {
  /// For the metric against its reference.
  var isChange: Bool {
    switch self {
    case .maximumDrop, .maximumRise: true
    case .above, .below, .beyond: false
    }
  }

  fileprivate func isComparable(to other: Limit) -> Bool { Limit.ordered(self, other) != nil }

  /// The two numbers, and whether the worse tier must have the greater; nil if they are of different kinds.
  static func ordered(_ a: Limit, _ b: Limit) -> (Double, Double, rises: Bool)? {
    switch (a, b) {
    case (.above(let a), .above(let b)), (.beyond(let a), .beyond(let b)), (.maximumDrop(let a), .maximumDrop(let b)),
      (.maximumRise(let a), .maximumRise(let b)):
      numbers(a, b).map { ($0, $1, true) }
    case (.below(let a), .below(let b)): numbers(a, b).map { ($0, $1, false) }
    default: nil
    }
  }

  private static func numbers(_ a: Quantity, _ b: Quantity) -> (Double, Double)? {
    switch (a, b) {
    case (.absolute(let a), .absolute(let b)), (.relative(let a), .relative(let b)): (a, b)
    default: nil
    }
  }
}
