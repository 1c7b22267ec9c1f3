import LeewayStatistics

extension Metric {
  package static let mean = Metric(
    "mean", .level(LevelFormula(value: { $0.mean }, baseline: { $0.mean }, difference: differenceOfMeans)),
    "Mean of the present values.", unit: .subject, isTwoSided: true, range: nil,
    alsoCalled: ["average", "avg"])

  package static let standardDeviation = Metric(
    "standard_deviation",
    .level(LevelFormula(value: { $0.standardDeviation }, baseline: { $0.standardDeviation }, difference: nil)),
    "Standard deviation of the present values.", unit: .subject, isTwoSided: true,
    range: 0...Double.greatestFiniteMagnitude,
    alsoCalled: ["std", "stddev", "stdev"])

  /// By the normal limit, of independent samples.
  @Sendable private static func differenceOfMeans(
    _ a: LevelFormula.Moments, _ rows: Int64, _ b: LevelFormula.Moments, _ others: Int64
  ) -> MetricDifference? {
    let ours = a.standardDeviation * a.standardDeviation / Double(rows)
    let theirs = b.standardDeviation * b.standardDeviation / Double(others)
    return MetricDifference(estimate: a.mean - b.mean, standardError: (ours + theirs).squareRoot())
  }
}
