extension Metric {
  /// All metrics in the order in which lines, messages, the API and the documents have them.
  package static let all: [Metric] =
    distances + ratios + levels + [.shift, .rows] + ofPerformance + estimates + estimateErrors + detectors + ofFairness
    + ofLabels

  static let distances: [Metric] = [
    .psi, .ks, .wasserstein, .wassersteinNormalised, .energy, .jensenShannon, .hellinger, .totalVariation, .lInfinity,
  ]
  static let ratios: [Metric] = [.missingRatio, .invalidRatio, .unseenRatio, .outsideRatio]
  static let levels: [Metric] = [.mean, .standardDeviation]
  private static let ofPerformance: [Metric] = [
    .auc, .averagePrecision, .brier, .logLoss, .ece, .mce, .spiegelhalterZ, .calibrationSlope, .calibrationIntercept,
    .calibrationInTheLarge, .accuracy, .precision, .recall, .f1, .positiveRate, .predictedPositiveRate, .precisionAtTop,
    .precisionAtRecall, .recallAtPrecision, .macroF1, .mae, .rmse, .bias, .mape,
    .wape, .r2, .absoluteErrorP50, .absoluteErrorP90, .absoluteErrorP99,
  ]
  private static let estimates: [Metric] = [
    .estimatedAUC, .estimatedAccuracy, .estimatedPrecision, .estimatedRecall, .estimatedF1, .estimatedBrier,
    .estimatedPositiveRate, .estimatedMAE, .confidentRatio,
  ]
  static let estimateErrors: [Metric] = [.estimatedAUCError, .estimatedAccuracyError, .estimatedMAEError]
  private static let detectors: [Metric] = [.adwin, .pageHinkley, .ddm, .eddm, .hddmA, .hddmW]
  private static let ofFairness: [Metric] = [
    .demographicParityDifference, .disparateImpact, .equalOpportunityDifference, .equalisedOddsDifference,
  ]
  private static let ofLabels: [Metric] = [.coverage, .labelledScoreKS]

  /// Those that the labelled rows of a task give, each with its formula, in the list's order.
  static let ofBinary = having(\.binary)
  static let ofMulticlass = having(\.multiclass)
  static let ofRegression = having(\.regression)
  /// Those that outputs with and without a label give.
  static let ofOutputs = having(\.outputs)

  private static func having<Rows>(
    _ formula: (PerformanceFormula.Values) -> (@Sendable (Rows) -> MeasuredValue)?
  ) -> [(metric: Metric, value: @Sendable (Rows) -> MeasuredValue)] {
    all.compactMap { metric in
      metric.performance.flatMap { formula($0.values) }.map { (metric, $0) }
    }
  }
}
