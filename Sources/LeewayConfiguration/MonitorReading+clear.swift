import LeewayCore

extension MonitorReading {
  /// `clear:`, beyond which a value must be back before what has fired clears: as the limits of the lowest tier are written, and on
  /// their good side.
  ///
  /// - Parameter limits: of all tiers, ascending.
  func readClear(_ map: ConfigurationMap, metric: Metric?, _ limits: [ReadCheck.LimitPlace]) -> [ReadCheck.LimitPlace] {
    guard let value = map.value("clear") else { return [] }
    // Refused by the metric's family.
    if metric?.family == .detector { return [] }
    guard let lowest = limits.first?.limit.tier else {
      _ = readLimit(value, .info, metric, isClear: true)
      return []
    }
    let clears = readLimit(value, lowest, metric, isClear: true)
    let own = limits.filter { $0.limit.tier == lowest }
    for clear in clears { check(clear, beside: own, lowest, metric) }
    return clears
  }

  private func check(
    _ clear: ReadCheck.LimitPlace, beside own: [ReadCheck.LimitPlace], _ tier: Tier, _ metric: Metric?
  ) {
    guard let limit = own.first(where: { Limit.ordered($0.limit.limit, clear.limit.limit) != nil }),
      let (a, b, rises) = Limit.ordered(limit.limit.limit, clear.limit.limit)
    else {
      clear.value.complain(
        "is of another kind than the limit of \(tier.name); write it in the same way, with a value on its good side")
      return
    }
    let (shown, other) = (clear.value.node.kind, limit.value.node.kind)
    if rises ? b > a : b < a {
      let (side, size) = rises ? ("above", "smaller") : ("below", "greater")
      clear.value.complain(
        "is \(shown), \(side) the limit of \(tier.name), \(other); what fires \(side) a limit clears on the other side, so "
          + "clear must be the \(size)")
    } else if a == b {
      clear.value.warn(
        "is \(shown), the same as the limit of \(tier.name), so it makes no difference; set it to what is well again, "
          + "or remove it")
    } else if let metric, let edge = metric.edge(beyond: clear.limit.limit) {
      clear.value.warn(
        "is \(shown), and \(metric.name) is never \(edge), so what has fired never clears; write a \(rises ? "greater" : "smaller") number"
      )
    }
  }

  /// What chance gives is no sign of anything: a distance seldom falls below it.
  func warnOfClear(within baseline: Baseline) {
    for check in checks
    where check.check?.reference == .baseline && check.minimumRows > 0 && baseline.rows > 0 {
      guard let metric = check.metric else { continue }
      let scale = 1 / Double(baseline.rows) + 1 / Double(check.minimumRows)
      for clear in check.clears {
        guard case .above(.absolute(let threshold)) = clear.limit.limit,
          let largest = Self.largestScale(metric, 2 * threshold), scale > largest
        else { continue }
        clear.value.warn(
          "is \(clear.value.node.kind), under \(metric.name)'s noise at min_rows \(check.minimumRows), so windows of so "
            + "few rows seldom clear; raise it or min_rows")
      }
    }
  }
}

extension Metric {
  /// Why no value can be back beyond a `clear`; nil where one can.
  fileprivate func edge(beyond clear: Limit) -> String? {
    switch clear {
    case .beyond(.absolute(0)): "nearer to 0 than that"
    case .above(.absolute(let x)): range.flatMap { $0.lowerBound >= x ? "below it" : nil }
    case .below(.absolute(let x)): range.flatMap { $0.upperBound <= x ? "above it" : nil }
    default: nil
    }
  }
}
