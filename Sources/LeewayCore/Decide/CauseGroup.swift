/// Where evidence comes from. Each cause has an incident machine of its own, which consumes the verdicts of one stream in the
/// order of their ends. The cases are in the order in which the groups of one end are decided.
package enum CauseGroup: String, Sendable, CaseIterable {
  /// Missing, invalid, unseen and outlying values, rows and traffic.
  case dataQuality = "data"
  /// Distances, levels and estimates: what a model is given and puts out, judged when a window closes.
  case drift
  /// Detectors on the stream of errors.
  case concept
  /// Performance by the labels that came early.
  case performanceEarly = "performance/early"
  /// Performance at the horizon, and what else needs its labels: versions beside each other, and fairness.
  case performanceFinal = "performance/final"

  /// Whether its incidents may call for a retrain: bad data are fixed, not learned. Drift may by a `shift` that has settled, not by
  /// the sampling null; what is found early may only by checks that say so.
  var retrains: Bool { self != .dataQuality }

  /// Whether its verdicts are given when a window closes; else when its labels are there.
  package var isJudgedAtClose: Bool { self == .dataQuality || self == .drift }
}

extension Check {
  /// The group that consumes the check's verdicts of a stage; for `shift` on features, of what says more of the population than of the feed. A
  /// comparison of versions by a distance closes with its window, so it is of the stream of drift.
  package func causeGroup(_ stage: Stage = .final) -> CauseGroup {
    switch metric.family {
    case .ratio, .traffic: .dataQuality
    case .distance, .level, .estimate: .drift
    case .shift:
      switch on {
      case .traffic: .dataQuality
      case .errors: .concept
      default: .drift
      }
    case .detector: .concept
    case .performance, .fairness: stage == .early ? .performanceEarly : .performanceFinal
    }
  }

  /// Every group that may consume its verdicts.
  package var causeGroups: Set<CauseGroup> {
    ShiftFeed(self) == .subjects ? [.dataQuality, .drift] : Set(Stage.allCases.map(causeGroup))
  }

  /// The group that consumes a verdict: that of what a shift is of, and looks like, else the check's.
  package func causeGroup(of verdict: Verdict) -> CauseGroup {
    verdict.shift?.isOfData == true ? .dataQuality : causeGroup(verdict.stage)
  }

  /// Every group that a verdict changes. What turns out to be a fault of the data is no drift any more.
  func causeGroups(of verdict: Verdict) -> [CauseGroup] {
    let group = causeGroup(of: verdict)
    return verdict.shift.map { $0.isOfData && !$0.stream.isOfFeed } == true ? [group, causeGroup()] : [group]
  }
}
