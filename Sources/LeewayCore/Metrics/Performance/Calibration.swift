import LeewayStatistics

extension Metric {
  package static let brier = Metric(
    "brier", .performance(PerformanceFormula(.loss, .init(binary: { MeasuredValue($0.brier) }))),
    "Mean squared distance between score and label.",
    tasks: [.binary],
    alsoCalled: ["brierscore", "brierscoreloss", "brierloss"])

  package static let logLoss = Metric(
    "log_loss",
    .performance(
      PerformanceFormula(
        .loss, needsProbabilities: true,
        .init(binary: { MeasuredValue($0.logLoss) }, multiclass: { MeasuredValue($0.logLoss) }))),
    "Mean negative logarithm of the probability that was given to what came true.",
    unit: .nats, range: 0...Double.greatestFiniteMagnitude, tasks: [.binary, .multiclass],
    alsoCalled: [
      "logloss", "neglogloss", "crossentropy", "binarycrossentropy", "binarylogloss", "multilogloss", "mlogloss",
      "loglossscore", "categoricalcrossentropy",
    ])

  package static let ece = Metric(
    "ece",
    .performance(
      PerformanceFormula(
        isCalibration: true, needsProbabilities: true,
        .init(
          binary: { MeasuredValue($0.reliability.ece) }, multiclass: { MeasuredValue($0.reliability.ece) }))),
    "Mean distance between scores and how often they came true, over ten bins.",
    unit: .ratio, tasks: [.binary, .multiclass],
    alsoCalled: ["expectedcalibrationerror", "calibrationerror"])

  package static let mce = Metric(
    "mce",
    .performance(
      PerformanceFormula(
        isCalibration: true, needsProbabilities: true, canBeCertain: false,
        .init(
          binary: { MeasuredValue($0.reliability.mce) }, multiclass: { MeasuredValue($0.reliability.mce) }))),
    "Largest distance between scores and how often they came true, over ten bins.",
    unit: .ratio, tasks: [.binary, .multiclass],
    alsoCalled: ["maximumcalibrationerror", "maxcalibrationerror"])

  package static let calibrationSlope = Metric(
    "calibration_slope",
    .performance(
      PerformanceFormula(
        isCalibration: true, hasCellBound: true,
        .init(binary: { rows in
          let line = rows.calibrationLine
          return MeasuredValue(line?.slope, line?.slopeBounds(), cellBound: line?.slopeBound)
        }))),
    "How steeply outcomes follow the scores; 1 is calibrated, below 1 is overconfident.",
    worse: .below, isTwoSided: true, range: nil, tasks: [.binary])

  package static let calibrationIntercept = Metric(
    "calibration_intercept",
    .performance(
      PerformanceFormula(
        isCalibration: true, hasCellBound: true,
        .init(binary: { rows in
          let line = rows.calibrationLine
          return MeasuredValue(line?.intercept, line?.interceptBounds(), cellBound: line?.interceptBound)
        }))),
    "Offset of the calibration line, in logits; 0 is calibrated, above 0 scores are too low.",
    isTwoSided: true, range: nil, tasks: [.binary])

  package static let calibrationInTheLarge = Metric(
    "calibration_in_the_large",
    .performance(
      PerformanceFormula(
        isCalibration: true, hasCellBound: true,
        .init(binary: { rows in
          let fit = rows.calibrationInTheLarge
          return MeasuredValue(fit?.intercept, fit?.bounds(), cellBound: fit?.bound)
        }))),
    "How far scores are too low on the whole, in logits, their slope taken as 1; 0 is calibrated.",
    isTwoSided: true, range: nil, tasks: [.binary])

  package static let spiegelhalterZ = Metric(
    "spiegelhalter_z",
    .performance(
      PerformanceFormula(
        isCalibration: true,
        .init(binary: { rows in
          // Its standard error is 1 where scores are probabilities.
          MeasuredValue(
            rows.spiegelhalterZ, rows.spiegelhalterZ.map { OneSidedBounds(estimate: $0, standardError: 1) })
        }))),
    "Spiegelhalter's z: beyond 2 on either side the scores are not calibrated.",
    isTwoSided: true, range: nil, tasks: [.binary])
}
