import LeewayStatistics

/// Reads the pairs of a block: of real labels, and where asked of implied ones.
struct PairCells {
  let pairs: PairLayout
  let block: CellBlock
  let parts: [PerformanceLayout.Part]

  func count(_ offset: Int) -> Int64 { parts.reduce(0) { $0 &+ block.counts[pairs.firstCount(of: $1) + offset] } }
  func counts(_ offset: Int, _ n: Int) -> [Int64] { (0..<n).map { count(offset + $0) } }
  private func sum(_ offset: Int) -> Int128 { parts.reduce(0) { $0 &+ block.sums[pairs.firstSum(of: $1) + offset] } }
  private func fraction(_ offset: Int) -> Double { Fraction64.double(sum(offset)) }

  /// The champion's mean loss, and the sums of d; nil without rows.
  func loss(_ offset: Int, _ n: Int64) -> (champion: Double, difference: MeanSums)? {
    guard n > 0 else { return nil }
    return (
      fraction(offset + PairLoss.champion) / Double(n),
      MeanSums(count: n, sum: fraction(offset + PairLoss.difference), squares: fraction(offset + PairLoss.squares))
    )
  }

  /// For the pairs that are not too far out to be summed; nil without any.
  func regression(_ fixedPoint: FixedPoint, targets: FixedPoint) -> RegressionPairSums? {
    let labelled = count(RegressionPairCount.values.rawValue) &- count(RegressionPairCount.outlying.rawValue)
    guard labelled > 0 else { return nil }
    let unit = fixedPoint.unscaled(1)
    let targetUnit = targets.unscaled(1)
    func total(_ s: RegressionPairSum) -> Double { fixedPoint.unscaled(sum(s.rawValue)) }
    func square(_ s: RegressionPairSquare, _ unit: Double) -> Double {
      parts.reduce(into: Int192.zero) { $0 += block.squares[pairs.firstSquare(of: $1) + s.rawValue] }.double * unit
        * unit
    }
    let large = unit * 0x1p32
    func scaled(_ s: RegressionPairSum, _ power: Int) -> Double {
      (0..<power).reduce(fraction(s.rawValue)) { scaled, _ in scaled * large }
    }
    let isBounded = count(RegressionPairCount.unbounded.rawValue) == 0
    let moments = RegressionPairSums.Moments(
      fourthPowers: scaled(.fourthPower, 4), mixed: scaled(.mixed, 4),
      targets: TargetMoments(
        powers: (scaled(.target, 1), scaled(.target2, 2), scaled(.target3, 3), scaled(.target4, 4)),
        products: (scaled(.square, 2), scaled(.squareTarget, 3), scaled(.squareTarget2, 4)),
        squares: scaled(.squaredSquare, 4)),
      products: scaled(.product, 2), relativeErrors: scaled(.absoluteRatio, 0),
      relativeDifferences: MeanSums(
        count: labelled, sum: scaled(.ratioDifference, 0), squares: scaled(.squaredRatioDifference, 0)))
    return RegressionPairSums(
      absoluteErrors: total(.absoluteError),
      absoluteDifferences: MeanSums(
        count: labelled, sum: total(.absoluteDifference), squares: square(.absoluteDifference, unit)),
      errors: total(.error),
      differences: MeanSums(count: labelled, sum: total(.difference), squares: square(.difference, unit)),
      squaredErrors: square(.error, unit), challengerSquaredErrors: square(.challengerError, unit),
      absoluteTargets: targets.unscaled(sum(RegressionPairSum.absoluteTarget.rawValue)),
      squaredTargets: square(.target, targetUnit),
      zeroTargets: count(RegressionPairCount.zeroTargets.rawValue), moments: isBounded ? moments : nil)
  }
}
