import LeewayStatistics

extension Metric {
  package static let totalVariation = Metric(
    "total_variation",
    .distance(.bins({ $0.totalVariation }, noise: { $0.totalVariationNoise }, size: .totalVariation)),
    "Share of the rows that would have to change their bin for both sides to be the same.",
    alsoCalled: ["totalvariationdistance", "tvd"])
}
