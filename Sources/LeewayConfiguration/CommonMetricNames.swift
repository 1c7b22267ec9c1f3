import LeewayCore

/// Reads what other libraries call a metric, and says which of ours is meant or comes nearest.
enum CommonMetricNames {
  /// ` Did you mean auc?` for `roc_auc`; for a metric that is not available the nearest one and the difference. Empty
  /// for a name that is not known.
  ///
  /// - Parameters:
  ///   - metrics: those that the check could take; one of them is preferred where a name stands for several.
  ///   - task: what the monitor's model does; a metric of another task is named as that.
  static func suggestion(for word: String, among metrics: [Metric], task: ModelTask? = nil) -> String {
    let name = normalised(word)
    guard !Metric.all.contains(where: { $0.name == word }) else { return "" }
    var meant: Metric?
    var sentence = ""
    let called = Metric.all.filter { $0.alsoCalled.contains(name) }
    if let metric = called.first(where: metrics.contains) ?? called.first ?? spelledOtherwise(name) {
      meant = metric
      sentence = " Did you mean \(metric.name)?"
    } else if let nearest = nearest.first(where: { $0.names.contains(name) }) {
      meant = nearest.metric
      sentence = " The nearest is \(nearest.metric.name), which is not the same: \(nearest.difference)."
    }
    guard let meant, let task, meant.isOfTask, !meant.applies(to: task) else { return sentence }
    return " It is \(meant.name) or near it, \(ofTask(meant)); a \(task.rawValue) monitor has \(names(metrics))."
  }

  /// `a metric of regression`, or of two tasks.
  static func ofTask(_ metric: Metric) -> String {
    let tasks = ModelTask.allCases.filter(metric.applies).map(\.rawValue)
    return "a metric of \(tasks.joined(separator: " and "))"
  }

  static func names(_ metrics: [Metric]) -> String { metrics.map(\.name).joined(separator: ", ") }

  /// `ROC-AUC`, `RocAuc` and `roc_auc` are one; scikit-learn negates what is better when it is less.
  private static func normalised(_ word: String) -> String {
    var name = word.lowercased()
    if name.hasPrefix("neg_") { name.removeFirst(4) }
    name.unicodeScalars.removeAll { !$0.properties.isAlphabetic && !("0"..."9").contains($0) }
    return name
  }

  /// A metric's own name in other letters: `LogLoss`, `log_loss_score`.
  private static func spelledOtherwise(_ name: String) -> Metric? {
    let plain = ["score", "metric", "value", "loss"].first(where: name.hasSuffix).map {
      String(name.dropLast($0.count))
    }
    return Metric.all.first { metric in
      let own = normalised(metric.name)
      return own == name || own == plain
    }
  }

  /// What is not available, with what comes nearest and how that differs.
  private static let nearest: [(names: Set<String>, metric: Metric, difference: String)] = [
    (
      ["rmsle", "msle", "rootmeansquaredlogerror", "meansquaredlogerror"], .mape,
      "it weighs relative errors by their size and not by their logarithm"
    ),
    (["mse", "meansquarederror", "l2loss", "l2"], .rmse, "it is the square root"),
    (["smape", "mase"], .mape, "it divides by the label"),
    (["mdape", "medianabsolutepercentageerror"], .mape, "it is the mean and not the median"),
    (["nrmse", "normalisedrmse", "normalizedrmse"], .rmse, "it is in the unit of the label"),
    (["gini", "ginicoefficient"], .auc, "gini is 2 auc - 1"),
    (["mcc", "matthewscorrcoef", "cohenkappa", "cohenkappascore", "kappa"], .f1, "it leaves out true negatives"),
    (
      ["error", "merror", "errorrate", "binaryerror", "multierror", "zerooneloss", "hammingloss"], .accuracy,
      "it is 1 - error"
    ),
    (["explainedvariance", "explainedvariancescore", "d2absoluteerrorscore"], .r2, "it counts the bias too"),
    (["maxerror", "quantile", "pinballloss", "huber"], .absoluteErrorP99, "it is a quantile of the absolute error"),
    (
      ["f1weighted", "weightedf1", "precisionmacro", "recallmacro", "precisionweighted", "recallweighted"],
      .macroF1, "it weighs all classes alike"
    ),
    (
      ["specificity", "tnr", "fpr", "falsepositiverate", "truenegativerate"], .precision,
      "it also depends on how many positives there are"
    ),
    (["fnr", "falsenegativerate", "missrate"], .recall, "it is 1 - fnr"),
    (["fbetascore", "f2", "f2score", "f05", "jaccard", "jaccardscore"], .f1, "it weighs precision and recall alike"),
    (["balancedaccuracy", "balancedaccuracyscore"], .accuracy, "it weighs classes by their rows"),
    (
      ["jsdivergence", "jensenshannondivergence", "jsd"], .jensenShannon,
      "it is the square root of the divergence in base 2"
    ),
    (["kldivergence", "kullbackleibler", "kl", "relativeentropy"], .jensenShannon, "it is symmetric and bounded"),
    (
      ["chi2", "chisquare", "chisquared", "gtest", "cramersv"], .psi,
      "it grows with the shift and not with the rows"
    ),
    (
      ["mmd", "cramervonmises", "andersondarling"], .wasserstein,
      "it measures how far values moved"
    ),
  ]
}

extension Metric {
  /// Whether the task decides if there is such a metric.
  var isOfTask: Bool { isOfLabels || family == .estimate }
}
