import LeewayStatistics

/// What a metric of labelled predictions needs besides its value, which `PerformanceReading` works out.
package struct PerformanceFormula: Sendable {
  /// How it is held against that of other rows.
  enum Comparison: Sendable {
    case ranking(Area)
    case macroF1, loss
    case decision(DecisionRatio)
    case regression(RegressionMeasure)
  }

  /// A number of the order of scores: of one model's, and of two models' on the same rows.
  struct Area: Sendable {
    let value: @Sendable (RankingCells) -> Double?
    /// The first less the second, with its interval at a confidence.
    let difference: @Sendable (RankingCells, RankingCells, Double) -> MetricDifference?
    let pair: @Sendable (PairedScoreGrid) -> (champion: Double, challenger: Double)?
    let pairedDifference: @Sendable (PairedScoreGrid, Double) -> MetricDifference?
  }

  /// nil: it has no interval.
  let comparison: Comparison?
  /// Whether labels of every class must have come.
  package let needsEveryClass: Bool
  package let isCalibration: Bool
  /// Whether it needs the probabilities of all classes, of a model of several.
  package let needsProbabilities: Bool
  /// At a place that the check names by `at`, from 0 to 1.
  let placed: (@Sendable (RankingCells, Double) -> RankingCells.AtThreshold?)?
  /// What was estimated, of a metric that says how far that was off.
  package let estimate: Metric?

  init(
    _ comparison: Comparison? = nil, needsEveryClass: Bool = true, isCalibration: Bool = false,
    needsProbabilities: Bool = false, estimate: Metric? = nil,
    placed: (@Sendable (RankingCells, Double) -> RankingCells.AtThreshold?)? = nil
  ) {
    self.comparison = comparison
    self.needsEveryClass = needsEveryClass
    self.isCalibration = isCalibration
    self.needsProbabilities = needsProbabilities
    self.estimate = estimate
    self.placed = placed
  }
}
