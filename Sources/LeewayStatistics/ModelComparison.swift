import Glibc

/// A metric of the challenger less that of the champion, with a two-sided interval and p-value of no difference.
public struct MetricDifference: Sendable, Equatable {
  public var estimate: Double
  public var lower: Double
  public var upper: Double
  /// In [0, 1].
  public var pValue: Double

  /// By the normal limit; where the error is 0 the interval is the estimate, and p 1 where that is 0, else 0.
  public init(estimate: Double, standardError: Double, confidence: Double = 0.99) {
    let margin = SpecialFunctions.normalQuantile((1 + confidence) / 2) * standardError
    self.estimate = estimate
    lower = estimate - margin
    upper = estimate + margin
    pValue =
      standardError > 0
      ? 2 * SpecialFunctions.normalSurvival(abs(estimate) / standardError) : estimate == 0 ? 1 : 0
  }

  /// How far it is beyond a difference that there was before, which is taken as known: with the same error, and p by the normal limit.
  ///
  /// Example: 0.06 with an error of 0.01 is 6 errors from 0, and 1 from an expected 0.05.
  ///
  /// - Parameter confidence: that the interval was made with.
  public func beyond(_ expected: Double, confidence: Double = 0.99) -> MetricDifference {
    let error = (upper - estimate) / SpecialFunctions.normalQuantile((1 + confidence) / 2)
    return MetricDifference(estimate: estimate - expected, standardError: error, confidence: confidence)
  }

  /// With the exact two-sided binomial p-value of the rows that speak for one side only.
  static func mcNemar(
    estimate: Double, standardError: Double, championAlone: Int64, challengerAlone: Int64, confidence: Double
  ) -> MetricDifference {
    var out = MetricDifference(estimate: estimate, standardError: standardError, confidence: confidence)
    let discordant = championAlone + challengerAlone
    out.pValue =
      discordant == 0
      ? 1
      : min(
        1,
        2 * SpecialFunctions.binomialAtLeast(max(championAlone, challengerAlone), trials: discordant, probability: 0.5))
    return out
  }

  init(estimate: Double, lower: Double, upper: Double, pValue: Double) {
    self.estimate = estimate
    self.lower = lower
    self.upper = upper
    self.pValue = pValue
  }
}

/// Rows that both models scored, by who was right: what McNemar's test needs.
///
/// Example: of 100 rows the challenger is right in 10 that the champion gets wrong, and wrong in 2 that it gets right:
/// `difference()` is 0.08 with a p-value of 0.0386.
public struct PairedAccuracy: Sendable, Equatable {
  public var bothRight: Int64
  public var championAlone: Int64
  public var challengerAlone: Int64
  public var bothWrong: Int64

  /// - Precondition: no count is negative.
  public init(bothRight: Int64, championAlone: Int64, challengerAlone: Int64, bothWrong: Int64) {
    precondition(min(bothRight, championAlone, challengerAlone, bothWrong) >= 0, "counts are never negative")
    self.bothRight = bothRight
    self.championAlone = championAlone
    self.challengerAlone = challengerAlone
    self.bothWrong = bothWrong
  }

  /// (c − b)/n with its Wald interval of √((b + c) − (b − c)²/n)/n and the exact two-sided binomial p-value of b against c; nil without
  /// rows.
  ///
  /// Source: McNemar, Psychometrika 12 (1947).
  public func difference(confidence: Double = 0.99) -> MetricDifference? {
    let n = Double(bothRight + championAlone + challengerAlone + bothWrong)
    guard n > 0 else { return nil }
    let b = Double(championAlone)
    let c = Double(challengerAlone)
    let error = max(0, b + c - (b - c) * (b - c) / n).squareRoot() / n
    return MetricDifference.mcNemar(
      estimate: (c - b) / n, standardError: error, championAlone: championAlone, challengerAlone: challengerAlone,
      confidence: confidence)
  }
}

extension MeanSums {
  /// Read as sums of d = challenger's loss − champion's on rows that both scored (Brier, log loss, absolute error): the mean of
  /// d, its normal interval and p-value. nil under two rows.
  public func pairedDifference(confidence: Double = 0.99) -> MetricDifference? {
    guard let mean, let standardError else { return nil }
    return MetricDifference(estimate: mean, standardError: standardError, confidence: confidence)
  }

  /// The mean of these rows less that of other, independent ones (Welch's standard error, normal limit). nil under two rows
  /// on either side.
  public func unpairedDifference(from other: MeanSums, confidence: Double = 0.99) -> MetricDifference? {
    guard let mean, let standardError, let otherMean = other.mean, let otherError = other.standardError else {
      return nil
    }
    return MetricDifference(
      estimate: mean - otherMean, standardError: hypot(standardError, otherError), confidence: confidence)
  }
}

extension RankingCells {
  /// This AUC less that of independent rows; DeLong's errors add up as squares. The interval is widened by both
  /// `aucBound`s. nil under two rows of a class on either side.
  public func aucDifference(from other: RankingCells, confidence: Double = 0.99) -> MetricDifference? {
    guard let auc, let error = deLongStandardError, let otherAUC = other.auc,
      let otherError = other.deLongStandardError,
      let bound = aucBound, let otherBound = other.aucBound
    else { return nil }
    var out = MetricDifference(
      estimate: auc - otherAUC, standardError: hypot(error, otherError), confidence: confidence)
    out.lower -= bound + otherBound
    out.upper += bound + otherBound
    return out
  }
}

/// Rows that both models scored, by class and by a 64 × 64 grid of equal score bins: what is left of two rankings of one
/// set of rows. Its numbers are *binned*: scores of one bin are ties.
public struct PairedScoreGrid: Sendable, Equatable {
  /// Bins of each score: [0, 1/64), …, [63/64, 1].
  public static let side = 64

  /// Champion's bin · 64 + challenger's bin.
  public private(set) var positives = [Int64](repeating: 0, count: side * side)
  public private(set) var negatives = [Int64](repeating: 0, count: side * side)

  public init() {}

  /// Counts as they were stored.
  ///
  /// - Precondition: 64 · 64 counts each, none negative.
  public init(positives: [Int64], negatives: [Int64]) {
    precondition(positives.count == Self.side * Self.side && negatives.count == positives.count, "64 · 64 counts")
    precondition(positives.allSatisfy { $0 >= 0 } && negatives.allSatisfy { $0 >= 0 }, "counts are never negative")
    self.positives = positives
    self.negatives = negatives
  }

  /// The bin of a score in [0, 1].
  public static func bin(of score: Double) -> Int { min(max(Int(score * Double(side)), 0), side - 1) }

  /// The champion's and the challenger's AUC, scores of one bin tied. nil without both classes.
  public var areas: (champion: Double, challenger: Double)? {
    func area(_ bin: (Int) -> Int) -> Double? {
      var positive = [Int64](repeating: 0, count: Self.side)
      var negative = positive
      for index in positives.indices {
        positive[bin(index)] += positives[index]
        negative[bin(index)] += negatives[index]
      }
      return RankingCells(positives: positive, negatives: negative).auc
    }
    guard let champion = area({ $0 / Self.side }), let challenger = area({ $0 % Self.side }) else { return nil }
    return (champion, challenger)
  }

  /// The entry of one row.
  public static func index(champion: Double, challenger: Double) -> Int {
    bin(of: champion) * side + bin(of: challenger)
  }

  public mutating func add(champion: Double, challenger: Double, positive: Bool, count: Int64 = 1) {
    let index = Self.index(champion: champion, challenger: challenger)
    if positive { positives[index] += count } else { negatives[index] += count }
  }

  /// AUC of the challenger less that of the champion on the same rows, with DeLong's covariance (n − 1). nil under two rows of
  /// either class.
  ///
  /// Source: DeLong, DeLong and Clarke-Pearson, Biometrics 44 (1988).
  public func aucDifference(confidence: Double = 0.99) -> MetricDifference? {
    let n = positives.reduce(0, +)
    let m = negatives.reduce(0, +)
    guard n > 1, m > 1 else { return nil }
    let champion = placements { index in index / Self.side }
    let challenger = placements { index in index % Self.side }
    func moments(_ counts: [Int64], _ rows: Int64, _ a: [Double], _ b: [Double]) -> (mean: Double, variance: Double) {
      var sum = 0.0
      for (index, count) in counts.enumerated() where count > 0 {
        sum += Double(count) * (b[index % Self.side] - a[index / Self.side])
      }
      let mean = sum / Double(rows)
      var squares = 0.0
      for (index, count) in counts.enumerated() where count > 0 {
        let distance = b[index % Self.side] - a[index / Self.side] - mean
        squares += Double(count) * distance * distance
      }
      return (mean, squares / Double(rows - 1))
    }
    let above = moments(positives, n, champion.ofPositive, challenger.ofPositive)
    let below = moments(negatives, m, champion.ofNegative, challenger.ofNegative)
    let error = (above.variance / Double(n) + below.variance / Double(m)).squareRoot()
    return MetricDifference(estimate: above.mean, standardError: error, confidence: confidence)
  }

  /// By bin of one model's score: the share of negatives below a positive there, and of positives above a negative there,
  /// ties half.
  private func placements(_ bin: (Int) -> Int) -> (ofPositive: [Double], ofNegative: [Double]) {
    var positive = [Int64](repeating: 0, count: Self.side)
    var negative = positive
    for index in positives.indices {
      positive[bin(index)] += positives[index]
      negative[bin(index)] += negatives[index]
    }
    let n = Double(positive.reduce(0, +))
    let m = Double(negative.reduce(0, +))
    var ofPositive: [Double] = []
    var ofNegative: [Double] = []
    var below = 0.0
    var above = n
    for i in 0..<Self.side {
      above -= Double(positive[i])
      ofPositive.append((below + Double(negative[i]) / 2) / m)
      ofNegative.append((above + Double(positive[i]) / 2) / n)
      below += Double(negative[i])
    }
    return (ofPositive, ofNegative)
  }
}
