import LeewayStatistics

@testable import LeewayCore

/// What tests ask of a verdict of one family.
extension Verdict {
  var isCertain: Bool? { if case .performance(let found) = finding { found.isCertain } else { nil } }
  var changedAt: EventTime? { if case .detector(let found) = finding { found.changedAt } else { nil } }
  var interval: RateComparison? { if case .fairness(let found) = finding { found.interval } else { nil } }
}
