/// A one-sided lower and a one-sided upper bound of a metric, each holding with the stated confidence on its own.
///
/// A check that fires above a limit asks whether `lower` is beyond it, one that fires below whether `upper` is.
public struct OneSidedBounds: Sendable, Equatable {
  public var lower: Double
  public var upper: Double

  /// The bounds themselves.
  public init(lower: Double, upper: Double) {
    self.lower = lower
    self.upper = upper
  }

  /// `estimate` ∓ (z · `standardError` + `slack`), z the normal quantile of `confidence`, cut off at `range`.
  public init(
    estimate: Double, standardError: Double, slack: Double = 0, confidence: Double = 0.99,
    range: ClosedRange<Double> = -.infinity ... .infinity
  ) {
    let margin = SpecialFunctions.normalQuantile(confidence) * standardError + slack
    lower = min(max(estimate - margin, range.lowerBound), range.upperBound)
    upper = min(max(estimate + margin, range.lowerBound), range.upperBound)
  }
}

/// The two-sided score interval of a rate: (p̂ + z²/2n ∓ z √(p̂(1 − p̂)/n + z²/4n²)) / (1 + z²/n) with z the normal quantile
/// of (1 + `confidence`)/2. In [0, 1]; nil without trials.
///
/// Source: Wilson, Journal of the American Statistical Association 22 (1927).
public func wilsonInterval(successes: Int64, trials: Int64, confidence: Double) -> (lower: Double, upper: Double)? {
  wilson(successes, trials, z: SpecialFunctions.normalQuantile((1 + confidence) / 2))
}

/// The lower end of the score interval, holding with `confidence` on its own; nil without trials.
public func wilsonLowerBound(successes: Int64, trials: Int64, confidence: Double = 0.99) -> Double? {
  wilson(successes, trials, z: SpecialFunctions.normalQuantile(confidence))?.lower
}

/// The upper end of the score interval, holding with `confidence` on its own; nil without trials.
public func wilsonUpperBound(successes: Int64, trials: Int64, confidence: Double = 0.99) -> Double? {
  wilson(successes, trials, z: SpecialFunctions.normalQuantile(confidence))?.upper
}

/// Both score bounds of a rate, each on its own; nil without trials.
public func wilsonBounds(successes: Int64, trials: Int64, confidence: Double = 0.99) -> OneSidedBounds? {
  wilson(successes, trials, z: SpecialFunctions.normalQuantile(confidence)).map {
    OneSidedBounds(lower: $0.lower, upper: $0.upper)
  }
}

private func wilson(_ successes: Int64, _ trials: Int64, z: Double) -> (lower: Double, upper: Double)? {
  precondition(successes >= 0 && successes <= trials, "successes are a part of the trials")
  guard trials > 0 else { return nil }
  let n = Double(trials)
  let k = Double(successes)
  let square = z * z
  let centre = (k + square / 2) / (n + square)
  let margin = z / (n + square) * (k * Double(trials - successes) / n + square / 4).squareRoot()
  return (
    successes == 0 ? 0 : max(0, centre - margin),
    successes == trials ? 1 : min(1, centre + margin)
  )
}

/// Count, sum and sum of squares of one number per row: enough for its mean and how sure that is.
///
/// Example: errors of 1, 2 and 3 are count 3, sum 6, squares 14: the mean is 2.
public struct MeanSums: Sendable, Equatable {
  public var count: Int64
  public var sum: Double
  public var squares: Double

  public init(count: Int64, sum: Double, squares: Double) {
    self.count = count
    self.sum = sum
    self.squares = squares
  }

  /// Σd / n; nil without rows.
  public var mean: Double? { count > 0 ? sum / Double(count) : nil }

  /// √((Σd² − (Σd)²/n) / (n − 1) / n); nil under two rows.
  public var standardError: Double? {
    guard count > 1 else { return nil }
    let n = Double(count)
    return (max(0, squares - sum * sum / n) / (n - 1) / n).squareRoot()
  }

  /// Bounds of the mean by its normal limit; nil under two rows.
  public func bounds(confidence: Double = 0.99) -> OneSidedBounds? {
    guard let mean, let standardError else { return nil }
    return OneSidedBounds(estimate: mean, standardError: standardError, confidence: confidence)
  }

  /// Bounds of the root of the mean, as for `rmse` where d = e² and `squares` = Σe⁴: the bounds of the mean, of which the
  /// root is taken. nil under two rows.
  public func rootBounds(confidence: Double = 0.99) -> OneSidedBounds? {
    bounds(confidence: confidence).map {
      OneSidedBounds(lower: max(0, $0.lower).squareRoot(), upper: max(0, $0.upper).squareRoot())
    }
  }
}

/// Sums of two numbers per row whose totals are divided, as in `wape` = Σ|e| / Σ|y|.
public struct RatioSums: Sendable, Equatable {
  public var numerator: MeanSums
  public var denominator: MeanSums
  /// Σ of the products, row by row.
  public var products: Double

  /// - Precondition: both sides count the same rows.
  public init(numerator: MeanSums, denominator: MeanSums, products: Double) {
    precondition(numerator.count == denominator.count, "both sides count the same rows")
    self.numerator = numerator
    self.denominator = denominator
    self.products = products
  }

  /// Σa / Σb; nil where Σb is 0.
  public var ratio: Double? { denominator.sum == 0 ? nil : numerator.sum / denominator.sum }

  /// For the ratio, by the delta method: the variance of a − R·b over n and the squared mean of b. nil under two rows or where
  /// Σb is 0.
  public var standardError: Double? {
    guard let ratio, numerator.count > 1 else { return nil }
    let residuals = MeanSums(
      count: numerator.count, sum: 0,
      squares: max(0, numerator.squares - 2 * ratio * products + ratio * ratio * denominator.squares))
    guard let error = residuals.standardError, let scale = denominator.mean else { return nil }
    return error / abs(scale)
  }

  /// Bounds by the delta method; nil under two rows or where Σb is 0.
  public func bounds(confidence: Double = 0.99) -> OneSidedBounds? {
    guard let ratio, let standardError else { return nil }
    return OneSidedBounds(estimate: ratio, standardError: standardError, confidence: confidence)
  }
}
