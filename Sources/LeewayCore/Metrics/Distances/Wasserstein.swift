import LeewayStatistics

extension Metric {
  package static let wasserstein = Metric(
    "wasserstein",
    .distance(
      .cells(
        { $0.ordered?.wasserstein },
        noise: { c in
          c.numeric.map { _ in DistanceNoise.wasserstein(spread: c.baseline.spread, c.baseline.present, c.present) }
        }, details: [.wassersteinBound])),
    "Mean distance by which values moved, in the subject's own unit.",
    unit: .subject, range: 0...Double.greatestFiniteMagnitude,
    alsoCalled: ["wassersteindistance", "earthmoversdistance", "earthmoverdistance", "emd"])
}

extension MetricDetail {
  static let wassersteinBound = ofDistance(
    "wasserstein_bound", "How far wasserstein may be off, since values are counted in cells.", unit: .subject
  ) { $0.ordered?.wassersteinBound }
}
