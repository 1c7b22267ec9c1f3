import LeewayStatistics

extension Metric {
  package static let ks = Metric(
    "ks",
    .distance(
      .cells(
        { $0.numeric?.ks },
        noise: { c in c.numeric.map { _ in DistanceNoise.kolmogorovSmirnov(c.baseline.present, c.present) } },
        details: [.ksPValue, .ksBound])),
    "Largest distance between the cumulative distributions of baseline and window.",
    alsoCalled: ["kolmogorovsmirnov", "kolmogorovsmirnovtest", "ksstatistic", "kstest", "ks2samp", "ks"])
}

extension MetricDetail {
  static let ksPValue = ofDistance(
    "ks_p_value", "Chance of a ks at least as large without drift, if rows are independent.", worse: .below
  ) { $0.numeric?.ksPValue }
  static let ksBound = ofDistance("ks_bound", "How far ks may be off, since values are counted in cells.") {
    $0.numeric?.ksBound
  }
}
