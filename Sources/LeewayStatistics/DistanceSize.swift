import Glibc

/// How far two samples are apart beyond what chance makes of the distance, and how sure that is: for comparing one pair of
/// samples with another. The unit is the distance's own or its square, the same for both pairs.
public struct DistanceSize: Sendable, Equatable {
  /// The distance less its noise; where the distance is a root, its square less the square of the noise.
  public var size: Double
  /// By the delta method, of both samples as independent multinomial counts.
  public var variance: Double

  /// A distance of bins.
  public enum Distance: Sendable { case psi, jensenShannon, hellinger, totalVariation, lInfinity }

  /// - Parameters:
  ///   - baseline, window: counts of the same bins, none negative.
  /// - Returns: nil where a side holds nothing.
  public init?(_ distance: Distance, baseline: [Int64], window: [Int64]) {
    let comparison = BinComparison(baseline: baseline, window: window)
    guard comparison.isDefined else { return nil }
    let n = Double(baseline.reduce(0, +))
    let m = Double(window.reduce(0, +))
    let shares = zip(baseline, window).map { (p: Double($0) / n, q: Double($1) / m) }
    let largest = shares.max { abs($0.p - $0.q) < abs($1.p - $1.q) }
    /// For the size in the first share; all these are the same in both but for their sides.
    func slope(_ p: Double, _ q: Double) -> Double {
      switch distance {
      case .psi:
        // A share that is taken as the smallest one does not move.
        guard p >= BinComparison.smallestShare else { return 0 }
        let other = max(q, BinComparison.smallestShare)
        return log(p / other) + 1 - other / p
      case .jensenShannon: return p > 0 ? log2(2 * p / (p + q)) / 2 : 0
      case .hellinger: return p > 0 ? -(q / p).squareRoot() / 2 : 0
      case .totalVariation: return p == q ? 0 : (p > q ? 0.5 : -0.5)
      // Only the bin that is furthest apart counts.
      case .lInfinity: return 0
      }
    }
    /// For one side's counts, whose shares sum to 1.
    func variance(_ terms: [(share: Double, slope: Double)], _ count: Double) -> Double {
      let mean = terms.reduce(0) { $0 + $1.share * $1.slope }
      return max(0, terms.reduce(0) { $0 + $1.share * ($1.slope - mean) * ($1.slope - mean) }) / count
    }
    let ofBaseline: [(Double, Double)]
    let ofWindow: [(Double, Double)]
    if distance == .lInfinity, let largest {
      let at = shares.firstIndex { $0 == largest }
      let sign = largest.p > largest.q ? 1.0 : -1
      ofBaseline = shares.enumerated().map { ($1.p, $0 == at ? sign : 0) }
      ofWindow = shares.enumerated().map { ($1.q, $0 == at ? -sign : 0) }
    } else {
      ofBaseline = shares.map { ($0.p, slope($0.p, $0.q)) }
      ofWindow = shares.map { ($0.q, slope($0.q, $0.p)) }
    }
    let found = variance(ofBaseline, n) + variance(ofWindow, m)
    switch distance {
    case .psi: self.init(size: comparison.psi - comparison.psiNoise, variance: found)
    case .jensenShannon:
      let noise = comparison.jensenShannonNoise
      self.init(size: comparison.jensenShannon * comparison.jensenShannon - noise * noise, variance: found)
    case .hellinger:
      let noise = comparison.hellingerNoise
      self.init(size: comparison.hellinger * comparison.hellinger - noise * noise, variance: found)
    case .totalVariation:
      self.init(Self.beyond(comparison.totalVariation, comparison.totalVariationNoise), variance: found)
    case .lInfinity:
      // The noise of the bin itself, not of the largest of all.
      self.init(Self.beyond(comparison.lInfinity, found.squareRoot()), variance: found)
    }
  }

  /// Kolmogorov–Smirnov at the knot where the distribution functions are furthest apart.
  ///
  /// - Parameters:
  ///   - baseline, window: counts of the same cells in the axis's order, none negative.
  /// - Returns: nil where a side holds nothing.
  public init?(ksBaseline baseline: [Int64], window: [Int64]) {
    precondition(baseline.count == window.count, "both sides need the same cells")
    let n = baseline.reduce(0, +)
    let m = window.reduce(0, +)
    guard n > 0, m > 0 else { return nil }
    var below = (p: Int64(0), q: Int64(0))
    var found = (p: 0.0, q: 0.0)
    for (b, w) in zip(baseline, window) {
      below.p += b
      below.q += w
      let here = (p: Double(below.p) / Double(n), q: Double(below.q) / Double(m))
      if abs(here.p - here.q) > abs(found.p - found.q) { found = here }
    }
    self.init(
      Self.beyond(abs(found.p - found.q), DistanceNoise.kolmogorovSmirnov(n, m)),
      variance: found.p * (1 - found.p) / Double(n) + found.q * (1 - found.q) / Double(m))
  }

  private init(_ size: Double, variance: Double) {
    self.init(size: size, variance: variance)
  }

  public init(size: Double, variance: Double) {
    self.size = size
    self.variance = variance
  }

  /// The part of a distance that chance does not explain: independent parts add in squares.
  private static func beyond(_ distance: Double, _ noise: Double) -> Double {
    max(0, distance * distance - noise * noise).squareRoot()
  }

  /// This size less another of independent samples, by the normal limit.
  public func difference(from other: DistanceSize) -> MetricDifference {
    MetricDifference(estimate: size - other.size, standardError: (variance + other.variance).squareRoot())
  }
}
