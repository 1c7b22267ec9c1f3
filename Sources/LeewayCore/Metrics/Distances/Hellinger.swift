import LeewayStatistics

extension Metric {
  package static let hellinger = Metric(
    "hellinger", .distance(.bins({ $0.hellinger }, noise: { $0.hellingerNoise }, size: .hellinger)),
    "Hellinger distance between the bins' shares, from 0 (the same) to 1.",
    alsoCalled: ["hellingerdistance"])
}
