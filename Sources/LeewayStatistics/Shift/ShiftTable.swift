/// What the streams of one subject need of the baseline.
package struct ShiftTable: Sendable, Equatable {
  /// Baseline shares by cell; they add up to 1. No cells where the subject is a level.
  package let shares: [Double]
  /// Normal scores by cell of a numeric subject, Σ p s = 0 and Σ p s² = 1; else 0.
  package let scores: [Double]
  /// Cells of the largest categories, by size; empty where numeric.
  package let largest: [Int]

  init(shares: [Double], scores: [Double], largest: [Int]) {
    self.shares = shares
    self.scores = scores
    self.largest = largest
  }

  /// From the baseline's counts by cell. Undated rows serve as well: only their totals are used.
  package init(_ subject: ShiftSubject, total: [Int64], largest: Int) {
    let (shares, scores) = Self.scores(total)
    self.shares = shares
    self.scores = subject.isNumeric ? scores : [Double](repeating: 0, count: scores.count)
    if case .category(let other) = subject.form {
      self.largest = Self.largest(total, other: other, count: largest)
    } else {
      self.largest = []
    }
  }

  /// Shares and normal scores of cells that are in order of the values.
  ///
  /// p_b = share, F_b⁻ and F_b = cumulative shares; s_b = (φ(z(F_b⁻)) − φ(z(F_b))) / p_b, z the normal quantile and φ the
  /// normal density: the mean normal score of the cell. Then centred and scaled. Any monotone scale of the feature gives the
  /// same scores, and no outlier can rule the mean. A cell that is empty in the baseline takes the limit z(F), with F kept
  /// half a row from 0 and 1. With fewer than two cells that have rows, every score is 0.
  static func scores(_ total: [Int64]) -> (shares: [Double], scores: [Double]) {
    let rows = total.reduce(0) { $0 + Double($1) }
    let shares = total.map { Double($0) / max(rows, 1) }
    guard total.lazy.filter({ $0 > 0 }).count >= 2 else { return (shares, total.map { _ in 0 }) }
    var below = 0.0
    var sum = 0.0
    var lower = density(1e-12)
    var scores: [Double] = []
    for share in shares {
      sum += share
      below = min(max(sum, 0), 1)
      let upper = density(min(max(below, 1e-12), 1 - 1e-12))
      let limit = min(max(below, 0.5 / rows), 1 - 0.5 / rows)
      scores.append(share > 0 ? (lower - upper) / share : RepeatableMath.normalQuantile(limit))
      lower = upper
    }
    let mean = zip(shares, scores).reduce(0) { $0 + $1.0 * $1.1 }
    scores = scores.map { $0 - mean }
    let scale = zip(shares, scores).reduce(0) { $0 + $1.0 * $1.1 * $1.1 }.squareRoot()
    return (shares, scores.map { $0 / scale })
  }

  /// φ(z(p)).
  private static func density(_ p: Double) -> Double {
    let z = RepeatableMath.normalQuantile(p)
    return RepeatableMath.exp(-z * z / 2) / (2 * Double.pi).squareRoot()
  }

  /// The `count` cells with most rows, ties to the lower cell, without `other` and without empty cells.
  static func largest(_ total: [Int64], other: Int?, count: Int) -> [Int] {
    let cells = total.indices.filter { $0 != other && total[$0] > 0 }
    return Array(cells.sorted { (total[$1], $0) < (total[$0], $1) }.prefix(count))
  }
}
