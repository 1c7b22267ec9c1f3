import LeewayCore

extension MonitorReading {
  /// `labels.early: 4d`: when performance is judged before the horizon.
  func readEarly(_ labels: ConfigurationMap, before horizon: TimeSpan?) -> TimeSpan? {
    hasEarly = labels.contains("early")
    hasAbsent = labels.contains("absent")
    guard let value = labels.value("early"), let early = labels.span("early") else { return nil }
    if let horizon, early >= horizon {
      value.complain(
        "is \(early), which is not before the horizon of \(horizon); write less, or remove it to judge at the horizon only"
      )
      return nil
    }
    return early
  }

  /// `stages: [final]` of a check, and `retrain: early`.
  func readStages(
    _ map: ConfigurationMap, _ metric: Metric?, _ on: Check.Subjects?
  ) -> (stages: Set<Stage>, retrainsEarly: Bool)? {
    let before = reading.problems.count
    let isPerformance = on == .performance && metric?.family == .performance && metric?.isEstimateError == false
    let isKnown = on != nil && metric != nil
    let stages = map.value("stages").flatMap { readStages($0, isPerformance || !isKnown) }
    let isEarly = hasEarly && isPerformance && (stages ?? Set(Stage.allCases)).contains(.early)
    let retrainsEarly = map.value("retrain").map { readRetrain($0, isEarly || !isKnown) } ?? false
    if isEarly, hasAbsent, let metric, metric.needsEveryClass, !reading.problems[before...].hasErrors {
      let reason =
        "\(metric.name), which needs labels of every class; with labels.absent these are there at the horizon only, so "
        + "write stages: [final]"
      if let value = map.value("stages") {
        value.complain("names early, and the metric is \(reason)")
      } else {
        map.value("metric")?.complain("is judged early too and is \(reason)")
      }
    }
    return reading.problems[before...].hasErrors ? nil : (stages ?? Set(Stage.allCases), retrainsEarly)
  }

  private func readStages(_ value: ConfigurationValue, _ isPerformance: Bool) -> Set<Stage>? {
    guard let names = value.names(of: "stages") else { return nil }
    if names.isEmpty { value.complain("is an empty list; write [early], [final] or both, or remove it") }
    let stages = Set(names.compactMap { $0.value.choice(Stage.self) })
    if !isPerformance {
      value.complain("is for checks on performance; everything else is judged once, so remove it")
    } else if stages.contains(.early), !hasEarly {
      value.complain("names early, and labels have no such stage; add early: DURATION to labels, or write [final]")
    }
    return stages
  }

  private func readRetrain(_ value: ConfigurationValue, _ isEarly: Bool) -> Bool {
    guard let stage = value.choice(among: [Stage.early.rawValue]) else { return false }
    if !isEarly {
      value.complain("is \(stage), and the check has no early verdicts; remove it")
    }
    return true
  }
}
