import LeewayStatistics

extension Metric {
  package static let jensenShannon = Metric(
    "jensen_shannon", .distance(.bins({ $0.jensenShannon }, noise: { $0.jensenShannonNoise }, size: .jensenShannon)),
    "Jensen–Shannon distance between the bins' shares in base 2, from 0 (the same) to 1.",
    alsoCalled: ["jensenshannondistance", "jensenshannon", "jsdistance", "js"])
}
