/// A metric of a regression that has a standard error.
public enum RegressionMeasure: Sendable, CaseIterable {
  case mae, rmse, bias, mape, wape, r2
}

/// Σt, Σt², Σt³ and Σt⁴ of t = y − o, for a fixed o near the middle of the targets y, and sums of a second number x beside it:
/// what the spread of a ratio x̄ / var(y) needs.
public struct TargetMoments: Sendable, Equatable {
  /// Σt to Σt⁴.
  public var powers: (first: Double, second: Double, third: Double, fourth: Double)
  /// Σx, Σxt and Σxt².
  public var products: (plain: Double, first: Double, second: Double)
  /// Σx²
  public var squares: Double

  public init(
    powers: (first: Double, second: Double, third: Double, fourth: Double),
    products: (plain: Double, first: Double, second: Double), squares: Double
  ) {
    self.powers = powers
    self.products = products
    self.squares = squares
  }

  public static func == (a: TargetMoments, b: TargetMoments) -> Bool {
    a.powers == b.powers && a.products == b.products && a.squares == b.squares
  }

  /// Σx / Σ(y − ȳ)² and its standard error by the delta method; nil under two rows or for constant targets. The mean of
  /// the targets adds nothing to it: Σ(y − m)² does not change where m passes ȳ.
  func ratioToVariation(count: Int64) -> Estimate? {
    let n = Double(count)
    guard count > 1 else { return nil }
    let mean = powers.first / n
    let variation = powers.second - powers.first * mean
    // Constant targets may leave a rounding error behind.
    guard variation > powers.second * 1e-15 else { return nil }
    let ratio = products.plain / variation
    // Σv² and Σxv of v = (t − t̄)².
    let squared =
      powers.fourth - 4 * mean * powers.third + 6 * mean * mean * powers.second
      - 4 * mean * mean * mean * powers.first + n * mean * mean * mean * mean
    let product = products.second - 2 * mean * products.first + mean * mean * products.plain
    let residuals = MeanSums(
      count: count, sum: 0, squares: max(0, squares - 2 * ratio * product + ratio * ratio * squared))
    return residuals.standardError.map { Estimate(value: ratio, standardError: $0 / (variation / n)) }
  }
}

/// A value and its standard error.
public struct Estimate: Sendable, Equatable {
  public var value: Double
  public var standardError: Double

  public init(value: Double, standardError: Double) {
    self.value = value
    self.standardError = standardError
  }

  /// This less an independent one, by the normal limit.
  public func difference(from other: Estimate, confidence: Double = 0.99) -> MetricDifference {
    let error = (standardError * standardError + other.standardError * other.standardError).squareRoot()
    return MetricDifference(estimate: value - other.value, standardError: error, confidence: confidence)
  }
}

extension MeanSums {
  /// The mean and its standard error; nil under two rows.
  var estimate: Estimate? {
    guard let mean, let standardError else { return nil }
    return Estimate(value: mean, standardError: standardError)
  }
}

extension RegressionSums {
  /// The metric with its standard error, n − 1 as everywhere: of the mean, or by the delta method. nil where the metric is,
  /// under two rows, and where its sums are not kept.
  public func estimate(_ measure: RegressionMeasure) -> Estimate? {
    switch measure {
    case .mae: return MeanSums(count: count, sum: absoluteErrors, squares: squaredErrors).estimate
    case .bias: return MeanSums(count: count, sum: errors, squares: squaredErrors).estimate
    case .rmse:
      guard let fourthPowers, let rmse,
        let error = MeanSums(count: count, sum: squaredErrors, squares: fourthPowers).standardError
      else { return nil }
      return Estimate(value: rmse, standardError: rmse > 0 ? error / (2 * rmse) : 0)
    case .mape:
      guard zeroTargets == 0, let squaredRelativeErrors else { return nil }
      return MeanSums(count: count, sum: relativeErrors, squares: squaredRelativeErrors).estimate
    case .wape:
      guard let ratio = wapeSums?.ratio, let error = wapeSums?.standardError else { return nil }
      return Estimate(value: ratio, standardError: error)
    case .r2:
      guard let r2, let ratio = targetMoments?.ratioToVariation(count: count) else { return nil }
      return Estimate(value: r2, standardError: ratio.standardError)
    }
  }
}

/// Sums over the rows that two models predicted: e is the champion's error, f the challenger's, y the target, and every
/// difference is the challenger's less the champion's.
public struct RegressionPairSums: Sendable, Equatable {
  /// What is kept unless a row was too far out to be squared twice.
  public struct Moments: Sendable, Equatable {
    /// Σe⁴
    public var fourthPowers: Double
    /// Σe²(f² − e²)
    public var mixed: Double
    /// For the targets, x being f² − e².
    public var targets: TargetMoments
    /// Σ(|f| − |e|)·|y|
    public var products: Double
    /// Σ|e/y|, and |f/y| − |e/y|.
    public var relativeErrors: Double
    public var relativeDifferences: MeanSums

    public init(
      fourthPowers: Double, mixed: Double, targets: TargetMoments, products: Double, relativeErrors: Double,
      relativeDifferences: MeanSums
    ) {
      self.fourthPowers = fourthPowers
      self.mixed = mixed
      self.targets = targets
      self.products = products
      self.relativeErrors = relativeErrors
      self.relativeDifferences = relativeDifferences
    }
  }

  /// Σ|e|, and |f| − |e|.
  public var absoluteErrors: Double
  public var absoluteDifferences: MeanSums
  /// Σe, and f − e.
  public var errors: Double
  public var differences: MeanSums
  /// Σe² and Σf²
  public var squaredErrors: Double
  public var challengerSquaredErrors: Double
  /// Σ|y| and Σy²
  public var absoluteTargets: Double
  public var squaredTargets: Double
  public var zeroTargets: Int64
  public var moments: Moments?

  public init(
    absoluteErrors: Double, absoluteDifferences: MeanSums, errors: Double, differences: MeanSums,
    squaredErrors: Double, challengerSquaredErrors: Double, absoluteTargets: Double, squaredTargets: Double,
    zeroTargets: Int64, moments: Moments?
  ) {
    self.absoluteErrors = absoluteErrors
    self.absoluteDifferences = absoluteDifferences
    self.errors = errors
    self.differences = differences
    self.squaredErrors = squaredErrors
    self.challengerSquaredErrors = challengerSquaredErrors
    self.absoluteTargets = absoluteTargets
    self.squaredTargets = squaredTargets
    self.zeroTargets = zeroTargets
    self.moments = moments
  }

  public var count: Int64 { differences.count }

  /// The champion's value, and the challenger's less it with its standard error. nil as of single models.
  private func found(_ measure: RegressionMeasure) -> (champion: Double, difference: Estimate)? {
    let n = Double(count)
    guard count > 1 else { return nil }
    switch measure {
    case .mae: return absoluteDifferences.estimate.map { (absoluteErrors / n, $0) }
    case .bias: return differences.estimate.map { (errors / n, $0) }
    case .mape:
      guard zeroTargets == 0, let moments else { return nil }
      return moments.relativeDifferences.estimate.map { (moments.relativeErrors / n, $0) }
    case .rmse:
      guard let moments else { return nil }
      let a = (squaredErrors / n).squareRoot()
      let b = (challengerSquaredErrors / n).squareRoot()
      guard a > 0, b > 0 else { return (a, Estimate(value: b - a, standardError: 0)) }
      // f²/2b − e²/2a = αe² + β(f² − e²)
      let beta = 1 / (2 * b)
      let alpha = beta - 1 / (2 * a)
      let sums = MeanSums(
        count: count, sum: alpha * squaredErrors + beta * (challengerSquaredErrors - squaredErrors),
        squares: alpha * alpha * moments.fourthPowers + 2 * alpha * beta * moments.mixed
          + beta * beta * moments.targets.squares)
      return sums.standardError.map { (a, Estimate(value: b - a, standardError: $0)) }
    case .wape:
      guard let moments else { return nil }
      let sums = RatioSums(
        numerator: absoluteDifferences,
        denominator: MeanSums(count: count, sum: absoluteTargets, squares: squaredTargets), products: moments.products)
      guard let ratio = sums.ratio, let error = sums.standardError else { return nil }
      return (absoluteErrors / absoluteTargets, Estimate(value: ratio, standardError: error))
    case .r2:
      guard let moments, let ratio = moments.targets.ratioToVariation(count: count) else { return nil }
      let mean = moments.targets.powers.first / n
      let variation = moments.targets.powers.second - moments.targets.powers.first * mean
      return (
        1 - squaredErrors / variation, Estimate(value: -ratio.value, standardError: ratio.standardError)
      )
    }
  }

  /// Both models' values; nil where a single model's is, and under two rows.
  public func values(_ measure: RegressionMeasure) -> (champion: Double, challenger: Double)? {
    found(measure).map { ($0.champion, $0.champion + $0.difference.value) }
  }

  /// By the normal limit of the mean of differences, for `rmse`, `wape` and `r2` by the delta method.
  public func difference(_ measure: RegressionMeasure, confidence: Double = 0.99) -> MetricDifference? {
    found(measure).map {
      MetricDifference(
        estimate: $0.difference.value, standardError: $0.difference.standardError, confidence: confidence)
    }
  }
}
