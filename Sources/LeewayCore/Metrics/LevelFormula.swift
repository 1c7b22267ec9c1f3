import LeewayStatistics

/// A number of a subject's values that is not tested.
package struct LevelFormula: Sendable {
  typealias Moments = (mean: Double, standardDeviation: Double)

  let value: @Sendable (Moments) -> Double
  /// The same of a baseline's subject.
  package let baseline: @Sendable (SubjectBaseline) -> Double?
  /// How far two samples' levels are apart; nil where that has no test.
  let difference: (@Sendable (_ a: Moments, _ rows: Int64, _ b: Moments, _ others: Int64) -> MetricDifference?)?
}
