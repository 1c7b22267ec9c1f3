import LeewayStatistics

/// Reads the parts of a block that belong to real and, where asked, implied labels.
struct PerformanceReading {
  let layout: PerformanceLayout
  let block: CellBlock
  let parts: [PerformanceLayout.Part]
  var metrics = MetricValues()
  var bounds: [Metric: OneSidedBounds] = [:]
  var labelled: Int64 = 0
  var implied: Int64 = 0
  var positives: Int64?
  var negatives: Int64?
  var reliability: [ReliabilityTable.Row] = []
  var calibrationPValue: Double?
  var classes: [(name: String, counts: ConfusionCounts)] = []
  var confusion: (names: [String], counts: [[Int64]])?
  var ranking: RankingCells?
  var decisions: ConfusionCounts?

  init(layout: PerformanceLayout, block: CellBlock, parts: [PerformanceLayout.Part]) {
    self.layout = layout
    self.block = block
    self.parts = parts
  }

  private func count(_ offset: Int) -> Int64 { parts.reduce(0) { $0 &+ block.counts[layout.counts($1) + offset] } }
  private func counts(_ offset: Int, _ n: Int) -> [Int64] { (0..<n).map { count(offset + $0) } }
  private func sum(_ offset: Int) -> Int128 { parts.reduce(0) { $0 &+ block.sums[layout.sums($1) + offset] } }
  private func fraction(_ offset: Int) -> Double { Fraction64.double(sum(offset)) }
  private func square(_ offset: Int) -> Int192 {
    parts.reduce(into: Int192.zero) { $0 += block.squares[layout.squares($1) + offset] }
  }

  mutating func set(_ metric: Metric, _ value: Double?, _ bounds: OneSidedBounds? = nil) {
    metrics.set(metric, value)
    self.bounds[metric] = bounds
  }

  mutating func binary(_ binning: NumericBinning) {
    let cells = binning.cellCount
    let positive = counts(0, cells)
    let negative = counts(cells, cells)
    let p = positive.reduce(0, &+)
    let n = negative.reduce(0, &+)
    positives = p
    negatives = n
    labelled = p &+ n
    if parts.contains(.implied) {
      let base = layout.counts(.implied)
      implied = block.counts[base..<base + 2 * cells].reduce(0, &+)
    }
    let ranking = RankingCells(positives: positive, negatives: negative)
    self.ranking = ranking
    set(.auc, ranking.auc, ranking.aucBounds())
    metrics.set("auc_bound", ranking.aucBound)
    set(.averagePrecision, ranking.averagePrecision)
    metrics.set("average_precision_bound", ranking.averagePrecisionBound)
    for (metric, sum, squared) in [
      (Metric.brier, BinarySum.brier, BinarySum.brierSquared),
      (.logLoss, BinarySum.logLoss, BinarySum.logLossSquared),
    ] {
      let mean = MeanSums(count: labelled, sum: fraction(sum), squares: fraction(squared))
      set(metric, mean.mean, mean.bounds())
    }
    calibration(binning, positive, negative)

    let c = counts(2 * cells + BinaryOffset.confusion, 4)
    let confusion = ConfusionCounts(
      truePositives: c[0], falsePositives: c[1], falseNegatives: c[2], trueNegatives: c[3])
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
    set(.spiegelhalterZ, z)
    calibrationPValue = [z.map(spiegelhalterPValue(z:)), bins.chiSquared?.pValue].compactMap { $0 }.min()

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
    set(.calibrationSlope, line?.slope)
    set(.calibrationIntercept, line?.intercept)
    metrics.set("calibration_slope_bound", line?.slopeBound)
    metrics.set("calibration_intercept_bound", line?.interceptBound)
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
    var ks = 0.0
    for (a, b) in zip(labelledBelow, unlabelledBelow) {
      ks = max(ks, abs(Double(a) / Double(labelled) - Double(b) / Double(unlabelled)))
    }
    set(.labelledScoreKS, ks)
  }

  mutating func multiclass(_ names: [String]) {
    let k = names.count + 1
    let all = MulticlassConfusion(classCount: k, counts: counts(0, k * k))
    labelled = all.total
    if parts.contains(.implied) {
      let base = layout.counts(.implied)
      implied = block.counts[base..<base + k * k].reduce(0, &+)
    }
    set(.accuracy, all.accuracy, all.accuracyBounds())
    set(.macroF1, all.macroF1)
    let offsets = MulticlassOffset.of(classes: k)
    let loss = MeanSums(
      count: count(offsets.probabilities), sum: fraction(MulticlassSum.logLoss),
      squares: fraction(MulticlassSum.logLossSquared))
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
    func value(_ c: RegressionCount) -> Int64 { count(c.rawValue) }
    func total(_ s: RegressionSum) -> Double { fixedPoint.unscaled(sum(s.rawValue)) }
    labelled = value(.values)
    if parts.contains(.implied) { implied = block.counts[layout.counts(.implied) + RegressionCount.values.rawValue] }
    let metricsOrder: [Metric] = [
      .mae, .rmse, .bias, .mape, .wape, .r2, .absoluteErrorP50, .absoluteErrorP90, .absoluteErrorP99,
    ]
    let base = layout.counts(.labelled) + RegressionOffset.cells
    let labelledCells = Array(block.counts[base..<base + binning.cellCount])
    guard labelled > 0, value(.outlying) == 0 else {
      for metric in metricsOrder { set(metric, nil) }
      return labelledScores(labelledCells)
    }
    let unit = fixedPoint.unscaled(1)
    // Centred exactly, so that targets far from 0 lose nothing.
    let centred =
      ExactMoments.scaledVariance(count: labelled, sum: sum(RegressionSum.target.rawValue), squares: square(1))
      / Double(labelled) * unit * unit
    // Sums of the bounds are in units of 2³² steps.
    let large = unit * 0x1p32
    let isBounded = value(.unbounded) == 0
    func bounded(_ s: RegressionSum, _ scale: Double) -> Double? { isBounded ? fraction(s.rawValue) * scale : nil }
    let sums = RegressionSums(
      count: labelled, errors: total(.error), squaredErrors: square(0).double * unit * unit,
      absoluteErrors: total(.absoluteError), absoluteTargets: total(.absoluteTarget), targets: 0,
      squaredTargets: centred, relativeErrors: fraction(RegressionSum.absoluteRatio.rawValue),
      zeroTargets: value(.zeroTargets), fourthPowers: bounded(.fourthPower, large * large * large * large),
      squaredRelativeErrors: bounded(.squaredRatio, 1), absoluteProducts: bounded(.product, large * large),
      squaredAbsoluteTargets: square(1).double * unit * unit)
    set(.mae, sums.mae, sums.maeBounds())
    set(.rmse, sums.rmse, sums.rmseBounds())
    set(.bias, sums.bias, sums.biasBounds())
    set(.mape, value(.ratioOutlying) == 0 ? sums.mape : nil, value(.ratioOutlying) == 0 ? sums.mapeBounds() : nil)
    set(.wape, sums.wape, sums.wapeBounds())
    set(.r2, sums.r2)
    let errors = counts(RegressionOffset.errors, ErrorHistogram.binCount)
    for (metric, share) in [
      (Metric.absoluteErrorP50, 0.5), (.absoluteErrorP90, 0.9), (.absoluteErrorP99, 0.99),
    ] { set(metric, ErrorHistogram.quantile(share, errors).map { $0 * unit }) }
    labelledScores(labelledCells)
  }

  /// How far the estimate was off, where what it estimates is known.
  mutating func compare(_ estimated: EstimatedPerformance) {
    for (metric, error) in [
      (Metric.auc, Metric.estimatedAUCError), (.accuracy, .estimatedAccuracyError), (.mae, .estimatedMAEError),
    ] {
      guard let expected = estimated.values[metric], let found = metrics[metric] else { continue }
      set(error, abs(expected - found))
    }
  }
}
