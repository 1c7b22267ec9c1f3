extension Metric {
  package static let brier = Metric(
    "brier", .performance(PerformanceFormula(.loss)),
    "Mean squared distance between score and label.",
    tasks: [.binary])

  package static let logLoss = Metric(
    "log_loss", .performance(PerformanceFormula(.loss, needsProbabilities: true)),
    "Mean negative logarithm of the probability that was given to what came true.",
    unit: .nats, range: 0...Double.greatestFiniteMagnitude, tasks: [.binary, .multiclass])

  package static let ece = Metric(
    "ece", .performance(PerformanceFormula(isCalibration: true, needsProbabilities: true)),
    "Mean distance between scores and how often they came true, over ten bins.",
    unit: .ratio, tasks: [.binary, .multiclass])

  package static let mce = Metric(
    "mce", .performance(PerformanceFormula(isCalibration: true, needsProbabilities: true)),
    "Largest distance between scores and how often they came true, over ten bins.",
    unit: .ratio, tasks: [.binary, .multiclass])

  package static let calibrationSlope = Metric(
    "calibration_slope", .performance(PerformanceFormula(isCalibration: true)),
    "How steeply outcomes follow the scores; 1 is calibrated, below 1 is overconfident.",
    worse: .below, isTwoSided: true, range: nil, tasks: [.binary])

  package static let calibrationIntercept = Metric(
    "calibration_intercept", .performance(PerformanceFormula(isCalibration: true)),
    "Offset of the calibration line, in logits; 0 is calibrated, above 0 scores are too low.",
    isTwoSided: true, range: nil, tasks: [.binary])

  package static let calibrationInTheLarge = Metric(
    "calibration_in_the_large", .performance(PerformanceFormula(isCalibration: true)),
    "How far scores are too low on the whole, in logits, their slope taken as 1; 0 is calibrated.",
    isTwoSided: true, range: nil, tasks: [.binary])

  package static let spiegelhalterZ = Metric(
    "spiegelhalter_z", .performance(PerformanceFormula(isCalibration: true)),
    "Spiegelhalter's z: beyond 2 on either side the scores are not calibrated.",
    isTwoSided: true, range: nil, tasks: [.binary])
}
