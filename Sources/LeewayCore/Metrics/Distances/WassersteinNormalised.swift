import LeewayStatistics

extension Metric {
  package static let wassersteinNormalised = Metric(
    "wasserstein_normalised",
    .distance(
      .cells(
        { $0.ordered?.wassersteinNormalised },
        noise: { c in
          guard let deviation = c.baselineDeviation, let noise = Metric.wasserstein.distance?.noise(c) else {
            return nil
          }
          return noise / deviation
        }, details: [.wassersteinNormalisedBound])),
    "Mean distance by which values moved, in standard deviations of the baseline.",
    unit: .deviations, range: 0...Double.greatestFiniteMagnitude)
}

extension MetricDetail {
  static let wassersteinNormalisedBound = ofDistance(
    "wasserstein_normalised_bound", "How far wasserstein_normalised may be off, since values are counted in cells.",
    unit: .deviations
  ) { $0.ordered?.wassersteinNormalisedBound }
}
