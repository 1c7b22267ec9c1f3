import LeewayStatistics

/// Reads the parts of a block that belong to real and, where asked, implied labels.
struct PerformanceReading {
  let layout: PerformanceLayout
  let block: CellBlock
  let parts: [PerformanceLayout.Part]
  private let reading: PartReading
  var metrics = MetricValues()
  var bounds: [Metric: OneSidedBounds] = [:]
  var labelled: Int64 = 0
  var implied: Int64 = 0
  /// Regression: labelled rows that are too far out to be summed.
  var outlying: Int64?
  var positives: Int64?
  var negatives: Int64?
  var reliability: [ReliabilityTable.Row] = []
  var calibrationPValue: Double?
  /// How many outputs `labelled_score_ks` holds against each other.
  var scored: (labelled: Int64, unlabelled: Int64)?
  var classes: [(name: String, counts: ConfusionCounts)] = []
  var confusion: (names: [String], counts: [[Int64]])?
  var ranking: RankingCells?
  var decisions: ConfusionCounts?

  init(layout: PerformanceLayout, block: CellBlock, parts: [PerformanceLayout.Part]) {
    self.layout = layout
    self.block = block
    self.parts = parts
    reading = PartReading(layout: layout, block: block, parts: parts)
  }

  private func count(_ offset: Int) -> Int64 { reading.count(offset) }
  private func counts(_ offset: Int, _ n: Int) -> [Int64] { reading.counts(offset, n) }
  private func fraction(_ offset: Int) -> Double { reading.fraction(offset) }

  mutating func set(_ metric: Metric, _ value: Double?, _ bounds: OneSidedBounds? = nil) {
    metrics.set(metric, value)
    self.bounds[metric] = bounds
  }

  mutating func binary(_ binning: NumericBinning) {
    let cells = binning.cellCount
    let ranking = reading.ranking(binning)
    let positive = ranking.positives
    let negative = ranking.negatives
    positives = ranking.positiveCount
    negatives = ranking.negativeCount
    labelled = ranking.positiveCount &+ ranking.negativeCount
    if parts.contains(.implied) {
      let base = layout.counts(.implied)
      implied = block.counts[base..<base + 2 * cells].reduce(0, &+)
    }
    self.ranking = ranking
    set(.auc, ranking.auc, ranking.aucBounds())
    metrics.set("auc_bound", ranking.aucBound)
    set(.averagePrecision, ranking.averagePrecision, ranking.averagePrecisionBounds())
    metrics.set("average_precision_bound", ranking.averagePrecisionBound)
    for (metric, mean) in [(Metric.brier, reading.brier(labelled)), (.logLoss, reading.logLoss(labelled))] {
      set(metric, mean.mean, mean.bounds())
    }
    calibration(binning, positive, negative)

    let confusion = reading.decisions(binning)
    decisions = confusion
    set(.accuracy, confusion.accuracy, confusion.accuracyBounds())
    set(.precision, confusion.precision, confusion.precisionBounds())
    set(.recall, confusion.recall, confusion.recallBounds())
    set(.f1, confusion.f1, confusion.f1Bounds())
    set(.positiveRate, confusion.positiveRate, confusion.positiveRateBounds())
    set(.predictedPositiveRate, confusion.predictedPositiveRate, confusion.predictedPositiveRateBounds())
    let base = layout.counts(.labelled)
    labelledScores((0..<cells).map { block.counts[base + $0] &+ block.counts[base + cells + $0] })
  }

  private mutating func calibration(
    _ binning: NumericBinning, _ positive: [Int64],
    _ negative: [Int64]
  ) {
    let cells = binning.cellCount
    let bins = ReliabilityTable(
      counts: counts(2 * cells + BinaryOffset.bins, 10), scoreSums: (0..<10).map { fraction(BinarySum.bins + $0) },
      positives: counts(2 * cells + BinaryOffset.positives, 10))
    set(.ece, bins.ece)
    set(.mce, bins.mce)
    reliability = bins.rows
    let z = spiegelhalterZ(
      numerator: fraction(BinarySum.spiegelhalterNumerator), variance: fraction(BinarySum.spiegelhalterVariance))
    // Its standard error is 1 where scores are probabilities.
    set(.spiegelhalterZ, z, z.map { OneSidedBounds(estimate: $0, standardError: 1) })
    let tests = [z.map(spiegelhalterPValue(z:)), bins.chiSquared?.pValue].compactMap { $0 }
    // The smaller of two is below a limit up to twice as often as either (Bonferroni).
    calibrationPValue = tests.min().map { min(1, Double(tests.count) * $0) }

    // One group a cell: at a knot the score itself, between knots the cell's mean score and its edges.
    var scores: [Double] = []
    var lower: [Double] = []
    var upper: [Double] = []
    var groupPositives: [Int64] = []
    var groupNegatives: [Int64] = []
    for cell in 0..<cells where positive[cell] &+ negative[cell] > 0 {
      if cell % 2 == 1 {
        let knot = binning.knots[cell / 2]
        scores.append(knot)
        lower.append(knot)
        upper.append(knot)
      } else {
        let mean = fraction(BinarySum.cells + cell / 2) / Double(positive[cell] &+ negative[cell])
        let low = cell == 0 ? 0 : binning.knots[cell / 2 - 1]
        let high = cell == cells - 1 ? 1 : binning.knots[cell / 2]
        scores.append(min(max(mean, low), high))
        lower.append(low)
        upper.append(high)
      }
      groupPositives.append(positive[cell])
      groupNegatives.append(negative[cell])
    }
    let line =
      scores.isEmpty
      ? nil
      : calibrationRegression(
        scores: scores, lowerEdges: lower, upperEdges: upper, positives: groupPositives, negatives: groupNegatives)
    set(.calibrationSlope, line?.slope, line?.slopeBounds())
    set(.calibrationIntercept, line?.intercept, line?.interceptBounds())
    metrics.set("calibration_slope_bound", line?.slopeBound)
    metrics.set("calibration_intercept_bound", line?.interceptBound)
    let large = CalibrationInTheLarge(
      scores: scores, lowerEdges: lower, upperEdges: upper, positives: groupPositives, negatives: groupNegatives)
    set(.calibrationInTheLarge, large?.intercept, large?.bounds())
    metrics.set("calibration_in_the_large_bound", large?.bound)
  }

  /// Labelled against unlabelled outputs by cell: labels that come early are no random sample.
  private mutating func labelledScores(_ cells: [Int64]) {
    var labelled: Int64 = 0
    var unlabelled: Int64 = 0
    var labelledBelow = [Int64]()
    var unlabelledBelow = [Int64]()
    for (cell, here) in cells.enumerated() {
      labelled &+= here
      unlabelled &+= block.counts[PerformanceLayout.outputs + cell] &- here
      labelledBelow.append(labelled)
      unlabelledBelow.append(unlabelled)
    }
    guard labelled > 0, unlabelled > 0 else { return set(.labelledScoreKS, nil) }
    scored = (labelled, unlabelled)
    var ks = 0.0
    for (a, b) in zip(labelledBelow, unlabelledBelow) {
      ks = max(ks, abs(Double(a) / Double(labelled) - Double(b) / Double(unlabelled)))
    }
    // The distance of the two empirical distributions from their own is at most this in 99 of 100 draws (Kolmogorov).
    let rows = Double(labelled) * Double(unlabelled) / (Double(labelled) + Double(unlabelled))
    let margin = 1.6276 / rows.squareRoot()
    set(.labelledScoreKS, ks, OneSidedBounds(lower: max(0, ks - margin), upper: min(1, ks + margin)))
  }

  mutating func multiclass(_ names: [String]) {
    let k = names.count + 1
    let all = reading.confusion(classes: k)
    labelled = all.total
    if parts.contains(.implied) {
      let base = layout.counts(.implied)
      implied = block.counts[base..<base + k * k].reduce(0, &+)
    }
    set(.accuracy, all.accuracy, all.accuracyBounds())
    set(.macroF1, all.macroF1, all.macroF1Bounds())
    let offsets = MulticlassOffset.of(classes: k)
    let loss = reading.logLoss(classes: k)
    set(.logLoss, loss.mean, loss.bounds())
    let bins = ReliabilityTable(
      counts: counts(offsets.bins, 10), scoreSums: (0..<10).map { fraction(MulticlassSum.bins + $0) },
      positives: counts(offsets.correct, 10))
    set(.ece, bins.ece)
    set(.mce, bins.mce)
    reliability = bins.rows
    calibrationPValue = bins.chiSquared?.pValue
    let confident = block.counts[PerformanceLayout.outputs..<PerformanceLayout.outputs + ReliabilityTable.binCount]
    let rows = confident.reduce(0, &+)
    set(.confidentRatio, rows > 0 ? Double(confident.last ?? 0) / Double(rows) : nil)
    let known = names + [Slice.otherValue]
    for index in 0..<k {
      let counts = all.oneAgainstRest(index)
      if counts.positives &+ counts.predictedPositives > 0 { classes.append((known[index], counts)) }
    }
    if k <= PerformanceSummary.largestMatrix + 1 {
      confusion = (known, (0..<k).map { label in (0..<k).map { all[label, $0] } })
    }
  }

  mutating func regression(_ fixedPoint: FixedPoint, _ binning: NumericBinning) {
    labelled = reading.value(.values)
    outlying = reading.value(.outlying)
    if parts.contains(.implied) { implied = block.counts[layout.counts(.implied) + RegressionCount.values.rawValue] }
    let metricsOrder: [Metric] = [
      .mae, .rmse, .bias, .mape, .wape, .r2, .absoluteErrorP50, .absoluteErrorP90, .absoluteErrorP99,
    ]
    let base = layout.counts(.labelled) + RegressionOffset.cells
    let labelledCells = Array(block.counts[base..<base + binning.cellCount])
    guard let sums = reading.regression(fixedPoint) else {
      for metric in metricsOrder { set(metric, nil) }
      return labelledScores(labelledCells)
    }
    let errors = counts(RegressionOffset.errors, OctaveBins.errors.count)
    // One error of a thousand times the others makes the mean as unsure as it is large, and would hide that all are too large.
    let least = OctaveBins.errors.meanLowerBound(errors, risk: 0.001) * fixedPoint.unscaled(1)
    set(.mae, sums.mae, sums.maeBounds().map { OneSidedBounds(lower: max($0.lower, least), upper: $0.upper) })
    set(.rmse, sums.rmse, sums.rmseBounds())
    set(.bias, sums.bias, sums.biasBounds())
    let isRatioKept = reading.value(.ratioOutlying) == 0
    set(.mape, isRatioKept ? sums.mape : nil, isRatioKept ? sums.mapeBounds() : nil)
    set(.wape, sums.wape, sums.wapeBounds())
    set(.r2, sums.r2, sums.r2Bounds())
    for (metric, share) in [
      (Metric.absoluteErrorP50, 0.5), (.absoluteErrorP90, 0.9), (.absoluteErrorP99, 0.99),
    ] { set(metric, OctaveBins.errors.quantile(share, errors).map { $0 * fixedPoint.unscaled(1) }) }
    labelledScores(labelledCells)
  }

  /// How far the estimate was off, where what it estimates is known.
  mutating func compare(_ estimated: EstimatedPerformance) {
    for error in Metric.estimateErrors {
      guard let metric = error.performance?.estimate, let expected = estimated.values[metric],
        let found = metrics[metric]
      else { continue }
      set(error, abs(expected - found))
    }
  }
}
