import LeewayCore

/// What other libraries call the metrics that a check can name.
enum CommonMetricNames {
  /// ` Did you mean auc?` for `roc_auc`; for a metric that is not available the nearest one and the difference. Empty
  /// for a name that is not known.
  ///
  /// - Parameter metrics: those that the check could take; one of them is preferred where a name stands for several.
  static func suggestion(for word: String, among metrics: [Metric]) -> String {
    let name = normalised(word)
    if let same = same.first(where: { $0.names.contains(name) })?.metrics {
      let metric = same.first(where: metrics.contains) ?? same[0]
      return " Did you mean \(metric.name)?"
    }
    if let nearest = nearest.first(where: { $0.names.contains(name) }) {
      return " The nearest is \(nearest.metric.name), which is not the same: \(nearest.difference)."
    }
    return ""
  }

  /// `ROC-AUC` is `roc_auc`.
  private static func normalised(_ word: String) -> String {
    String(word.lowercased().map { $0 == "-" || $0 == " " || $0 == "." ? "_" : $0 })
  }

  /// Other names of the same number. Several metrics where the task decides.
  private static let same: [(names: Set<String>, metrics: [Metric])] = [
    (["roc_auc", "roc_auc_score", "auc_roc", "auroc", "rocauc", "auc_score", "area_under_curve"], [.auc]),
    (["average_precision_score", "pr_auc", "auc_pr", "auprc", "ap"], [.averagePrecision]),
    (["accuracy_score", "acc", "categorical_accuracy", "binary_accuracy"], [.accuracy]),
    (["precision_score", "ppv", "positive_predictive_value"], [.precision]),
    (["recall_score", "sensitivity", "tpr", "true_positive_rate", "hit_rate"], [.recall]),
    (["f1_score", "f1score", "f_score", "fscore", "f_measure", "f1_measure"], [.f1, .macroF1]),
    (["f1_macro", "macro_f1_score", "f1_score_macro"], [.macroF1]),
    (["brier_score", "brier_score_loss", "brier_loss"], [.brier]),
    (["logloss", "neg_log_loss", "cross_entropy", "crossentropy", "binary_crossentropy"], [.logLoss]),
    (["expected_calibration_error", "calibration_error"], [.ece]),
    (["maximum_calibration_error", "max_calibration_error"], [.mce]),
    (["base_rate", "prevalence"], [.positiveRate]),
    (["precision_at_k", "precision_at_top_k", "top_k_precision"], [.precisionAtTop]),
    (["mean_absolute_error", "l1_loss"], [.mae]),
    (["root_mean_squared_error", "root_mean_square_error", "rmse_score"], [.rmse]),
    (["mean_absolute_percentage_error"], [.mape]),
    (["wmape", "weighted_absolute_percentage_error", "weighted_mean_absolute_percentage_error"], [.wape]),
    (["r2_score", "r_squared", "rsquared", "coefficient_of_determination"], [.r2]),
    (["mean_error", "mean_bias_error", "mbe"], [.bias]),
    (["median_absolute_error", "medae"], [.absoluteErrorP50]),
    (["kolmogorov_smirnov", "kolmogorov_smirnov_test", "ks_statistic", "ks_test", "ks_2samp", "k_s"], [.ks]),
    (["population_stability_index", "stability_index"], [.psi]),
    (["jensen_shannon_distance", "jensenshannon", "js_distance", "js"], [.jensenShannon]),
    (["hellinger_distance"], [.hellinger]),
    (["wasserstein_distance", "earth_movers_distance", "earth_mover_distance", "emd"], [.wasserstein]),
    (["total_variation_distance", "tvd"], [.totalVariation]),
    (["l_infinity_distance", "l_inf", "linf", "chebyshev", "chebyshev_distance"], [.lInfinity]),
    (["null_ratio", "null_rate", "nulls", "missing", "missing_rate", "missing_values", "nan_ratio"], [.missingRatio]),
    (["invalid_rate", "invalid_values"], [.invalidRatio]),
    (["unseen_rate", "new_categories", "unseen_categories", "new_values"], [.unseenRatio]),
    (["average", "avg"], [.mean]),
    (["std", "stddev", "std_dev", "stdev"], [.standardDeviation]),
    (["count", "row_count", "volume"], [.rows]),
    (
      ["demographic_parity", "statistical_parity", "statistical_parity_difference"],
      [.demographicParityDifference]
    ),
    (["disparate_impact_ratio", "demographic_parity_ratio"], [.disparateImpact]),
    (["equal_opportunity"], [.equalOpportunityDifference]),
    (["equalized_odds", "equalised_odds", "equalized_odds_difference"], [.equalisedOddsDifference]),
    (["estimated_roc_auc"], [.estimatedAUC]),
    (["ph", "page_hinkley_test"], [.pageHinkley]),
  ]

  /// What is not available, with what comes nearest and how that differs.
  private static let nearest: [(names: Set<String>, metric: Metric, difference: String)] = [
    (
      ["rmsle", "msle", "root_mean_squared_log_error", "mean_squared_log_error"], .mape,
      "it weighs relative errors by their size and not by their logarithm"
    ),
    (["mse", "mean_squared_error", "l2_loss"], .rmse, "it is the square root"),
    (["smape", "mase"], .mape, "it divides by the label"),
    (["gini", "gini_coefficient"], .auc, "gini is 2 auc - 1"),
    (["mcc", "matthews_corrcoef", "cohen_kappa", "cohen_kappa_score", "kappa"], .f1, "it leaves out true negatives"),
    (["balanced_accuracy", "balanced_accuracy_score"], .accuracy, "it weighs classes by their rows"),
    (
      ["js_divergence", "jensen_shannon_divergence", "jsd"], .jensenShannon,
      "it is the square root of the divergence in base 2"
    ),
    (["kl_divergence", "kullback_leibler", "kl", "relative_entropy"], .jensenShannon, "it is symmetric and bounded"),
    (
      ["chi2", "chi_square", "chi_squared", "chisquare", "g_test", "cramers_v"], .psi,
      "it grows with the shift and not with the rows"
    ),
    (
      ["energy_distance", "mmd", "cramer_von_mises", "anderson_darling"], .wasserstein,
      "it measures how far values moved"
    ),
  ]
}
