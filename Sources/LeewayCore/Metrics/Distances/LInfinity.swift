import LeewayStatistics

extension Metric {
  package static let lInfinity = Metric(
    "l_infinity", .distance(.bins({ $0.lInfinity }, noise: { $0.lInfinityNoise }, size: .lInfinity)),
    "Largest difference between the shares of one bin.",
    alsoCalled: ["linfinitydistance", "linf", "chebyshev", "chebyshevdistance"])
}
