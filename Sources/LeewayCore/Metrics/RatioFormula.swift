/// How a share of a subject's rows is counted.
package struct RatioFormula: Sendable {
  package enum Subjects: Sendable { case any, numeric, categorical }

  package let subjects: Subjects
  /// Rows that count, and rows of which; nil where the subject has none.
  let counts: @Sendable (DriftComparison) -> (successes: Int64, trials: Int64)?
  /// Rows of the baseline that count, of all its rows; nil for ratios that are 0 there by their meaning.
  package let part: (@Sendable (SubjectCells) -> Int64)?

  init(
    _ subjects: Subjects = .any, part: (@Sendable (SubjectCells) -> Int64)? = nil,
    counts: @escaping @Sendable (DriftComparison) -> (successes: Int64, trials: Int64)?
  ) {
    self.subjects = subjects
    self.counts = counts
    self.part = part
  }
}
