extension Metric {
  package static let accuracy = Metric(
    "accuracy",
    .performance(
      PerformanceFormula(
        .decision(.accuracy),
        .init(
          binary: { MeasuredValue($0.decisions.accuracy, $0.decisions.accuracyBounds()) },
          multiclass: { MeasuredValue($0.confusion.accuracy, $0.confusion.accuracyBounds()) }))),
    "Share of predictions that were right.",
    unit: .ratio, worse: .below, tasks: [.binary, .multiclass],
    alsoCalled: ["accuracyscore", "acc", "categoricalaccuracy", "binaryaccuracy", "microf1", "f1micro", "top1accuracy"])

  package static let precision = Metric(
    "precision",
    .performance(
      PerformanceFormula(
        .decision(.precision),
        .init(binary: { MeasuredValue($0.decisions.precision, $0.decisions.precisionBounds()) }))),
    "Share of predicted positives that were positive.",
    unit: .ratio, worse: .below, tasks: [.binary],
    alsoCalled: ["precisionscore", "ppv", "positivepredictivevalue"])

  package static let recall = Metric(
    "recall",
    .performance(
      PerformanceFormula(
        .decision(.recall),
        .init(binary: { MeasuredValue($0.decisions.recall, $0.decisions.recallBounds()) }))),
    "Share of positives that were predicted as such.",
    unit: .ratio, worse: .below, tasks: [.binary],
    alsoCalled: ["recallscore", "sensitivity", "tpr", "truepositiverate", "hitrate", "recallatthreshold"])

  package static let f1 = Metric(
    "f1",
    .performance(
      PerformanceFormula(
        .decision(.f1),
        .init(binary: { MeasuredValue($0.decisions.f1, $0.decisions.f1Bounds()) }))),
    "Harmonic mean of precision and recall.",
    worse: .below, tasks: [.binary],
    alsoCalled: ["f1score", "fscore", "fmeasure", "f1measure"])

  package static let positiveRate = Metric(
    "positive_rate",
    .performance(
      PerformanceFormula(
        .decision(.positiveRate),
        .init(binary: { MeasuredValue($0.decisions.positiveRate, $0.decisions.positiveRateBounds()) }))),
    "Share of positives among the labels.",
    unit: .ratio, isTwoSided: true, tasks: [.binary],
    alsoCalled: ["baserate", "prevalence"])

  package static let predictedPositiveRate = Metric(
    "predicted_positive_rate",
    .performance(
      PerformanceFormula(
        .decision(.predictedPositiveRate),
        .init(binary: { MeasuredValue($0.decisions.predictedPositiveRate, $0.decisions.predictedPositiveRateBounds()) })
      )),
    "Share of labelled predictions at or above the threshold.",
    unit: .ratio, isTwoSided: true, tasks: [.binary])

  package static let macroF1 = Metric(
    "macro_f1",
    .performance(
      PerformanceFormula(
        .macroF1, .init(multiclass: { MeasuredValue($0.confusion.macroF1, $0.confusion.macroF1Bounds()) }))),
    "F1 of each class against all others, averaged over the classes.",
    worse: .below, tasks: [.multiclass],
    alsoCalled: ["f1score", "fscore", "fmeasure", "f1measure", "f1macro", "macrof1score", "f1scoremacro", "macrof1"])
}
