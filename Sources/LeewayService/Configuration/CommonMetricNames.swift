import LeewayCore

/// What other libraries call the metrics that a check can name.
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
    if let same = same.first(where: { $0.names.contains(name) })?.metrics ?? spelledOtherwise(name).map({ [$0] }) {
      let metric = same.first(where: metrics.contains) ?? same[0]
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

  /// Other names of the same number, normalised. Several metrics where the task decides.
  private static let same: [(names: Set<String>, metrics: [Metric])] = [
    (
      ["rocauc", "rocaucscore", "aucroc", "auroc", "aucscore", "areaundercurve", "roc", "rocaucovr", "rocaucovo"],
      [.auc]
    ),
    (
      ["averageprecisionscore", "prauc", "aucpr", "auprc", "ap", "praucscore", "areaunderprecisionrecallcurve"],
      [.averagePrecision]
    ),
    (
      ["accuracyscore", "acc", "categoricalaccuracy", "binaryaccuracy", "microf1", "f1micro", "top1accuracy"],
      [.accuracy]
    ),
    (["precisionscore", "ppv", "positivepredictivevalue"], [.precision]),
    (["recallscore", "sensitivity", "tpr", "truepositiverate", "hitrate", "recallatthreshold"], [.recall]),
    (["f1score", "fscore", "fmeasure", "f1measure"], [.f1, .macroF1]),
    (["f1macro", "macrof1score", "f1scoremacro", "macrof1"], [.macroF1]),
    (["brierscore", "brierscoreloss", "brierloss"], [.brier]),
    (
      [
        "logloss", "neglogloss", "crossentropy", "binarycrossentropy", "binarylogloss", "multilogloss", "mlogloss",
        "loglossscore", "categoricalcrossentropy",
      ], [.logLoss]
    ),
    (["expectedcalibrationerror", "calibrationerror"], [.ece]),
    (["maximumcalibrationerror", "maxcalibrationerror"], [.mce]),
    (["baserate", "prevalence"], [.positiveRate]),
    (["precisionatk", "precisionattopk", "topkprecision"], [.precisionAtTop]),
    (["meanabsoluteerror", "l1loss", "l1", "meanabserror"], [.mae]),
    (["rootmeansquarederror", "rootmeansquareerror", "rmsescore"], [.rmse]),
    (["meanabsolutepercentageerror", "meanabspercentageerror"], [.mape]),
    (["wmape", "weightedabsolutepercentageerror", "weightedmeanabsolutepercentageerror"], [.wape]),
    (["r2score", "rsquared", "coefficientofdetermination"], [.r2]),
    (["meanerror", "meanbiaserror", "mbe"], [.bias]),
    (["medianabsoluteerror", "medae", "medianabserror"], [.absoluteErrorP50]),
    (["kolmogorovsmirnov", "kolmogorovsmirnovtest", "ksstatistic", "kstest", "ks2samp", "ks"], [.ks]),
    (["populationstabilityindex", "stabilityindex"], [.psi]),
    (["jensenshannondistance", "jensenshannon", "jsdistance", "js"], [.jensenShannon]),
    (["hellingerdistance"], [.hellinger]),
    (["wassersteindistance", "earthmoversdistance", "earthmoverdistance", "emd"], [.wasserstein]),
    (["energydistance"], [.energy]),
    (["totalvariationdistance", "tvd"], [.totalVariation]),
    (["linfinitydistance", "linf", "chebyshev", "chebyshevdistance"], [.lInfinity]),
    (
      [
        "nullratio", "nullrate", "nulls", "missing", "missingrate", "missingvalues", "nanratio", "missingvaluesrate",
        "shareofmissingvalues", "missingcount", "missingvaluecount", "nullcount",
      ], [.missingRatio]
    ),
    (["invalidrate", "invalidvalues"], [.invalidRatio]),
    (
      ["unseenrate", "newcategories", "unseencategories", "newvalues", "unseenvaluesrate", "newvaluesshare"],
      [.unseenRatio]
    ),
    (["average", "avg"], [.mean]),
    (["std", "stddev", "stdev"], [.standardDeviation]),
    (["count", "rowcount", "volume", "rowscount", "numberofrows", "requestcount"], [.rows]),
    (
      ["demographicparity", "statisticalparity", "statisticalparitydifference"],
      [.demographicParityDifference]
    ),
    (["disparateimpactratio", "demographicparityratio"], [.disparateImpact]),
    (["equalopportunity"], [.equalOpportunityDifference]),
    (["equalizedodds", "equalisedodds", "equalizedoddsdifference"], [.equalisedOddsDifference]),
    (["outofrange", "outofrangerate", "outofrangevalues", "shareofoutofrangevalues"], [.outsideRatio]),
    (["dle", "estimatedmeanabsoluteerror"], [.estimatedMAE]),
    (["estimatedrocauc", "cbpe", "cbperocauc"], [.estimatedAUC]),
    (["ph", "pagehinkleytest"], [.pageHinkley]),
  ]

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
