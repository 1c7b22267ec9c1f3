extension Metric {
  package static let coverage = Metric(
    "coverage", .performance(PerformanceFormula(needsEveryClass: false, canBeCertain: false)),
    "Share of predictions that have a label.",
    unit: .ratio, worse: .below)

  package static let labelledScoreKS = Metric(
    "labelled_score_ks", .performance(PerformanceFormula(needsEveryClass: false, .init(outputs: { $0.measured }))),
    "Distance between the outputs of labelled and of unlabelled predictions; 0 is a random sample.",
    tasks: [.binary, .regression])
}
