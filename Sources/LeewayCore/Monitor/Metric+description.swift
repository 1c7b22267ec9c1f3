/// What a number is measured in.
package enum MetricUnit: String, Sendable, CaseIterable {
  /// A plain number.
  case number
  /// A share, from 0 to 1 where it is not a difference of shares.
  case ratio
  /// As the subject's own values.
  case subject
  /// As the model's output and the labels.
  case output
  /// Standard deviations of the subject in the baseline.
  case deviations
  case nats
  case rows
  case changes
  case seconds
}

extension Metric {
  /// What it says, in one line.
  package var summary: String {
    switch self {
    case .psi: "Population stability index between the bins of the baseline and of the window; 0 is the same."
    case .ks: "Largest distance between the cumulative distributions of baseline and window."
    case .wasserstein: "Mean distance by which values moved, in the subject's own unit."
    case .hellinger: "Hellinger distance between the bins' shares, from 0 (the same) to 1."
    case .wassersteinNormalised: "Mean distance by which values moved, in standard deviations of the baseline."
    case .jensenShannon: "Jensen–Shannon distance between the bins' shares in base 2, from 0 (the same) to 1."
    case .totalVariation: "Share of the rows that would have to change their bin for both sides to be the same."
    case .lInfinity: "Largest difference between the shares of one bin."
    case .missingRatio: "Share of rows whose value is missing, null or NaN."
    case .invalidRatio: "Share of rows whose value has a wrong type or is outside the declared range."
    case .unseenRatio: "Share of present values whose category the baseline never had."
    case .outsideRatio: "Share of present values below the smallest or above the greatest value of the baseline."
    case .mean: "Mean of the present values."
    case .standardDeviation: "Standard deviation of the present values."
    case .rows: "Messages in the window."
    case .auc: "Chance that a positive has a higher score than a negative (area under the ROC curve)."
    case .averagePrecision: "Precision averaged over the steps of recall (area under the precision-recall curve)."
    case .brier: "Mean squared distance between score and label."
    case .logLoss: "Mean negative logarithm of the probability that was given to what came true."
    case .ece: "Mean distance between scores and how often they came true, over ten bins."
    case .mce: "Largest distance between scores and how often they came true, over ten bins."
    case .calibrationSlope: "How steeply outcomes follow the scores; 1 is calibrated, below 1 is overconfident."
    case .calibrationIntercept:
      "Offset of the calibration line, in logits; 0 is calibrated, above 0 scores are too low."
    case .calibrationInTheLarge:
      "How far scores are too low on the whole, in logits, their slope taken as 1; 0 is calibrated."
    case .accuracy: "Share of predictions that were right."
    case .precision: "Share of predicted positives that were positive."
    case .recall: "Share of positives that were predicted as such."
    case .f1: "Harmonic mean of precision and recall."
    case .positiveRate: "Share of positives among the labels."
    case .predictedPositiveRate: "Share of labelled predictions at or above the threshold."
    case .spiegelhalterZ: "Spiegelhalter's z: beyond 2 on either side the scores are not calibrated."
    case .precisionAtTop: "Share of positives among the highest scores."
    case .precisionAtRecall: "Precision at the threshold that reaches a given recall."
    case .recallAtPrecision: "Recall at the threshold that reaches a given precision."
    case .macroF1: "F1 of each class against all others, averaged over the classes."
    case .mae: "Mean distance between prediction and label."
    case .rmse: "Root of the mean squared distance between prediction and label."
    case .bias: "Mean of prediction less label: above 0 the model predicts too much."
    case .mape: "Mean distance between prediction and label as a share of the label."
    case .wape: "Sum of the distances between prediction and label as a share of the labels' sum."
    case .r2: "Share of the labels' variance that the predictions explain."
    case .absoluteErrorP50: "Half of the distances between prediction and label are at most this."
    case .absoluteErrorP90: "Nine in ten distances between prediction and label are at most this."
    case .absoluteErrorP99: "99 in 100 distances between prediction and label are at most this."
    case .estimatedAUC: "AUC to expect of these scores if they come true as in the baseline."
    case .estimatedAccuracy: "Accuracy to expect of these scores if they come true as in the baseline."
    case .estimatedPrecision: "Precision to expect of these scores if they come true as in the baseline."
    case .estimatedRecall: "Recall to expect of these scores if they come true as in the baseline."
    case .estimatedF1: "F1 to expect of these scores if they come true as in the baseline."
    case .estimatedBrier: "Brier score to expect of these scores if they come true as in the baseline."
    case .estimatedPositiveRate: "Share of positives to expect of these scores if they come true as in the baseline."
    case .estimatedMAE: "Mean absolute error to expect of these predictions if errors are as in the baseline."
    case .confidentRatio:
      "Share of predictions that the model is sure of: a probability above 0.9, of a binary model also at most 0.1."
    case .estimatedAUCError: "Distance between the expected and the realised AUC."
    case .estimatedAccuracyError: "Distance between the expected and the realised accuracy."
    case .estimatedMAEError: "Distance between the expected and the realised mean absolute error."
    case .adwin: "Changes of the errors' level that ADWIN found in the window."
    case .pageHinkley: "Changes of the errors' level that the Page–Hinkley test found in the window (experimental)."
    case .ddm: "Changes of the error rate that DDM found in the window (experimental)."
    case .eddm: "Changes of the distance between errors that EDDM found in the window (experimental)."
    case .hddmA: "Changes of the error rate that HDDM-A found in the window (experimental)."
    case .hddmW: "Changes of the error rate that HDDM-W found in the window (experimental)."
    case .demographicParityDifference: "Share of favourable decisions in the group less that in the reference group."
    case .disparateImpact: "Share of favourable decisions in the group divided by that in the reference group."
    case .equalOpportunityDifference:
      "Share of favourable decisions among those with the favourable outcome, less that in the reference group."
    case .equalisedOddsDifference:
      "The greater of the differences of true and of false positive rates between the group and the reference group."
    case .coverage: "Share of predictions that have a label."
    case .labelledScoreKS:
      "Distance between the outputs of labelled and of unlabelled predictions; 0 is a random sample."
    }
  }

  /// What it is measured in.
  package var unit: MetricUnit {
    switch self {
    case .psi, .ks, .hellinger, .jensenShannon, .totalVariation, .lInfinity, .auc, .averagePrecision, .brier,
      .calibrationSlope, .calibrationIntercept, .calibrationInTheLarge, .f1, .spiegelhalterZ, .macroF1, .r2,
      .estimatedAUC, .estimatedF1,
      .estimatedBrier, .estimatedAUCError, .disparateImpact, .labelledScoreKS:
      .number
    case .missingRatio, .invalidRatio, .unseenRatio, .outsideRatio, .ece, .mce, .accuracy, .precision, .recall,
      .positiveRate, .predictedPositiveRate, .precisionAtTop, .precisionAtRecall, .recallAtPrecision, .mape, .wape,
      .estimatedAccuracy, .estimatedPrecision, .estimatedRecall, .estimatedPositiveRate, .confidentRatio,
      .estimatedAccuracyError, .demographicParityDifference, .equalOpportunityDifference, .equalisedOddsDifference,
      .coverage:
      .ratio
    case .wasserstein, .mean, .standardDeviation: .subject
    case .mae, .rmse, .bias, .absoluteErrorP50, .absoluteErrorP90, .absoluteErrorP99, .estimatedMAE,
      .estimatedMAEError:
      .output
    case .wassersteinNormalised: .deviations
    case .logLoss: .nats
    case .rows: .rows
    case .adwin, .pageHinkley, .ddm, .eddm, .hddmA, .hddmW: .changes
    }
  }
}

extension Metric.Family {
  /// As the API says it.
  package var name: String {
    switch self {
    case .distance: "distance"
    case .ratio: "ratio"
    case .level: "level"
    case .traffic: "traffic"
    case .performance: "performance"
    case .estimate: "estimate"
    case .detector: "detector"
    case .fairness: "fairness"
    }
  }
}

extension Metric.Direction {
  /// As the API says it.
  package var name: String {
    switch self {
    case .above: "above"
    case .below: "below"
    case .eitherSide: "either"
    }
  }
}

/// A number that stands beside a metric in a line and that no check can name: how sure or how exact the metric is, or what it
/// was worked out from.
package enum MetricDetail: String, Sendable, CaseIterable {
  case ksPValue = "ks_p_value"
  case ksBound = "ks_bound"
  case wassersteinBound = "wasserstein_bound"
  case wassersteinNormalisedBound = "wasserstein_normalised_bound"
  case chiSquared = "chi2"
  case chiSquaredPValue = "chi2_p_value"
  case pooledPValue = "pooled_p_value"
  case psiNoise = "psi_noise"
  case aucBound = "auc_bound"
  case averagePrecisionBound = "average_precision_bound"
  case calibrationSlopeBound = "calibration_slope_bound"
  case calibrationInterceptBound = "calibration_intercept_bound"
  case calibrationInTheLargeBound = "calibration_in_the_large_bound"
  case labelDelayP50 = "label_delay_p50_seconds"
  case labelDelayP90 = "label_delay_p90_seconds"

  /// What it says, in one line.
  package var summary: String {
    switch self {
    case .ksPValue: "Chance of a ks at least as large without drift, if rows are independent."
    case .ksBound: "How far ks may be off, since values are counted in cells."
    case .wassersteinBound: "How far wasserstein may be off, since values are counted in cells."
    case .wassersteinNormalisedBound: "How far wasserstein_normalised may be off, since values are counted in cells."
    case .chiSquared: "Pearson's chi-squared of the bins of baseline and window."
    case .chiSquaredPValue: "Chance of a chi2 at least as large without drift, if rows are independent."
    case .pooledPValue:
      "The same after bins that expect fewer than 5 rows are put together: the p-value of verdicts on psi and its kin."
    case .psiNoise: "The psi that chance gives without drift."
    case .aucBound: "How far auc may be off, since scores are counted in cells."
    case .averagePrecisionBound: "How far average_precision may be off, since scores are counted in cells."
    case .calibrationSlopeBound: "How far calibration_slope may be off, since scores are counted in cells."
    case .calibrationInterceptBound: "How far calibration_intercept may be off, since scores are counted in cells."
    case .calibrationInTheLargeBound:
      "How far calibration_in_the_large may be off, since scores are counted in cells."
    case .labelDelayP50: "Half of the labels came within this time after their prediction."
    case .labelDelayP90: "Nine in ten labels came within this time after their prediction."
    }
  }

  package var unit: MetricUnit {
    switch self {
    case .ksPValue, .ksBound, .chiSquared, .chiSquaredPValue, .pooledPValue, .psiNoise, .aucBound,
      .averagePrecisionBound,
      .calibrationSlopeBound, .calibrationInterceptBound, .calibrationInTheLargeBound:
      .number
    case .wassersteinBound: .subject
    case .wassersteinNormalisedBound: .deviations
    case .labelDelayP50, .labelDelayP90: .seconds
    }
  }

  /// The side on which it says more against the model or its data.
  package var direction: Metric.Direction {
    switch self {
    case .ksPValue, .chiSquaredPValue, .pooledPValue: .below
    case .ksBound, .wassersteinBound, .wassersteinNormalisedBound, .chiSquared, .psiNoise, .aucBound,
      .averagePrecisionBound, .calibrationSlopeBound, .calibrationInterceptBound, .calibrationInTheLargeBound,
      .labelDelayP50, .labelDelayP90:
      .above
    }
  }

  /// The family of the metric that it stands beside.
  package var family: Metric.Family {
    switch self {
    case .ksPValue, .ksBound, .wassersteinBound, .wassersteinNormalisedBound, .chiSquared, .chiSquaredPValue,
      .pooledPValue, .psiNoise:
      .distance
    case .aucBound, .averagePrecisionBound, .calibrationSlopeBound, .calibrationInterceptBound,
      .calibrationInTheLargeBound, .labelDelayP50,
      .labelDelayP90:
      .performance
    }
  }

  /// Whether it is a p-value, a bound or chi-squared: what a chart needs last.
  package var isEvidence: Bool {
    switch self {
    case .ksPValue, .ksBound, .wassersteinBound, .wassersteinNormalisedBound, .chiSquared, .chiSquaredPValue,
      .pooledPValue, .aucBound, .averagePrecisionBound, .calibrationSlopeBound, .calibrationInterceptBound,
      .calibrationInTheLargeBound:
      true
    case .psiNoise, .labelDelayP50, .labelDelayP90: false
    }
  }
}
