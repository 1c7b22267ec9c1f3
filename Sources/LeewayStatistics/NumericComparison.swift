/// One side of a numeric comparison: what its values left in the cells of a `NumericBinning`.
public struct NumericCells: Sendable {
  /// One count for each cell.
  public var counts: [Int64]
  /// For each even cell (between two knots or outside them) the sum of x − `origin` over its values, as exact as the
  /// fixed-point sums it comes from. In an odd cell it is count·(knot − origin).
  public var offsetSums: [Double]
  /// What was subtracted from each value before summing, in the feature's unit.
  public var origin: Double

  public init(counts: [Int64], offsetSums: [Double], origin: Double) {
    self.counts = counts
    self.offsetSums = offsetSums
    self.origin = origin
  }
}

/// The distances that need an order: Kolmogorov–Smirnov and Wasserstein, missing values left out.
///
/// Where a side holds nothing at all (`isDefined` is false) every number is NaN and every optional nil.
///
/// Example: 1, 2, 3, 4 against 2, 3, 4, 5: `ks` 0.25, `wasserstein` 1.
public struct NumericComparison: Sendable {
  /// Both sides hold at least one value.
  public let isDefined: Bool
  /// The largest |F_p − F_q| just before or just after a knot, in [0, 1]. The true supremum lies in
  /// [`ks`, `ks` + `ksBound`].
  public let ks: Double
  /// The largest min(p_c, q_c) over the even cells c; 0 where all distinct values of a side are knots.
  public let ksBound: Double
  /// `kolmogorovSmirnovPValue` at `ks`; nil where its N is 0.
  public let ksPValue: Double?
  /// ∫ |F_p − F_q| dx in the feature's unit, within ± `wassersteinBound`.
  public let wasserstein: Double
  /// 0 where F_p − F_q cannot change its sign inside a cell.
  public let wassersteinBound: Double
  /// `wasserstein` over the baseline's standard deviation (ddof 0); nil where that is 0 or unknown.
  public let wassersteinNormalised: Double?
  /// `wassersteinBound` in the same unit.
  public let wassersteinNormalisedBound: Double?

  /// - Precondition: both sides have `binning.cellCount` counts, none negative, and a sum for each even cell.
  public init(
    binning: NumericBinning, baseline: NumericCells, window: NumericCells, baselineStandardDeviation: Double
  ) {
    for side in [baseline, window] {
      precondition(side.counts.count == binning.cellCount, "one count for each cell")
      precondition(side.offsetSums.count == binning.knots.count + 1, "one sum for each even cell")
      precondition(side.counts.allSatisfy { $0 >= 0 }, "counts are never negative")
    }
    let n = baseline.counts.reduce(0, +)
    let m = window.counts.reduce(0, +)
    isDefined = n > 0 && m > 0
    guard isDefined else {
      ks = .nan
      ksBound = .nan
      ksPValue = nil
      wasserstein = .nan
      wassersteinBound = .nan
      wassersteinNormalised = nil
      wassersteinNormalisedBound = nil
      return
    }
    (ks, ksBound) = kolmogorovSmirnov(baseline.counts, window.counts, n: n, m: m)
    ksPValue = kolmogorovSmirnovPValue(statistic: ks, baselineCount: n, windowCount: m)
    let distance = wassersteinDistance(binning, baseline, window, n: n, m: m)
    wasserstein = distance.middle
    wassersteinBound = distance.halfWidth
    let hasScale = baselineStandardDeviation > 0 && baselineStandardDeviation.isFinite
    wassersteinNormalised = hasScale ? distance.middle / baselineStandardDeviation : nil
    wassersteinNormalisedBound = hasScale ? distance.halfWidth / baselineStandardDeviation : nil
  }
}

/// The largest difference of the distribution functions at the cells' borders, and how much larger it may be inside a
/// cell. Differences are exact integers over n·m, so exchanging the sides changes nothing.
private func kolmogorovSmirnov(
  _ baseline: [Int64], _ window: [Int64], n: Int64, m: Int64
) -> (statistic: Double, bound: Double) {
  var difference: Int128 = 0
  var largest: Int128 = 0
  var hidden: Int128 = 0
  for cell in baseline.indices {
    let rise = Int128(baseline[cell]) * Int128(m)
    let fall = Int128(window[cell]) * Int128(n)
    difference += rise - fall
    largest = max(largest, abs(difference))
    if cell.isMultiple(of: 2) { hidden = max(hidden, min(rise, fall)) }
  }
  let scale = Double(n) * Double(m)
  return (min(1, Double(largest) / scale), Double(hidden) / scale)
}
