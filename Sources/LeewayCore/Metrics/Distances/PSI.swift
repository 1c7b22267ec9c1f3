import LeewayStatistics

extension Metric {
  package static let psi = Metric(
    "psi", .distance(.bins({ $0.psi }, noise: { $0.psiNoise }, size: .psi)),
    "Population stability index between the bins of the baseline and of the window; 0 is the same.",
    range: 0...10,
    alsoCalled: ["populationstabilityindex", "stabilityindex"])
}
