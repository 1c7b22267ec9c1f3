import LeewayStatistics

/// Reads one kind of a block's rows, of several parts together: real labels, and where asked implied ones.
struct PartCells {
  let layout: PerformanceLayout
  let block: CellBlock
  private let places: [PerformanceLayout.Place]

  init(
    layout: PerformanceLayout, block: CellBlock, parts: [PerformanceLayout.Part],
    of rows: PerformanceLayout.Rows = .every
  ) {
    self.layout = layout
    self.block = block
    places = parts.map { layout.place($0, of: rows) }
  }

  func count(_ offset: Int) -> Int64 { places.reduce(0) { $0 &+ block.counts[$1.firstCount + offset] } }
  func counts(_ offset: Int, _ n: Int) -> [Int64] { (0..<n).map { count(offset + $0) } }
  func sum(_ offset: Int) -> Int128 { places.reduce(0) { $0 &+ block.sums[$1.firstSum + offset] } }
  func fraction(_ offset: Int) -> Double { Fraction64.double(sum(offset)) }
  func square(_ offset: Int) -> Int192 {
    places.reduce(into: Int192.zero) { $0 += block.squares[$1.firstSquare + offset] }
  }

  // MARK: Binary

  func ranking(_ binning: NumericBinning) -> RankingCells {
    RankingCells(
      positives: counts(0, binning.cellCount), negatives: counts(binning.cellCount, binning.cellCount))
  }

  func decisions(_ binning: NumericBinning) -> ConfusionCounts {
    let c = counts(2 * binning.cellCount + BinaryOffset.confusion, 4)
    return ConfusionCounts(truePositives: c[0], falsePositives: c[1], falseNegatives: c[2], trueNegatives: c[3])
  }

  func brier(_ labelled: Int64) -> MeanSums {
    MeanSums(count: labelled, sum: fraction(BinarySum.brier), squares: fraction(BinarySum.brierSquared))
  }

  func logLoss(_ labelled: Int64) -> MeanSums {
    MeanSums(count: labelled, sum: fraction(BinarySum.logLoss), squares: fraction(BinarySum.logLossSquared))
  }

  // MARK: Multiclass

  func confusion(classes k: Int) -> MulticlassConfusion {
    MulticlassConfusion(classCount: k, counts: counts(0, k * k))
  }

  func logLoss(classes k: Int) -> MeanSums {
    MeanSums(
      count: count(MulticlassOffset.of(classes: k).probabilities), sum: fraction(MulticlassSum.logLoss),
      squares: fraction(MulticlassSum.logLossSquared))
  }

  // MARK: Regression

  func value(_ c: RegressionCount) -> Int64 { count(c.rawValue) }

  /// For the rows that are not too far out to be summed; nil without any.
  func regression(_ fixedPoint: FixedPoint) -> RegressionSums? {
    let labelled = value(.values) &- value(.outlying)
    guard labelled > 0 else { return nil }
    func total(_ s: RegressionSum) -> Double { fixedPoint.unscaled(sum(s.rawValue)) }
    let unit = fixedPoint.unscaled(1)
    // Centred exactly, so that targets far from 0 lose nothing.
    let fromOrigin = sum(RegressionSum.target.rawValue)
    let centred =
      ExactMoments.scaledVariance(count: labelled, sum: fromOrigin, squares: square(1)) / Double(labelled) * unit * unit
    let mean = fixedPoint.origin + fixedPoint.unscaled(fromOrigin) / Double(labelled)
    // Sums of the bounds are in units of 2³² steps.
    let large = unit * 0x1p32
    let isBounded = value(.unbounded) == 0
    func scaled(_ s: RegressionSum, _ scale: Double) -> Double { fraction(s.rawValue) * scale }
    func bounded(_ s: RegressionSum, _ scale: Double) -> Double? { isBounded ? scaled(s, scale) : nil }
    let fourth = large * large * large * large
    let squaredErrors = square(0).double * unit * unit
    let targets = TargetMoments(
      powers: (
        scaled(.target1, large), scaled(.target2, large * large), scaled(.target3, large * large * large),
        scaled(.target4, fourth)
      ),
      products: (squaredErrors, scaled(.squareTarget, large * large * large), scaled(.squareTarget2, fourth)),
      squares: scaled(.fourthPower, fourth))
    return RegressionSums(
      count: labelled, errors: total(.error), squaredErrors: squaredErrors,
      absoluteErrors: total(.absoluteError),
      absoluteTargets: layout.targetSizes.unscaled(sum(RegressionSum.absoluteTarget.rawValue)), targets: 0,
      squaredTargets: centred, relativeErrors: fraction(RegressionSum.absoluteRatio.rawValue),
      zeroTargets: value(.zeroTargets), fourthPowers: bounded(.fourthPower, fourth),
      squaredRelativeErrors: bounded(.squaredRatio, 1), absoluteProducts: bounded(.product, large * large),
      squaredAbsoluteTargets: centred + Double(labelled) * mean * mean, targetMoments: isBounded ? targets : nil)
  }
}
