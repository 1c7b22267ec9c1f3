import Glibc

/// What performance may be expected of scores whose labels have not come: with p = P(label = 1 | score) from an
/// `IsotonicMap` and the model's own decision ŷ = [score ≥ threshold].
///
/// TP = Σ p·ŷ, FP = Σ (1 − p)·ŷ, FN = Σ p·(1 − ŷ), TN = Σ (1 − p)(1 − ŷ); AUC from the expected positives and negatives of each cell.
/// It rests on P(label | score) being what it was when the map was fitted, so concept drift does not show in it. What is
/// undefined is nil.
///
/// Source: NannyML's confidence-based performance estimation; Guillory et al., ICCV (2021).
public struct ScoreEstimate: Sendable, Equatable {
  /// Expected counts, each a sum of probabilities.
  public private(set) var truePositives = 0.0
  public private(set) var falsePositives = 0.0
  public private(set) var falseNegatives = 0.0
  public private(set) var trueNegatives = 0.0
  /// Area under the ROC curve, in [0, 1]; nil without an expected row of both classes. Rows of a cell are ties.
  public private(set) var auc: Double?
  /// Mean of (score − label)², in [0, 1].
  public private(set) var brier: Double?

  /// Rows of scores that lie close together.
  public struct Cell: Sendable, Equatable {
    public var rows: Int64
    /// Their mean score.
    public var score: Double
    /// Between what they lie; equal where they are one score.
    public var lower: Double
    public var upper: Double

    public init(rows: Int64, score: Double, lower: Double, upper: Double) {
      self.rows = rows
      self.score = score
      self.lower = lower
      self.upper = upper
    }
  }

  /// - Parameters:
  ///   - cells: in ascending order of score; those without rows may be left out. A cell that holds the threshold is taken to
  ///     be filled evenly.
  ///   - threshold: of the decision, on the raw score.
  public init(_ cells: [Cell], map: IsotonicMap, threshold: Double) {
    var doubledPairs = 0.0
    var negativesBelow = 0.0
    var positives = 0.0
    var losses = 0.0
    var rows = 0.0
    for cell in cells where cell.rows > 0 {
      let n = Double(cell.rows)
      let positive = n * map.probability(of: cell.score)
      let negative = n - positive
      let decided: Double =
        if cell.lower >= threshold { 1 } else if cell.upper <= threshold {
          cell.score >= threshold ? 1 : 0
        } else { (cell.upper - threshold) / (cell.upper - cell.lower) }
      truePositives += positive * decided
      falsePositives += negative * decided
      falseNegatives += positive * (1 - decided)
      trueNegatives += negative * (1 - decided)
      doubledPairs += positive * (2 * negativesBelow + negative)
      negativesBelow += negative
      positives += positive
      losses += positive * (1 - cell.score) * (1 - cell.score) + negative * cell.score * cell.score
      rows += n
    }
    if positives > 0, negativesBelow > 0 { auc = doubledPairs / (2 * positives * negativesBelow) }
    if rows > 0 { brier = losses / rows }
  }

  private static func share(_ part: Double, of whole: Double) -> Double? { whole > 0 ? part / whole : nil }

  /// Expected rows of all kinds.
  public var total: Double { truePositives + falsePositives + falseNegatives + trueNegatives }
  /// (TP + TN) / n
  public var accuracy: Double? { Self.share(truePositives + trueNegatives, of: total) }
  /// TP / (TP + FP)
  public var precision: Double? { Self.share(truePositives, of: truePositives + falsePositives) }
  /// TP / (TP + FN)
  public var recall: Double? { Self.share(truePositives, of: truePositives + falseNegatives) }
  /// 2TP / (2TP + FP + FN)
  public var f1: Double? { Self.share(2 * truePositives, of: 2 * truePositives + falsePositives + falseNegatives) }
  /// (TP + FN) / n
  public var positiveRate: Double? { Self.share(truePositives + falseNegatives, of: total) }
}

/// Expected mean absolute error of a regression without targets: Σ n_b · m_b / Σ n_b over bins of the prediction, n_b the rows of
/// now and m_b the baseline's mean |error| there. In the target's unit.
///
/// A bin that the baseline has no error of counts with the mean of those that it has, weighted by the baseline's rows. nil
/// without rows or without any baseline error.
public func expectedAbsoluteError(rows: [Int64], baselineRows: [Int64], baselineErrors: [Double]) -> Double? {
  precondition(rows.count == baselineRows.count && rows.count == baselineErrors.count, "one entry for each bin")
  let known = baselineRows.reduce(0, +)
  let total = rows.reduce(0, +)
  guard known > 0, total > 0 else { return nil }
  let typical = baselineErrors.reduce(0, +) / Double(known)
  var sum = 0.0
  for (bin, n) in rows.enumerated() where n > 0 {
    sum += Double(n) * (baselineRows[bin] > 0 ? baselineErrors[bin] / Double(baselineRows[bin]) : typical)
  }
  return sum / Double(total)
}
