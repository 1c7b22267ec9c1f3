extension Metric {
  package static let estimatedAUC = Metric(
    "estimated_auc", .estimate(of: .auc),
    "AUC to expect of these scores if they come true as in the baseline.",
    worse: .below, tasks: [.binary],
    alsoCalled: ["estimatedrocauc", "cbpe", "cbperocauc"])

  package static let estimatedAccuracy = Metric(
    "estimated_accuracy", .estimate(of: .accuracy),
    "Accuracy to expect of these scores if they come true as in the baseline.",
    unit: .ratio, worse: .below, tasks: [.binary])

  package static let estimatedPrecision = Metric(
    "estimated_precision", .estimate(of: .precision),
    "Precision to expect of these scores if they come true as in the baseline.",
    unit: .ratio, worse: .below, tasks: [.binary])

  package static let estimatedRecall = Metric(
    "estimated_recall", .estimate(of: .recall),
    "Recall to expect of these scores if they come true as in the baseline.",
    unit: .ratio, worse: .below, tasks: [.binary])

  package static let estimatedF1 = Metric(
    "estimated_f1", .estimate(of: .f1),
    "F1 to expect of these scores if they come true as in the baseline.",
    worse: .below, tasks: [.binary])

  package static let estimatedBrier = Metric(
    "estimated_brier", .estimate(of: .brier),
    "Brier score to expect of these scores if they come true as in the baseline.",
    tasks: [.binary])

  package static let estimatedPositiveRate = Metric(
    "estimated_positive_rate", .estimate(of: .positiveRate),
    "Share of positives to expect of these scores if they come true as in the baseline.",
    unit: .ratio, isTwoSided: true, tasks: [.binary])

  package static let estimatedMAE = Metric(
    "estimated_mae", .estimate(of: .mae),
    "Mean absolute error to expect of these predictions if errors are as in the baseline.",
    unit: .output, range: 0...Double.greatestFiniteMagnitude, tasks: [.regression],
    alsoCalled: ["dle", "estimatedmeanabsoluteerror"])

  package static let confidentRatio = Metric(
    "confident_ratio", .estimate(of: nil),
    "Share of predictions that the model is sure of: a probability above 0.9, of a binary model also at most 0.1.",
    unit: .ratio, worse: .below, tasks: [.binary])
}
