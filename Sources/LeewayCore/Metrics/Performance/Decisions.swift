extension Metric {
  package static let accuracy = Metric(
    "accuracy", .performance(PerformanceFormula(.decision(.accuracy))),
    "Share of predictions that were right.",
    unit: .ratio, worse: .below, tasks: [.binary, .multiclass])

  package static let precision = Metric(
    "precision", .performance(PerformanceFormula(.decision(.precision))),
    "Share of predicted positives that were positive.",
    unit: .ratio, worse: .below, tasks: [.binary])

  package static let recall = Metric(
    "recall", .performance(PerformanceFormula(.decision(.recall))),
    "Share of positives that were predicted as such.",
    unit: .ratio, worse: .below, tasks: [.binary])

  package static let f1 = Metric(
    "f1", .performance(PerformanceFormula(.decision(.f1))),
    "Harmonic mean of precision and recall.",
    worse: .below, tasks: [.binary])

  package static let positiveRate = Metric(
    "positive_rate", .performance(PerformanceFormula(.decision(.positiveRate))),
    "Share of positives among the labels.",
    unit: .ratio, isTwoSided: true, tasks: [.binary])

  package static let predictedPositiveRate = Metric(
    "predicted_positive_rate", .performance(PerformanceFormula(.decision(.predictedPositiveRate))),
    "Share of labelled predictions at or above the threshold.",
    unit: .ratio, isTwoSided: true, tasks: [.binary])

  package static let macroF1 = Metric(
    "macro_f1", .performance(PerformanceFormula(.macroF1)),
    "F1 of each class against all others, averaged over the classes.",
    worse: .below, tasks: [.multiclass])
}
