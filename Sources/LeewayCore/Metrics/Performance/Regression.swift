extension Metric {
  package static let mae = Metric(
    "mae",
    .performance(
      PerformanceFormula(
        .regression(.mae), needsEveryClass: false, .init(regression: { $0.meanAbsoluteError }))),
    "Mean distance between prediction and label.",
    unit: .output, range: 0...Double.greatestFiniteMagnitude, tasks: [.regression],
    alsoCalled: ["meanabsoluteerror", "l1loss", "l1", "meanabserror"])

  package static let rmse = Metric(
    "rmse",
    .performance(
      PerformanceFormula(
        .regression(.rmse), needsEveryClass: false,
        .init(regression: { $0.measured({ $0.rmse }, { $0.rmseBounds() }) }))),
    "Root of the mean squared distance between prediction and label.",
    unit: .output, range: 0...Double.greatestFiniteMagnitude, tasks: [.regression],
    alsoCalled: ["rootmeansquarederror", "rootmeansquareerror", "rmsescore"])

  package static let bias = Metric(
    "bias",
    .performance(
      PerformanceFormula(
        .regression(.bias), needsEveryClass: false,
        .init(regression: { $0.measured({ $0.bias }, { $0.biasBounds() }) }))),
    "Mean of prediction less label: above 0 the model predicts too much.",
    unit: .output, isTwoSided: true, range: nil, tasks: [.regression],
    alsoCalled: ["meanerror", "meanbiaserror", "mbe"])

  package static let mape = Metric(
    "mape",
    .performance(
      PerformanceFormula(
        .regression(.mape), needsEveryClass: false,
        .init(regression: { $0.isRatioKept ? $0.measured({ $0.mape }, { $0.mapeBounds() }) : MeasuredValue(nil) }))),
    "Mean distance between prediction and label as a share of the label.",
    unit: .ratio, range: 0...Double.greatestFiniteMagnitude, tasks: [.regression],
    alsoCalled: ["meanabsolutepercentageerror", "meanabspercentageerror"])

  package static let wape = Metric(
    "wape",
    .performance(
      PerformanceFormula(
        .regression(.wape), needsEveryClass: false,
        .init(regression: { $0.measured({ $0.wape }, { $0.wapeBounds() }) }))),
    "Sum of the distances between prediction and label as a share of the labels' sum.",
    unit: .ratio, range: 0...Double.greatestFiniteMagnitude, tasks: [.regression],
    alsoCalled: ["wmape", "weightedabsolutepercentageerror", "weightedmeanabsolutepercentageerror"])

  package static let r2 = Metric(
    "r2",
    .performance(
      PerformanceFormula(
        .regression(.r2), needsEveryClass: false,
        .init(regression: { $0.measured({ $0.r2 }, { $0.r2Bounds() }) }))),
    "Share of the labels' variance that the predictions explain.",
    worse: .below, range: -Double.greatestFiniteMagnitude...1, tasks: [.regression],
    alsoCalled: ["r2score", "rsquared", "coefficientofdetermination"])

  package static let absoluteErrorP50 = Metric(
    "absolute_error_p50",
    .performance(
      PerformanceFormula(
        needsEveryClass: false, canBeCertain: false,
        .init(regression: { MeasuredValue($0.absoluteError(atQuantile: 0.5)) }))),
    "Half of the distances between prediction and label are at most this.",
    unit: .output, range: 0...Double.greatestFiniteMagnitude, tasks: [.regression],
    alsoCalled: ["medianabsoluteerror", "medae", "medianabserror"])

  package static let absoluteErrorP90 = Metric(
    "absolute_error_p90",
    .performance(
      PerformanceFormula(
        needsEveryClass: false, canBeCertain: false,
        .init(regression: { MeasuredValue($0.absoluteError(atQuantile: 0.9)) }))),
    "Nine in ten distances between prediction and label are at most this.",
    unit: .output, range: 0...Double.greatestFiniteMagnitude, tasks: [.regression])

  package static let absoluteErrorP99 = Metric(
    "absolute_error_p99",
    .performance(
      PerformanceFormula(
        needsEveryClass: false, canBeCertain: false,
        .init(regression: { MeasuredValue($0.absoluteError(atQuantile: 0.99)) }))),
    "99 in 100 distances between prediction and label are at most this.",
    unit: .output, range: 0...Double.greatestFiniteMagnitude, tasks: [.regression])
}
