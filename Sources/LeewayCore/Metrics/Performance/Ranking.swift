import LeewayStatistics

extension Metric {
  package static let auc = Metric(
    "auc",
    .performance(
      PerformanceFormula(
        .ranking(
          .init(
            value: { $0.auc }, difference: { $0.aucDifference(from: $1, confidence: $2) }, pair: { $0.areas },
            pairedDifference: { $0.aucDifference(confidence: $1) })), hasCellBound: true,
        .init(binary: { rows in
          MeasuredValue(rows.ranking.auc, rows.ranking.aucBounds(), cellBound: rows.ranking.aucBound)
        }))),
    "Chance that a positive has a higher score than a negative (area under the ROC curve).",
    worse: .below, tasks: [.binary],
    alsoCalled: [
      "rocauc", "rocaucscore", "aucroc", "auroc", "aucscore", "areaundercurve", "roc", "rocaucovr", "rocaucovo",
    ])

  package static let averagePrecision = Metric(
    "average_precision",
    .performance(
      PerformanceFormula(
        .ranking(
          .init(
            value: { $0.averagePrecision },
            difference: { $0.averagePrecisionDifference(from: $1, confidence: $2) }, pair: { $0.averagePrecisions },
            pairedDifference: { $0.averagePrecisionDifference(confidence: $1) })), hasCellBound: true,
        .init(binary: { rows in
          MeasuredValue(
            rows.ranking.averagePrecision, rows.ranking.averagePrecisionBounds(),
            cellBound: rows.ranking.averagePrecisionBound)
        }))),
    "Precision averaged over the steps of recall (area under the precision-recall curve).",
    worse: .below, tasks: [.binary],
    alsoCalled: [
      "averageprecisionscore", "prauc", "aucpr", "auprc", "ap", "praucscore", "areaunderprecisionrecallcurve",
    ])

  package static let precisionAtTop = Metric(
    "precision_at_top", .performance(PerformanceFormula(placed: { $0.precisionAtTop($1) })),
    "Share of positives among the highest scores.",
    unit: .ratio, worse: .below, tasks: [.binary],
    alsoCalled: ["precisionatk", "precisionattopk", "topkprecision"])

  package static let precisionAtRecall = Metric(
    "precision_at_recall", .performance(PerformanceFormula(placed: { $0.precision(atRecall: $1) })),
    "Precision at the threshold that reaches a given recall.",
    unit: .ratio, worse: .below, tasks: [.binary])

  package static let recallAtPrecision = Metric(
    "recall_at_precision", .performance(PerformanceFormula(placed: { $0.recall(atPrecision: $1) })),
    "Recall at the threshold that reaches a given precision.",
    unit: .ratio, worse: .below, tasks: [.binary])
}
