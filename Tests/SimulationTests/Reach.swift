import LeewayTestSupport
import Testing

@testable import LeewayCore

/// What simulated runs come to. A rule that no run comes to is not tested by any of them.
struct Reach: Equatable {
  /// Runs by what they came to.
  private(set) var runs: [String: Int] = [:]

  /// A slice beside its own part of the baseline, in a line and in a verdict of a distance.
  static let ownPart = ["line against slice", "verdict against slice"]
  /// An alarm of a population, one of its feed, and a verdict that nothing has shifted.
  static let shifts = ["population shifted", "feed shifted", "nothing shifted"]
  static let transitions = [
    "opened", "escalated", "spread", "resolved", "retrain_held", "retraining", "verifying", "failed", "confirmed",
    "withdrawn", "acknowledged", "candidate", "overdue", "reopened", "flapping",
  ]
  static let reminder = "reminded"
  static let byHand = "resolved by hand"

  /// Of one run: the lines that it has stored, and the keys of messages that were taken.
  init(of lines: [ResultRecord] = [], in world: SimulatedWorld? = nil, sent keys: [String] = []) {
    if keys.contains(where: { $0.contains("-reminder/") }) { runs[Self.reminder] = 1 }
    let hasParts = world?.plans.contains { !$0.baseline.slices.isEmpty } ?? false
    for line in lines {
      switch line.type {
      case .incident:
        let transition = Self.transitions.first { line.line.contains("\"transition\":\"\($0)\"") }
        if let transition { runs[transition] = 1 }
        if transition == "resolved", line.line.contains(#""by":"#) { runs[Self.byHand] = 1 }
      case .drift where hasParts && line.line.contains(#""against":"slice""#): runs[Self.ownPart[0]] = 1
      case .verdict where hasParts && line.line.contains(#""against":"slice""#):
        let isDistance = Metric.named(line.metric)?.family == .distance
        if isDistance, !line.line.contains(#""tier":"insufficient_data""#) { runs[Self.ownPart[1]] = 1 }
      case .shift where !line.line.contains(#""alarm":null"#):
        runs[Self.shifts[line.metric == "missing" || line.metric == "invalid" ? 1 : 0]] = 1
      case .verdict where line.metric.hasPrefix("shift") && line.line.contains(#""tier":"ok""#):
        // Told of once a day without a shift.
        if line.line.contains(#""direction":"up""#) || line.line.contains(#""direction":"down""#) {
          runs[Self.shifts[2]] = 1
        }
      default: break
      }
    }
  }

  mutating func add(_ other: Reach) { runs.merge(other.runs, uniquingKeysWith: +) }

  /// What too few of so many runs came to: at least one in two hundred has to.
  func missing(in count: Int) -> [String] {
    (Self.ownPart + Self.shifts + Self.transitions + [Self.byHand, Self.reminder]).filter {
      runs[$0, default: 0] * 200 < count
    }
  }
}
