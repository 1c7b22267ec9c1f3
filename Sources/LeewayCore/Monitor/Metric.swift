package import LeewayStatistics

/// A number that a check can name; the raw value is its name in monitor files, results and Prometheus.
package enum Metric: String, Sendable, CaseIterable {
  // Distances between baseline and window.
  case psi, ks, wasserstein, hellinger
  case wassersteinNormalised = "wasserstein_normalised"
  case jensenShannon = "jensen_shannon"
  case totalVariation = "total_variation"
  case lInfinity = "l_infinity"
  // Shares of rows.
  case missingRatio = "missing_ratio"
  case invalidRatio = "invalid_ratio"
  case unseenRatio = "unseen_ratio"
  case outsideRatio = "outside_ratio"
  // Levels without a test.
  case mean
  case standardDeviation = "standard_deviation"
  // Traffic.
  case rows
  // Performance, binary.
  case auc
  case averagePrecision = "average_precision"
  case brier
  case logLoss = "log_loss"
  case ece, mce
  case calibrationSlope = "calibration_slope"
  case calibrationIntercept = "calibration_intercept"
  case calibrationInTheLarge = "calibration_in_the_large"
  case accuracy, precision, recall, f1
  case positiveRate = "positive_rate"
  case predictedPositiveRate = "predicted_positive_rate"
  case spiegelhalterZ = "spiegelhalter_z"
  // With a place that the check names by `at`.
  case precisionAtTop = "precision_at_top"
  case precisionAtRecall = "precision_at_recall"
  case recallAtPrecision = "recall_at_precision"
  // Performance, multiclass and regression.
  case macroF1 = "macro_f1"
  case mae, rmse, bias, mape, wape, r2
  case absoluteErrorP50 = "absolute_error_p50"
  case absoluteErrorP90 = "absolute_error_p90"
  case absoluteErrorP99 = "absolute_error_p99"
  // Expected before labels come, and how wrong that was.
  case estimatedAUC = "estimated_auc"
  case estimatedAccuracy = "estimated_accuracy"
  case estimatedPrecision = "estimated_precision"
  case estimatedRecall = "estimated_recall"
  case estimatedF1 = "estimated_f1"
  case estimatedBrier = "estimated_brier"
  case estimatedPositiveRate = "estimated_positive_rate"
  case estimatedMAE = "estimated_mae"
  case confidentRatio = "confident_ratio"
  case estimatedAUCError = "estimated_auc_error"
  case estimatedAccuracyError = "estimated_accuracy_error"
  case estimatedMAEError = "estimated_mae_error"
  // Changes that a detector of concept drift found in the errors of a window.
  case adwin
  case pageHinkley = "page_hinkley"
  case ddm, eddm
  case hddmA = "hddm_a"
  case hddmW = "hddm_w"
  // One group of people beside another.
  case demographicParityDifference = "demographic_parity_difference"
  case disparateImpact = "disparate_impact"
  case equalOpportunityDifference = "equal_opportunity_difference"
  case equalisedOddsDifference = "equalised_odds_difference"
  // Labels themselves.
  case coverage
  case labelledScoreKS = "labelled_score_ks"

  /// What a metric is computed from, which decides how it is tested.
  package enum Family: Sendable { case distance, ratio, level, traffic, performance, estimate, detector, fairness }
  /// Where a value is worse: above its limit, below it, or on either side.
  package enum Direction: Sendable { case above, below, eitherSide }

  package var family: Family {
    switch self {
    case .psi, .ks, .wasserstein, .hellinger, .wassersteinNormalised, .jensenShannon, .totalVariation, .lInfinity:
      .distance
    case .missingRatio, .invalidRatio, .unseenRatio, .outsideRatio: .ratio
    case .mean, .standardDeviation: .level
    case .rows: .traffic
    case .estimatedAUC, .estimatedAccuracy, .estimatedPrecision, .estimatedRecall, .estimatedF1, .estimatedBrier,
      .estimatedPositiveRate, .estimatedMAE, .confidentRatio:
      .estimate
    case .adwin, .pageHinkley, .ddm, .eddm, .hddmA, .hddmW: .detector
    case .demographicParityDifference, .disparateImpact, .equalOpportunityDifference, .equalisedOddsDifference:
      .fairness
    default: .performance
    }
  }

  /// What watches the errors; nil for every other metric.
  package var detector: ChangeDetector.Method? {
    family == .detector ? ChangeDetector.Method(rawValue: rawValue) : nil
  }

  /// How it compares groups; nil for every other metric.
  package var fairness: FairnessMeasure? {
    switch self {
    case .demographicParityDifference: .demographicParityDifference
    case .disparateImpact: .disparateImpact
    case .equalOpportunityDifference: .equalOpportunityDifference
    case .equalisedOddsDifference: .equalisedOddsDifference
    default: nil
    }
  }

  /// Detectors that alarm too often on errors that do not change for a retrain to rest on them.
  package var isExperimental: Bool { family == .detector && self != .adwin }

  /// Whether it is judged when the labels are due, and not when the window closes.
  package var isOfLabels: Bool { family == .performance || family == .detector || family == .fairness }

  /// The side on which a bare limit fires.
  package var direction: Direction {
    switch self {
    case .auc, .averagePrecision, .accuracy, .precision, .recall, .f1, .macroF1, .r2, .coverage, .calibrationSlope,
      .rows, .precisionAtTop, .precisionAtRecall, .recallAtPrecision, .estimatedAUC, .estimatedAccuracy,
      .estimatedPrecision, .estimatedRecall, .estimatedF1, .confidentRatio, .disparateImpact:
      .below
    // Signed: whoever is worse off.
    case .demographicParityDifference, .equalOpportunityDifference: .eitherSide
    default: .above
    }
  }

  /// Values a limit may sensibly take; nil is unbounded.
  package var range: ClosedRange<Double>? {
    switch self {
    case .psi: 0...10
    case .wasserstein, .wassersteinNormalised, .standardDeviation, .rows, .logLoss, .mae, .rmse, .mape, .wape,
      .absoluteErrorP50, .absoluteErrorP90, .absoluteErrorP99, .estimatedMAE, .estimatedMAEError:
      0...Double.greatestFiniteMagnitude
    case .mean, .bias, .calibrationSlope, .calibrationIntercept, .calibrationInTheLarge, .spiegelhalterZ: nil
    case .r2: -Double.greatestFiniteMagnitude...1
    case .adwin, .pageHinkley, .ddm, .eddm, .hddmA, .hddmW: 1...1_000_000
    case .demographicParityDifference, .equalOpportunityDifference: -1...1
    case .disparateImpact: 0...100
    default: 0...1
    }
  }

  /// Drift metrics of numeric subjects alone.
  package var numericOnly: Bool {
    switch self {
    case .ks, .wasserstein, .wassersteinNormalised, .outsideRatio, .mean, .standardDeviation: true
    default: false
    }
  }

  /// Whether the task's performance lines carry it.
  package func applies(to task: ModelTask) -> Bool {
    switch self {
    case .coverage: true
    case .labelledScoreKS: task != .multiclass
    case .auc, .averagePrecision, .brier, .calibrationSlope, .calibrationIntercept, .calibrationInTheLarge,
      .precision, .recall, .f1, .positiveRate, .predictedPositiveRate, .spiegelhalterZ, .precisionAtTop,
      .precisionAtRecall, .recallAtPrecision,
      .estimatedAUC, .estimatedAccuracy, .estimatedPrecision, .estimatedRecall, .estimatedF1, .estimatedBrier,
      .estimatedPositiveRate, .confidentRatio, .estimatedAUCError, .estimatedAccuracyError,
      .demographicParityDifference, .disparateImpact, .equalOpportunityDifference, .equalisedOddsDifference:
      task == .binary
    case .accuracy, .logLoss, .ece, .mce: task != .regression
    case .macroF1: task == .multiclass
    case .mae, .rmse, .bias, .mape, .wape, .r2, .absoluteErrorP50, .absoluteErrorP90, .absoluteErrorP99, .estimatedMAE,
      .estimatedMAEError:
      task == .regression
    // Those that take a wrong class or a right one, and no size of an error.
    case .ddm, .eddm, .hddmA, .hddmW: task != .regression
    default: true
    }
  }

  /// Whether it says how far an estimate was off.
  package var isEstimateError: Bool {
    self == .estimatedAUCError || self == .estimatedAccuracyError || self == .estimatedMAEError
  }

  /// Whether it says nothing unless labels of every class may have come: what of performance is not a number's error.
  package var needsEveryClass: Bool {
    switch self {
    case .coverage, .labelledScoreKS, .mae, .rmse, .bias, .mape, .wape, .r2, .absoluteErrorP50, .absoluteErrorP90,
      .absoluteErrorP99:
      false
    default: family == .performance
    }
  }

  /// Whether it says that scores are not the probabilities that they claim to be, and nothing of how well they rank.
  package var isCalibration: Bool {
    switch self {
    case .ece, .mce, .calibrationSlope, .calibrationIntercept, .calibrationInTheLarge, .spiegelhalterZ: true
    default: false
    }
  }

  /// The values that a check's `at` may take, above the lower end; nil for metrics without a place.
  package var place: ClosedRange<Double>? {
    switch self {
    case .precisionAtTop, .precisionAtRecall, .recallAtPrecision: 0...1
    default: nil
    }
  }

  /// What an estimate is an estimate of.
  package var realised: Metric? {
    switch self {
    case .estimatedAUC: .auc
    case .estimatedAccuracy: .accuracy
    case .estimatedPrecision: .precision
    case .estimatedRecall: .recall
    case .estimatedF1: .f1
    case .estimatedBrier: .brier
    case .estimatedPositiveRate: .positiveRate
    case .estimatedMAE: .mae
    default: nil
    }
  }
}
