import LeewayStatistics

/// A metric of labelled predictions: how its value is worked out, and what checks need besides.
package struct PerformanceFormula: Sendable {
  /// How the value and its bounds follow from a task's labelled rows; nil for tasks that do not have the metric, and for metrics that
  /// need more than these rows.
  struct Values: Sendable {
    var binary: (@Sendable (BinaryRows) -> MeasuredValue)?
    var multiclass: (@Sendable (MulticlassRows) -> MeasuredValue)?
    var regression: (@Sendable (RegressionRows) -> MeasuredValue)?
    /// From the outputs with a label and those without.
    var outputs: (@Sendable (LabelledOutputs) -> MeasuredValue)?
  }

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

  let values: Values
  /// Whether lines say how far the value may be off since scores are counted in cells.
  let hasCellBound: Bool
  /// Whether a verdict can be certain: the value has bounds, or a test.
  package let canBeCertain: Bool
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
    needsProbabilities: Bool = false, hasCellBound: Bool = false, canBeCertain: Bool = true, estimate: Metric? = nil,
    placed: (@Sendable (RankingCells, Double) -> RankingCells.AtThreshold?)? = nil, _ values: Values = Values()
  ) {
    self.values = values
    self.hasCellBound = hasCellBound
    self.canBeCertain = canBeCertain
    self.comparison = comparison
    self.needsEveryClass = needsEveryClass
    self.isCalibration = isCalibration
    self.needsProbabilities = needsProbabilities
    self.estimate = estimate
    self.placed = placed
  }
}
