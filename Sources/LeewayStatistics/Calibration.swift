import Glibc

/// Ten equal bins (a, b] of a probability, the first closed at 0, the edges the doubles nearest j/10: how the scores in
/// each compare with what happened.
///
/// Example: the scores 0.12 and 0.18, of which one is positive, are a row of bin 1: mean score 0.15, positive share 0.5, so `ece`
/// is 0.35.
public struct ReliabilityTable: Sendable, Equatable {
  public static let binCount = 10

  /// Rows in each bin.
  public let counts: [Int64]
  /// Σ score of each bin's rows.
  public let scoreSums: [Double]
  /// Positives in each bin.
  public let positives: [Int64]

  /// - Precondition: ten entries each, 0 ≤ positives ≤ counts.
  public init(counts: [Int64], scoreSums: [Double], positives: [Int64]) {
    precondition(
      counts.count == Self.binCount && scoreSums.count == Self.binCount && positives.count == Self.binCount,
      "one entry for each of the ten bins")
    precondition(zip(positives, counts).allSatisfy { $0 >= 0 && $0 <= $1 }, "positives are a part of the counts")
    self.counts = counts
    self.scoreSums = scoreSums
    self.positives = positives
  }

  /// The bin of a score in [0, 1]: the number of edges below it.
  @inlinable
  public static func bin(of score: Double) -> Int {
    // One comparison after another, without branches: an edge itself belongs to the bin below it.
    var bin = 0
    bin &+= score > 0.1 ? 1 : 0
    bin &+= score > 0.2 ? 1 : 0
    bin &+= score > 0.3 ? 1 : 0
    bin &+= score > 0.4 ? 1 : 0
    bin &+= score > 0.5 ? 1 : 0
    bin &+= score > 0.6 ? 1 : 0
    bin &+= score > 0.7 ? 1 : 0
    bin &+= score > 0.8 ? 1 : 0
    bin &+= score > 0.9 ? 1 : 0
    return bin
  }

  /// One bin that holds something: its rows, their mean score and the share of positives among them, both in [0, 1].
  public struct Row: Sendable, Equatable {
    public var count: Int64
    public var meanScore: Double
    public var positiveShare: Double
  }

  /// The bins that hold anything, in ascending order.
  public var rows: [Row] {
    (0..<Self.binCount).filter { counts[$0] > 0 }.map { bin in
      let n = Double(counts[bin])
      return Row(count: counts[bin], meanScore: scoreSums[bin] / n, positiveShare: Double(positives[bin]) / n)
    }
  }

  /// Rows of all bins.
  public var total: Int64 { counts.reduce(0, +) }

  /// Expected calibration error Σ (n_b / n) |mean score − positive share|, in [0, 1]; nil without rows.
  public var ece: Double? {
    let total = total
    guard total > 0 else { return nil }
    return (0..<Self.binCount).reduce(0) { $0 + abs(scoreSums[$1] - Double(positives[$1])) } / Double(total)
  }

  /// The largest |mean score − positive share| of a bin, in [0, 1]; nil without rows.
  public var mce: Double? { rows.map { abs($0.meanScore - $0.positiveShare) }.max() }

  /// Σ (o − e)² / (e (1 − e/n)) over the bins with rows, o the positives and e the Σ of scores, against χ² with as many
  /// degrees of freedom as bins: nothing was fitted to these rows. Bins whose scores are all 0 or all 1 are left out where
  /// they came true, and make the p-value 0 where they did not. nil without a bin to test.
  ///
  /// Source: Hosmer and Lemeshow, Communications in Statistics 9 (1980), for a model from elsewhere.
  public var chiSquared: (statistic: Double, degreesOfFreedom: Int, pValue: Double)? {
    var statistic = 0.0
    var bins = 0
    for bin in 0..<Self.binCount where counts[bin] > 0 {
      let difference = Double(positives[bin]) - scoreSums[bin]
      let variance = scoreSums[bin] * (1 - scoreSums[bin] / Double(counts[bin]))
      if variance > 0 {
        statistic += difference * difference / variance
      } else if difference != 0 {
        statistic = .infinity
      } else {
        continue
      }
      bins += 1
    }
    guard bins > 0 else { return nil }
    return (
      statistic, bins, SpecialFunctions.chiSquaredSurvival(statistic, degreesOfFreedom: Double(bins))
    )
  }
}

/// Spiegelhalter's z: Σ (y − p)(1 − 2p) / √(Σ (1 − 2p)² p (1 − p)) from its two sums. Standard normal where the scores are
/// probabilities; positive where the Brier score is worse than they promise. nil where the variance is 0.
///
/// Source: Spiegelhalter, Statistics in Medicine 5 (1986).
public func spiegelhalterZ(numerator: Double, variance: Double) -> Double? {
  variance > 0 ? numerator / variance.squareRoot() : nil
}

/// Two-sided p-value of `spiegelhalterZ`. In [0, 1].
public func spiegelhalterPValue(z: Double) -> Double { 2 * SpecialFunctions.normalSurvival(abs(z)) }

/// −ln of the probability that was given to what happened, taken as at least 10⁻¹⁵. In [0, 34.54].
///
/// Example: 0.693 for 0.5, 34.54 for 0.
public func logLoss(ofTrueClassProbability probability: Double) -> Double { -log(max(probability, 1e-15)) }
