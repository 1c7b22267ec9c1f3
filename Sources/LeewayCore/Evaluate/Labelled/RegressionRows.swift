import LeewayStatistics

/// The labelled rows of a regression in one window and slice, as its metrics read them.
struct RegressionRows {
  /// Rows with a label and a prediction.
  let labelled: Int64
  /// Those among them that are too far out to be summed.
  let outlying: Int64
  /// For the others; nil without any.
  let sums: RegressionSums?
  /// Whether no label is so near 0 that its relative error cannot be summed.
  let isRatioKept: Bool
  /// Absolute errors by octave, in steps.
  private let errors: [Int64]
  /// The length of a step.
  private let step: Double

  init(_ rows: PartCells, _ fixedPoint: FixedPoint) {
    labelled = rows.value(.values)
    outlying = rows.value(.outlying)
    sums = rows.regression(fixedPoint)
    isRatioKept = rows.value(.ratioOutlying) == 0
    errors = rows.counts(RegressionOffset.errors, OctaveBins.errors.count)
    step = fixedPoint.unscaled(1)
  }

  /// The distance that a share of the rows does not exceed, within 1/64; nil without rows.
  func absoluteError(atQuantile share: Double) -> Double? {
    sums.flatMap { _ in OctaveBins.errors.quantile(share, errors).map { $0 * step } }
  }

  /// One error of a thousand times the others makes the mean as unsure as it is large, and would hide that all are too large:
  /// so the lower bound is at least what a bound of the mean by its distribution gives.
  var meanAbsoluteError: MeasuredValue {
    guard let sums else { return MeasuredValue(nil) }
    let least = OctaveBins.errors.meanLowerBound(errors, risk: 0.001) * step
    return MeasuredValue(
      sums.mae, sums.maeBounds().map { OneSidedBounds(lower: max($0.lower, least), upper: $0.upper) })
  }

  /// What the sums give, where there are any.
  func measured(
    _ value: (RegressionSums) -> Double?, _ bounds: (RegressionSums) -> OneSidedBounds?
  ) -> MeasuredValue {
    MeasuredValue(sums.flatMap(value), sums.flatMap(bounds))
  }
}
