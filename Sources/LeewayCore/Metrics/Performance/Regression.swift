extension Metric {
  package static let mae = Metric(
    "mae", .performance(PerformanceFormula(.regression(.mae), needsEveryClass: false)),
    "Mean distance between prediction and label.",
    unit: .output, range: 0...Double.greatestFiniteMagnitude, tasks: [.regression])

  package static let rmse = Metric(
    "rmse", .performance(PerformanceFormula(.regression(.rmse), needsEveryClass: false)),
    "Root of the mean squared distance between prediction and label.",
    unit: .output, range: 0...Double.greatestFiniteMagnitude, tasks: [.regression])

  package static let bias = Metric(
    "bias", .performance(PerformanceFormula(.regression(.bias), needsEveryClass: false)),
    "Mean of prediction less label: above 0 the model predicts too much.",
    unit: .output, isTwoSided: true, range: nil, tasks: [.regression])

  package static let mape = Metric(
    "mape", .performance(PerformanceFormula(.regression(.mape), needsEveryClass: false)),
    "Mean distance between prediction and label as a share of the label.",
    unit: .ratio, range: 0...Double.greatestFiniteMagnitude, tasks: [.regression])

  package static let wape = Metric(
    "wape", .performance(PerformanceFormula(.regression(.wape), needsEveryClass: false)),
    "Sum of the distances between prediction and label as a share of the labels' sum.",
    unit: .ratio, range: 0...Double.greatestFiniteMagnitude, tasks: [.regression])

  package static let r2 = Metric(
    "r2", .performance(PerformanceFormula(.regression(.r2), needsEveryClass: false)),
    "Share of the labels' variance that the predictions explain.",
    worse: .below, range: -Double.greatestFiniteMagnitude...1, tasks: [.regression])

  package static let absoluteErrorP50 = Metric(
    "absolute_error_p50", .performance(PerformanceFormula(needsEveryClass: false)),
    "Half of the distances between prediction and label are at most this.",
    unit: .output, range: 0...Double.greatestFiniteMagnitude, tasks: [.regression])

  package static let absoluteErrorP90 = Metric(
    "absolute_error_p90", .performance(PerformanceFormula(needsEveryClass: false)),
    "Nine in ten distances between prediction and label are at most this.",
    unit: .output, range: 0...Double.greatestFiniteMagnitude, tasks: [.regression])

  package static let absoluteErrorP99 = Metric(
    "absolute_error_p99", .performance(PerformanceFormula(needsEveryClass: false)),
    "99 in 100 distances between prediction and label are at most this.",
    unit: .output, range: 0...Double.greatestFiniteMagnitude, tasks: [.regression])
}
