extension Metric {
  package static let estimatedAUCError = Metric(
    "estimated_auc_error", .performance(PerformanceFormula(canBeCertain: false, estimate: .auc)),
    "Distance between the expected and the realised AUC.",
    tasks: [.binary])

  package static let estimatedAccuracyError = Metric(
    "estimated_accuracy_error", .performance(PerformanceFormula(canBeCertain: false, estimate: .accuracy)),
    "Distance between the expected and the realised accuracy.",
    unit: .ratio, tasks: [.binary])

  package static let estimatedMAEError = Metric(
    "estimated_mae_error", .performance(PerformanceFormula(canBeCertain: false, estimate: .mae)),
    "Distance between the expected and the realised mean absolute error.",
    unit: .output, range: 0...Double.greatestFiniteMagnitude, tasks: [.regression])
}
