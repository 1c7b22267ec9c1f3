/// Sums over the rows of a regression with error e = prediction − target y.
///
/// Example: the targets 10 and 20 predicted as 12 and 17: `mae` 2.5, `bias` −0.5, `rmse` 2.55.
public struct RegressionSums: Sendable, Equatable {
  public var count: Int64
  /// Σe
  public var errors: Double
  /// Σe²
  public var squaredErrors: Double
  /// Σ|e|
  public var absoluteErrors: Double
  /// Σ|y|
  public var absoluteTargets: Double
  /// Σ(y − o), for any fixed o. Take o near the middle of the targets: `r2` subtracts the square of this.
  public var targets: Double
  /// Σ(y − o)², for the same o.
  public var squaredTargets: Double
  /// Σ|e/y| over the rows with y ≠ 0.
  public var relativeErrors: Double
  /// Rows with y = 0.
  public var zeroTargets: Int64
  /// Σe⁴, for the bounds of `rmse`; nil where it is not kept.
  public var fourthPowers: Double?
  /// Σ|e/y|², for the bounds of `mape`; nil where it is not kept.
  public var squaredRelativeErrors: Double?
  /// Σ|e·y|, for the bounds of `wape`; nil where it is not kept.
  public var absoluteProducts: Double?
  /// Σy² about 0, for the bounds of `wape`; nil where it is not kept.
  public var squaredAbsoluteTargets: Double?
  /// For the targets, x being e², for the bounds of `r2`; nil where they are not kept.
  public var targetMoments: TargetMoments?

  public init(
    count: Int64, errors: Double, squaredErrors: Double, absoluteErrors: Double, absoluteTargets: Double,
    targets: Double, squaredTargets: Double, relativeErrors: Double, zeroTargets: Int64,
    fourthPowers: Double? = nil, squaredRelativeErrors: Double? = nil, absoluteProducts: Double? = nil,
    squaredAbsoluteTargets: Double? = nil, targetMoments: TargetMoments? = nil
  ) {
    self.count = count
    self.errors = errors
    self.squaredErrors = squaredErrors
    self.absoluteErrors = absoluteErrors
    self.absoluteTargets = absoluteTargets
    self.targets = targets
    self.squaredTargets = squaredTargets
    self.relativeErrors = relativeErrors
    self.zeroTargets = zeroTargets
    self.fourthPowers = fourthPowers
    self.squaredRelativeErrors = squaredRelativeErrors
    self.absoluteProducts = absoluteProducts
    self.squaredAbsoluteTargets = squaredAbsoluteTargets
    self.targetMoments = targetMoments
  }

  private func mean(_ sum: Double) -> Double? { count > 0 ? sum / Double(count) : nil }

  /// Σ|e| / n, in the target's unit; nil without rows.
  public var mae: Double? { mean(absoluteErrors) }
  /// √(Σe² / n), in the target's unit; nil without rows.
  public var rmse: Double? { mean(squaredErrors)?.squareRoot() }
  /// Σe / n, in the target's unit, positive where predictions are too high; nil without rows.
  public var bias: Double? { mean(errors) }
  /// Σ|e/y| / n; nil without rows or with any target of 0.
  public var mape: Double? { zeroTargets == 0 ? mean(relativeErrors) : nil }
  /// Σ|e| / Σ|y|; nil where all targets are 0.
  public var wape: Double? { absoluteTargets > 0 ? absoluteErrors / absoluteTargets : nil }
  /// 1 − Σe² / Σ(y − ȳ)²; nil for constant targets or under two rows.
  public var r2: Double? {
    guard count >= 2 else { return nil }
    let variation = squaredTargets - targets * targets / Double(count)
    // Constant targets may leave a rounding error behind.
    guard variation > squaredTargets * 1e-15 else { return nil }
    return 1 - squaredErrors / variation
  }

  /// Bounds of `mae` by its normal limit; nil under two rows, as for all bounds here.
  public func maeBounds(confidence: Double = 0.99) -> OneSidedBounds? {
    MeanSums(count: count, sum: absoluteErrors, squares: squaredErrors).bounds(confidence: confidence)
  }

  /// Bounds of `bias` by its normal limit.
  public func biasBounds(confidence: Double = 0.99) -> OneSidedBounds? {
    MeanSums(count: count, sum: errors, squares: squaredErrors).bounds(confidence: confidence)
  }

  /// Bounds of `rmse`: the roots of those of the mean square. nil unless Σe⁴ is kept.
  public func rmseBounds(confidence: Double = 0.99) -> OneSidedBounds? {
    guard let fourthPowers else { return nil }
    return MeanSums(count: count, sum: squaredErrors, squares: fourthPowers).rootBounds(confidence: confidence)
  }

  /// Bounds of `mape` by its normal limit; nil unless Σ|e/y|² is kept, or with any target of 0.
  public func mapeBounds(confidence: Double = 0.99) -> OneSidedBounds? {
    guard zeroTargets == 0, let squaredRelativeErrors else { return nil }
    return MeanSums(count: count, sum: relativeErrors, squares: squaredRelativeErrors).bounds(confidence: confidence)
  }

  /// Bounds of `wape` by the delta method; nil unless Σ|e·y| and Σy² are kept.
  public func wapeBounds(confidence: Double = 0.99) -> OneSidedBounds? { wapeSums?.bounds(confidence: confidence) }

  /// Bounds of `r2` by the delta method; nil unless the targets' moments are kept.
  public func r2Bounds(confidence: Double = 0.99) -> OneSidedBounds? {
    estimate(.r2).map {
      OneSidedBounds(
        estimate: $0.value, standardError: $0.standardError, confidence: confidence, range: -Double.infinity...1)
    }
  }

  var wapeSums: RatioSums? {
    guard let absoluteProducts, let squaredAbsoluteTargets else { return nil }
    return RatioSums(
      numerator: MeanSums(count: count, sum: absoluteErrors, squares: squaredErrors),
      denominator: MeanSums(count: count, sum: absoluteTargets, squares: squaredAbsoluteTargets),
      products: absoluteProducts)
  }
}
