import Glibc

/// How far the counts of a window lie from those of a baseline over the same bins, and how sure that is.
///
/// p and q are the baseline's and the window's shares. Bins that are empty on both sides are dropped first. Where a side
/// holds nothing at all (`isDefined` is false) every value is NaN, `degreesOfFreedom` 0.
///
/// Example: 50 and 50 rows against 60 and 40: `psi` 0.0405, `totalVariation` 0.1, `chiSquared` 2.02 with a p-value of 0.155.
public struct BinComparison: Sendable {
  /// A bin's share is taken as at least this by `psi`, on both sides; shares are not scaled again.
  public static let smallestShare = 1e-4

  /// Both sides hold at least one value.
  public let isDefined: Bool
  /// Σ (q − p) ln(q / p) with shares of at least `smallestShare`; the population stability index, 0 or more.
  public let psi: Double
  /// Square root of the Jensen–Shannon divergence in base 2, in [0, 1]. Source: Lin, IEEE Transactions on Information
  /// Theory 37 (1991).
  public let jensenShannon: Double
  /// ‖√p − √q‖ / √2, in [0, 1].
  public let hellinger: Double
  /// ½ Σ |p − q|, in [0, 1].
  public let totalVariation: Double
  /// max |p − q|, in [0, 1].
  public let lInfinity: Double
  /// Pearson's statistic of homogeneity on the 2 × K table, without Yates' correction; 0 with a single bin.
  public let chiSquared: Double
  /// K − 1.
  public let degreesOfFreedom: Int
  /// P(χ² ≥ `chiSquared`) under independent rows; 1 with a single bin.
  public let chiSquaredPValue: Double
  /// The same test after all bins with (b + w)·min(n, m)/(n + m) < 5, the smaller expected count, are pooled into one;
  /// 1 if only one bin is left. The p-value of verdicts on the distances above.
  public let pooledPValue: Double
  /// (K − 1)(1/n + 1/m): the size that `psi` has where nothing has drifted.
  public let psiNoise: Double
  /// 1/n + 1/m.
  private let scale: Double
  /// Σ √(p(1 − p)) and max p(1 − p) over the baseline's shares.
  private let rootVariances: Double
  private let largestVariance: Double

  /// The size that a distance has where nothing has drifted, with h = 1/n + 1/m and the baseline's shares p. The divergences
  /// are quadratic near 0, so they follow from `psiNoise`; the other two are means of folded normal differences.
  ///
  /// √(`psiNoise` / (8 ln 2)).
  public var jensenShannonNoise: Double { (psiNoise / (8 * M_LN2)).squareRoot() }
  /// √(`psiNoise` / 8).
  public var hellingerNoise: Double { (psiNoise / 8).squareRoot() }
  /// ½ √(2h/π) Σ √(p(1 − p)).
  public var totalVariationNoise: Double { (2 * scale / .pi).squareRoot() * rootVariances / 2 }
  /// √(2h ln(2K) max p(1 − p)): an upper value, of the largest of K normal differences.
  public var lInfinityNoise: Double {
    (2 * scale * log(2 * Double(degreesOfFreedom + 1)) * largestVariance).squareRoot()
  }

  /// - Precondition: as many counts on both sides, none negative.
  public init(baseline: [Int64], window: [Int64]) {
    precondition(baseline.count == window.count, "both sides need the same bins")
    precondition(baseline.allSatisfy { $0 >= 0 } && window.allSatisfy { $0 >= 0 }, "counts are never negative")
    let bins = zip(baseline, window).filter { $0 != 0 || $1 != 0 }
    let n = bins.reduce(0) { $0 + $1.0 }
    let m = bins.reduce(0) { $0 + $1.1 }
    isDefined = n > 0 && m > 0
    degreesOfFreedom = max(bins.count - 1, 0)
    guard isDefined else {
      psi = .nan
      jensenShannon = .nan
      hellinger = .nan
      totalVariation = .nan
      lInfinity = .nan
      chiSquared = .nan
      chiSquaredPValue = .nan
      pooledPValue = .nan
      psiNoise = .nan
      scale = .nan
      rootVariances = .nan
      largestVariance = .nan
      return
    }
    var psi = 0.0
    var divergence = 0.0
    var rootSquares = 0.0
    var differences = 0.0
    var largest = 0.0
    var rootVariances = 0.0
    var largestVariance = 0.0
    for (b, w) in bins {
      let p = Double(b) / Double(n)
      let q = Double(w) / Double(m)
      let variance = p * (1 - p)
      rootVariances += variance.squareRoot()
      largestVariance = max(largestVariance, variance)
      let flooredP = max(p, Self.smallestShare)
      let flooredQ = max(q, Self.smallestShare)
      psi += (flooredQ - flooredP) * log(flooredQ / flooredP)
      divergence += Self.divergenceTerm(p, q)
      let rootDifference = p.squareRoot() - q.squareRoot()
      rootSquares += rootDifference * rootDifference
      differences += abs(p - q)
      largest = max(largest, abs(p - q))
    }
    self.psi = psi
    jensenShannon = min(1, (divergence / (2 * M_LN2)).squareRoot())
    hellinger = min(1, (rootSquares / 2).squareRoot())
    totalVariation = min(1, differences / 2)
    lInfinity = largest
    scale = 1 / Double(n) + 1 / Double(m)
    psiNoise = Double(degreesOfFreedom) * scale
    self.rootVariances = rootVariances
    self.largestVariance = largestVariance

    chiSquared = Self.homogeneity(bins, n: n, m: m)
    chiSquaredPValue = SpecialFunctions.chiSquaredSurvival(chiSquared, degreesOfFreedom: Double(degreesOfFreedom))
    let pooled = Self.pooled(bins, n: n, m: m)
    pooledPValue =
      pooled.count == bins.count
      ? chiSquaredPValue
      : SpecialFunctions.chiSquaredSurvival(
        Self.homogeneity(pooled, n: n, m: m), degreesOfFreedom: Double(pooled.count - 1))
  }

  /// p ln(p/a) + q ln(q/a) with a = (p + q)/2, written as a·((1 + d) ln(1 + d) + (1 − d) ln(1 − d)) with
  /// d = (p − q)/(p + q): no bin can turn negative, and equal shares give exactly 0.
  private static func divergenceTerm(_ p: Double, _ q: Double) -> Double {
    let d = abs(p - q) / (p + q)
    let mean = (p + q) / 2
    if d == 1 { return mean * 2 * M_LN2 }
    // Near 0 the two halves cancel; the series Σ d²ᵏ / (k (2k − 1)) does not.
    let s = d * d
    if d < 0.02 { return mean * s * (1 + s * (1 / 6 + s * (1 / 15 + s * (1 / 28 + s / 45)))) }
    return mean * ((1 + d) * log1p(d) + (1 - d) * log1p(-d))
  }

  /// Σ (observed − expected)² / expected of the 2 × K table, which is Σ (b·m − w·n)² / (n·m·(b + w)). The difference is
  /// formed in integers, so that equal shares give exactly 0 and both sides may be exchanged.
  private static func homogeneity(_ bins: [(Int64, Int64)], n: Int64, m: Int64) -> Double {
    var sum = 0.0
    for (b, w) in bins {
      let difference = double(Int128(b) * Int128(m) - Int128(w) * Int128(n))
      sum += difference / Double(n) * (difference / Double(m)) / Double(b + w)
    }
    return sum
  }

  private static func pooled(_ bins: [(Int64, Int64)], n: Int64, m: Int64) -> [(Int64, Int64)] {
    let smaller = Int128(min(n, m))
    let limit = 5 * (Int128(n) + Int128(m))
    var kept: [(Int64, Int64)] = []
    var pool: (Int64, Int64) = (0, 0)
    for (b, w) in bins {
      if (Int128(b) + Int128(w)) * smaller < limit {
        pool.0 += b
        pool.1 += w
      } else {
        kept.append((b, w))
      }
    }
    if pool != (0, 0) { kept.append(pool) }
    return kept
  }
}
