import Glibc

/// What a distance comes to in a window of rows that are independent, beside a baseline that is taken as exact: its mean and its
/// standard deviation, by the delta method. What hours differ by themselves comes on top of that.
public struct DistanceSampling: Sendable, Equatable {
  public var mean: Double
  public var deviation: Double

  public init(mean: Double, deviation: Double) {
    self.mean = mean
    self.deviation = deviation
  }

  /// Chance that the distance is at or above a limit, by the normal law.
  public func chance(atLeast limit: Double) -> Double {
    guard deviation > 0 else { return mean >= limit ? 1 : 0 }
    return SpecialFunctions.normalDistribution((mean - limit) / deviation)
  }

  /// A distance of bins, with the baseline's shares p, the shares q of where the window's rows come from, and n rows.
  ///
  /// psi: Σ (q − p) ln(q / p) + (K − 1)/n, shares at least `BinComparison.smallestShare`; jensen_shannon and hellinger: the root of the
  /// divergence D² plus (K − 1)/(8 n ln 2) and (K − 1)/(8 n); total_variation: half the sum of the means of |N(q − p, q(1 − q)/n)|;
  /// l_infinity: the largest |q − p|. The variance is Σ q g² − (Σ q g)² over n with g the slope in q (of the roots' squares, over
  /// 4 times the mean's square).
  ///
  /// Source of the method: Bickel and Doksum, Mathematical Statistics (2nd ed.), 5.3.
  ///
  /// - Precondition: as many shares on both sides.
  public init(_ distance: DistanceSize.Distance, baseline: [Double], window: [Double], rows n: Double) {
    precondition(baseline.count == window.count, "both sides need the same bins")
    let bins = zip(baseline, window).filter { $0 > 0 || $1 > 0 }
    let freedom = Double(max(bins.count - 1, 0))
    let floor = BinComparison.smallestShare
    var value = 0.0
    var slopes: [Double] = []
    for (p, q) in bins {
      switch distance {
      case .psi:
        let (a, b) = (max(p, floor), max(q, floor))
        value += (b - a) * log(b / a)
        slopes.append(q >= floor ? log(b / a) + 1 - a / b : 0)
      case .jensenShannon:
        let middle = (p + q) / 2
        if p > 0 { value += p * log2(p / middle) / 2 }
        if q > 0 { value += q * log2(q / middle) / 2 }
        slopes.append(q > 0 ? log2(q / middle) / 2 : 0)
      case .hellinger:
        let root = p.squareRoot() - q.squareRoot()
        value += root * root / 2
        slopes.append(q > 0 ? -(p / q).squareRoot() / 2 : 0)
      case .totalVariation:
        value += Self.foldedMean(q - p, (q * (1 - q) / n).squareRoot()) / 2
        slopes.append(q == p ? 0 : q > p ? 0.5 : -0.5)
      case .lInfinity:
        value = max(value, abs(q - p))
        slopes.append(0)
      }
    }
    if distance == .lInfinity, let at = bins.firstIndex(where: { abs($0.1 - $0.0) == value }) { slopes[at] = 1 }
    let shares = bins.map(\.1)
    let centre = zip(shares, slopes).reduce(0) { $0 + $1.0 * $1.1 }
    let spread = zip(shares, slopes).reduce(0) { $0 + $1.0 * ($1.1 - centre) * ($1.1 - centre) } / n
    switch distance {
    case .psi: self.init(mean: value + freedom / n, deviation: spread.squareRoot())
    case .jensenShannon: self.init(root: value, noise: freedom / (8 * M_LN2 * n), variance: spread)
    case .hellinger: self.init(root: value, noise: freedom / (8 * n), variance: spread)
    case .totalVariation, .lInfinity: self.init(mean: value, deviation: spread.squareRoot())
    }
  }

  /// The root of a square that is estimated with a noise and a variance.
  private init(root square: Double, noise: Double, variance: Double) {
    let mean = max(0, square + noise).squareRoot()
    self.init(mean: mean, deviation: mean > 0 ? variance.squareRoot() / (2 * mean) : 0)
  }

  /// E|X| of a normal X: σ √(2/π) e^(−μ²/2σ²) + μ (1 − 2 Φ(−μ/σ)).
  private static func foldedMean(_ mean: Double, _ deviation: Double) -> Double {
    guard deviation > 0 else { return abs(mean) }
    let z = mean / deviation
    return deviation * (2 / Double.pi).squareRoot() * exp(-z * z / 2)
      + mean * (1 - 2 * SpecialFunctions.normalDistribution(-z))
  }

  /// Pearson's statistic of homogeneity as a test that fires from `critical` on: mean K − 1 + λ and variance 2 (K − 1 + 2 λ) with
  /// λ = m n Σ (q − p)² / (m p + n q) for m rows of the baseline.
  ///
  /// Source: Johnson, Kotz and Balakrishnan, Continuous Univariate Distributions 2 (2nd ed.), 29.
  public init(chiSquaredOf baseline: [Double], _ baselineRows: Double, window: [Double], rows n: Double) {
    let bins = zip(baseline, window).filter { $0 > 0 || $1 > 0 }
    let freedom = Double(max(bins.count - 1, 0))
    let lambda = bins.reduce(0) { sum, bin in
      let difference = bin.1 - bin.0
      return sum + baselineRows * n * difference * difference / (baselineRows * bin.0 + n * bin.1)
    }
    self.init(mean: freedom + lambda, deviation: (2 * (freedom + 2 * lambda)).squareRoot())
  }
}
