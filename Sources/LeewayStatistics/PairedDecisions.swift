/// A share of rows, or of rows of a kind, that decisions and labels define.
public enum DecisionRatio: Sendable, CaseIterable {
  case accuracy, precision, recall, f1, positiveRate, predictedPositiveRate

  /// What one row adds to the numerator and to the denominator.
  func parts(decision: Bool, positive: Bool) -> (numerator: Double, denominator: Double) {
    switch self {
    case .accuracy: (decision == positive ? 1 : 0, 1)
    case .precision: (decision && positive ? 1 : 0, decision ? 1 : 0)
    case .recall: (decision && positive ? 1 : 0, positive ? 1 : 0)
    case .f1: (decision && positive ? 2 : 0, (decision ? 1 : 0) + (positive ? 1 : 0))
    case .positiveRate: (positive ? 1 : 0, 1)
    case .predictedPositiveRate: (decision ? 1 : 0, 1)
    }
  }
}

extension ConfusionCounts {
  /// The rows of each kind.
  private var rows: [(decision: Bool, positive: Bool, count: Int64)] {
    [
      (true, true, truePositives), (true, false, falsePositives), (false, true, falseNegatives),
      (false, false, trueNegatives),
    ]
  }

  /// nil where the denominator is 0.
  public func value(_ ratio: DecisionRatio) -> Double? { share(ratio)?.value }

  /// Numerator over denominator; nil where that is 0.
  func share(_ ratio: DecisionRatio) -> (value: Double, denominator: Double)? {
    var numerator = 0.0
    var denominator = 0.0
    for row in rows {
      let parts = ratio.parts(decision: row.decision, positive: row.positive)
      numerator += parts.numerator * Double(row.count)
      denominator += parts.denominator * Double(row.count)
    }
    return denominator > 0 ? (numerator / denominator, denominator) : nil
  }

  /// This ratio less that of other, independent rows; by the delta method, for proportions the unpooled Wald interval. nil
  /// where a denominator is 0.
  public func difference(_ ratio: DecisionRatio, from other: ConfusionCounts, confidence: Double = 0.99)
    -> MetricDifference?
  {
    guard let mine = share(ratio), let theirs = other.share(ratio) else { return nil }
    func variance(_ counts: ConfusionCounts, _ share: (value: Double, denominator: Double)) -> Double {
      counts.rows.reduce(0) { sum, row in
        let parts = ratio.parts(decision: row.decision, positive: row.positive)
        let residual = (parts.numerator - share.value * parts.denominator) / share.denominator
        return sum + Double(row.count) * residual * residual
      }
    }
    return MetricDifference(
      estimate: mine.value - theirs.value,
      standardError: (variance(self, mine) + variance(other, theirs)).squareRoot(), confidence: confidence)
  }
}

/// Rows that both models decided on, by both decisions and the label.
public struct PairedDecisions: Sendable, Equatable {
  /// Kinds of rows.
  public static let count = 8

  /// Champion's decision · 4 + challenger's · 2 + label.
  public let counts: [Int64]

  /// - Precondition: eight counts, none negative.
  public init(counts: [Int64]) {
    precondition(counts.count == Self.count && counts.allSatisfy { $0 >= 0 }, "eight counts, never negative")
    self.counts = counts
  }

  /// The entry of one row.
  public static func index(champion: Bool, challenger: Bool, positive: Bool) -> Int {
    (champion ? 4 : 0) + (challenger ? 2 : 0) + (positive ? 1 : 0)
  }

  public var total: Int64 { counts.reduce(0, +) }
  public var positives: Int64 { counts[1] + counts[3] + counts[5] + counts[7] }
  public var negatives: Int64 { total - positives }

  public var champion: ConfusionCounts {
    ConfusionCounts(
      truePositives: counts[5] + counts[7], falsePositives: counts[4] + counts[6],
      falseNegatives: counts[1] + counts[3], trueNegatives: counts[0] + counts[2])
  }

  public var challenger: ConfusionCounts {
    ConfusionCounts(
      truePositives: counts[3] + counts[7], falsePositives: counts[2] + counts[6],
      falseNegatives: counts[1] + counts[5], trueNegatives: counts[0] + counts[4])
  }

  /// The challenger's ratio less the champion's on the same rows: the delta method over the eight kinds, which for
  /// `accuracy`, `recall` and `predictedPositiveRate` is McNemar's Wald interval; those have the exact two-sided binomial
  /// p-value of the rows that only one of the two counts. nil where a denominator is 0.
  public func difference(_ ratio: DecisionRatio, confidence: Double = 0.99) -> MetricDifference? {
    guard let a = champion.share(ratio), let b = challenger.share(ratio) else { return nil }
    var variance = 0.0
    var championAlone: Int64 = 0
    var challengerAlone: Int64 = 0
    for (index, count) in counts.enumerated() where count > 0 {
      let positive = index & 1 != 0
      let mine = ratio.parts(decision: index & 4 != 0, positive: positive)
      let theirs = ratio.parts(decision: index & 2 != 0, positive: positive)
      let residual =
        (theirs.numerator - b.value * theirs.denominator) / b.denominator
        - (mine.numerator - a.value * mine.denominator) / a.denominator
      variance += Double(count) * residual * residual
      if mine.numerator > theirs.numerator { championAlone += count }
      if mine.numerator < theirs.numerator { challengerAlone += count }
    }
    let error = variance.squareRoot()
    switch ratio {
    case .precision, .f1:
      return MetricDifference(estimate: b.value - a.value, standardError: error, confidence: confidence)
    case .accuracy, .recall, .positiveRate, .predictedPositiveRate:
      // The counts themselves, not the difference of two rounded shares.
      let estimate = Double(challengerAlone - championAlone) / a.denominator
      return MetricDifference.mcNemar(
        estimate: estimate, standardError: error, championAlone: championAlone, challengerAlone: challengerAlone,
        confidence: confidence)
    }
  }
}
