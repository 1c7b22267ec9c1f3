import LeewayCore

extension MonitorReading {
  private static let longestReference = TimeSpan.days(366)

  /// `reference: baseline` or `first 30d`; nil if it is wrong.
  func readReference(
    _ map: ConfigurationMap, _ metric: Metric?, _ on: Check.Subjects?, _ limits: [ReadCheck.LimitPlace], window: String?
  ) -> Check.Reference? {
    guard let value = map.value("reference") else { return map.contains("reference") ? nil : .baseline }
    if on == .comparison {
      value.complain("goes with on: performance; a comparison is measured from the champion, so remove it")
    }
    guard let reference = readReference(value) else { return nil }
    warnOfNoEffect(value, metric, limits)
    if case .first(let span) = reference, let size = windows?.first(where: { $0.name == window })?.size, span < size {
      value.complain(
        "is shorter than the window of \(size), so there is nothing to measure from; write first \(size), or more")
    }
    return reference
  }

  private func readReference(_ value: ConfigurationValue) -> Check.Reference? {
    guard let text = value.text() else { return nil }
    if text == "baseline" { return .baseline }
    if text.hasPrefix("first "), let span = try? TimeSpan(String(text.dropFirst(6))), span > .zero,
      span <= Self.longestReference
    {
      return .first(span)
    }
    value.refuse("it takes baseline, or first and a duration such as first 30d")
    return nil
  }

  private func warnOfNoEffect(_ value: ConfigurationValue, _ metric: Metric?, _ limits: [ReadCheck.LimitPlace]) {
    guard let metric else { return }
    switch metric.family {
    case .distance: break
    case .ratio, .level, .performance, .estimate:
      guard !limits.isEmpty, !limits.contains(where: { $0.limit.limit.isChange }) else { return }
      value.warn(
        "has an effect only with max_drop or max_rise, because a plain limit on \(metric.name) is not compared with anything; "
          + "remove it, or add such a limit")
    case .shift, .traffic, .detector, .fairness:
      value.warn("has an effect only for distances, ratios, levels and performance; remove it")
    }
  }
}

extension MonitorReading {
  /// A percentage of nothing is no limit: of a ratio that is 0 in the baseline such a check would never be judged.
  func refuseSharesOfNothing(in baseline: Baseline) {
    for read in checks where read.metric?.family == .ratio {
      guard let check = read.check, check.reference == .baseline else { continue }
      let names = subjects(of: check.on).filter { name in
        guard let cells = baseline.subject(named: name)?.cells, baseline.rows > 0 else { return false }
        return check.metric.ratio?.part?(cells) == 0
      }
      guard !names.isEmpty else { continue }
      for limit in read.limits {
        switch limit.limit.limit {
        case .maximumDrop(.relative), .maximumRise(.relative): break
        default: continue
        }
        let named = ShortList.text(names, atMost: Self.maximumNames)
        let except = if case .features = check.on { "leave them out with except, " } else { "" }
        limit.value.complain(
          "is \(limit.value.node.kind) of the baseline's own \(check.metric.name), and that is 0 for \(named); "
            + "write a difference such as 0.01, \(except)or add reference: first 30d")
      }
    }
  }
}
