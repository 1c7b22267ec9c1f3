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
  case accuracy, precision, recall, f1
  case positiveRate = "positive_rate"
  case predictedPositiveRate = "predicted_positive_rate"
  // Performance, multiclass and regression.
  case macroF1 = "macro_f1"
  case mae, rmse, bias, mape, wape, r2
  // Labels themselves.
  case coverage
  case labelledScoreKS = "labelled_score_ks"

  package enum Family: Sendable { case distance, ratio, level, traffic, performance }
  package enum Direction: Sendable { case above, below }

  package var family: Family {
    switch self {
    case .psi, .ks, .wasserstein, .hellinger, .wassersteinNormalised, .jensenShannon, .totalVariation, .lInfinity:
      .distance
    case .missingRatio, .invalidRatio, .unseenRatio, .outsideRatio: .ratio
    case .mean, .standardDeviation: .level
    case .rows: .traffic
    default: .performance
    }
  }

  /// The side on which a bare limit fires.
  package var direction: Direction {
    switch self {
    case .auc, .averagePrecision, .accuracy, .precision, .recall, .f1, .macroF1, .r2, .coverage, .calibrationSlope,
      .rows:
      .below
    default: .above
    }
  }

  /// Values a limit may sensibly take; nil is unbounded.
  package var range: ClosedRange<Double>? {
    switch self {
    case .psi: 0...10
    case .wasserstein, .wassersteinNormalised, .standardDeviation, .rows, .logLoss, .mae, .rmse, .mape, .wape:
      0...Double.greatestFiniteMagnitude
    case .mean, .bias, .calibrationSlope, .calibrationIntercept: nil
    case .r2: -Double.greatestFiniteMagnitude...1
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
    case .auc, .averagePrecision, .brier, .ece, .mce, .calibrationSlope, .calibrationIntercept, .precision, .recall,
      .f1, .positiveRate, .predictedPositiveRate:
      task == .binary
    case .accuracy, .logLoss: task != .regression
    case .macroF1: task == .multiclass
    case .mae, .rmse, .bias, .mape, .wape, .r2: task == .regression
    default: true
    }
  }
}
