/// From a model's score to the probability of a positive label: a curve that never falls, linear between its points and flat
/// outside them.
///
/// It is fitted by pooling adjacent violators: the non-decreasing step function with the least Σ w (y − f(x))². For each step the
/// first and the last score are kept, and between steps the curve is the straight line, as in scikit-learn's
/// `IsotonicRegression(out_of_bounds="clip")`.
///
/// Example: one row each at 0.1 (negative), 0.2 (positive) and 0.3 (negative): the last two would fall, so both read 0.5; a score
/// of 0.15 reads 0.25.
///
/// Source: Barlow, Bartholomew, Bremner and Brunk, "Statistical inference under order restrictions" (1972); Zadrozny and Elkan,
/// KDD (2002).
public struct IsotonicMap: Sendable, Equatable {
  /// Ascending, distinct, finite; at least one.
  public let scores: [Double]
  /// As many, in [0, 1], never falling.
  public let probabilities: [Double]

  /// Points as they were stored; nil where they are no such curve.
  public init?(scores: [Double], probabilities: [Double]) {
    guard !scores.isEmpty, scores.count == probabilities.count, scores.allSatisfy(\.isFinite),
      zip(scores, scores.dropFirst()).allSatisfy(<), probabilities.allSatisfy({ $0 >= 0 && $0 <= 1 }),
      zip(probabilities, probabilities.dropFirst()).allSatisfy(<=)
    else { return nil }
    self.scores = scores
    self.probabilities = probabilities
  }

  /// Fits the map to labelled rows grouped by score. Groups without rows are left out; nil without any row.
  ///
  /// - Parameters:
  ///   - scores: of each group, ascending and distinct: the score itself, or the mean of scores that lie close together.
  ///   - positives, negatives: rows of each group by label, none negative.
  public init?(fitting scores: [Double], positives: [Int64], negatives: [Int64]) {
    precondition(scores.count == positives.count && scores.count == negatives.count, "one count for each group")
    precondition(zip(scores, scores.dropFirst()).allSatisfy(<), "scores must ascend")
    var steps: [(positives: Int128, rows: Int128, first: Double, last: Double)] = []
    for index in scores.indices where positives[index] > 0 || negatives[index] > 0 {
      precondition(positives[index] >= 0 && negatives[index] >= 0, "counts are never negative")
      var step = (
        positives: Int128(positives[index]), rows: Int128(positives[index]) + Int128(negatives[index]),
        first: scores[index], last: scores[index]
      )
      // Exact integers: a step joins its neighbour where its share is not greater. Equal ones belong together too.
      while let below = steps.last, below.positives * step.rows >= step.positives * below.rows {
        step.positives += below.positives
        step.rows += below.rows
        step.first = below.first
        steps.removeLast()
      }
      steps.append(step)
    }
    guard !steps.isEmpty else { return nil }
    var points: [(Double, Double)] = []
    for step in steps {
      let share = double(step.positives) / double(step.rows)
      points.append((step.first, share))
      if step.last > step.first { points.append((step.last, share)) }
    }
    self.scores = points.map(\.0)
    probabilities = points.map(\.1)
  }

  /// P(label = 1 | score), in [0, 1].
  public func probability(of score: Double) -> Double {
    // The first point at or above the score.
    var low = 0
    var high = scores.count
    while low < high {
      let middle = (low + high) / 2
      if scores[middle] < score { low = middle + 1 } else { high = middle }
    }
    guard low < scores.count else { return probabilities[scores.count - 1] }
    guard low > 0, scores[low] != score else { return probabilities[low] }
    let share = (score - scores[low - 1]) / (scores[low] - scores[low - 1])
    return probabilities[low - 1] + share * (probabilities[low] - probabilities[low - 1])
  }
}
