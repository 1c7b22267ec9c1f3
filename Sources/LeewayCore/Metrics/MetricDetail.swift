import LeewayStatistics

/// A number that stands beside a metric in a line and that no check can name: how sure or how exact the metric is, or what it
/// was worked out from.
package final class MetricDetail: Sendable {
  /// In result lines and Prometheus.
  package let name: String
  /// What it says, in one line.
  package let summary: String
  package let unit: MetricUnit
  /// The side on which it says more against the model or its data.
  package let direction: Metric.Direction
  /// The family of the metric that it stands beside.
  package let family: Metric.Family
  /// Models whose performance lines have it, or all whose drift lines do.
  package let tasks: Set<ModelTask>
  /// Whether drift lines of categories leave it out.
  package let numericOnly: Bool
  /// Whether it is a p-value, a bound or chi-squared: what a chart needs last.
  package let isEvidence: Bool
  /// For drift lines; nil where it is not defined.
  let value: @Sendable (DriftComparison) -> Double?

  private init(
    _ name: String, _ summary: String, unit: MetricUnit = .number, worse direction: Metric.Direction = .above,
    family: Metric.Family, tasks: Set<ModelTask> = Set(ModelTask.allCases), numericOnly: Bool = false,
    isEvidence: Bool = true, _ value: @escaping @Sendable (DriftComparison) -> Double? = { _ in nil }
  ) {
    self.name = name
    self.summary = summary
    self.unit = unit
    self.direction = direction
    self.family = family
    self.tasks = tasks
    self.numericOnly = numericOnly
    self.isEvidence = isEvidence
    self.value = value
  }

  /// A number that stands behind a distance of numbers.
  static func ofDistance(
    _ name: String, _ summary: String, unit: MetricUnit = .number, worse direction: Metric.Direction = .above,
    _ value: @escaping @Sendable (DriftComparison) -> Double?
  ) -> MetricDetail {
    MetricDetail(name, summary, unit: unit, worse: direction, family: .distance, numericOnly: true, value)
  }

  private static func bound(_ metric: String) -> MetricDetail {
    MetricDetail(
      "\(metric)_bound", "How far \(metric) may be off, since scores are counted in cells.", family: .performance,
      tasks: [.binary])
  }

  static let chiSquared = MetricDetail(
    "chi2", "Pearson's chi-squared of the bins of baseline and window.", family: .distance
  ) { $0.bins?.chiSquared }
  static let chiSquaredPValue = MetricDetail(
    "chi2_p_value", "Chance of a chi2 at least as large without drift, if rows are independent.", worse: .below,
    family: .distance
  ) { $0.bins?.chiSquaredPValue }
  static let pooledPValue = MetricDetail(
    "pooled_p_value",
    "The same after bins that expect fewer than 5 rows are put together: the p-value of verdicts on psi and its kin.",
    worse: .below, family: .distance
  ) { $0.bins?.pooledPValue }
  static let psiNoise = MetricDetail(
    "psi_noise", "The psi that chance gives without drift.", family: .distance, isEvidence: false
  ) { $0.bins?.psiNoise }

  static let labelDelayP50 = MetricDetail(
    "label_delay_p50_seconds", "Half of the labels came within this time after their prediction.", unit: .seconds,
    family: .performance, isEvidence: false)
  static let labelDelayP90 = MetricDetail(
    "label_delay_p90_seconds", "Nine in ten labels came within this time after their prediction.", unit: .seconds,
    family: .performance, isEvidence: false)

  /// For drift lines, those behind a distance first.
  static let ofDrift = Metric.distances.flatMap { $0.distance?.details ?? [] } + ofBins + [psiNoise]
  static let ofBins = [chiSquared, chiSquaredPValue, pooledPValue]

  /// All in their order.
  package static let all: [MetricDetail] =
    ofDrift + Metric.all.filter { $0.performance?.hasCellBound ?? false }.map { bound($0.name) }
    + [labelDelayP50, labelDelayP90]

  /// The detail of that name; nil if there is none.
  package static func named(_ name: String) -> MetricDetail? { byName[name] }

  private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
}
