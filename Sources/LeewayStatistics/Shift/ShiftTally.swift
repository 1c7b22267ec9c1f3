/// Sums of one subject in one hour, row by row: what a fit gathers from dated rows without keeping the counts of every hour.
///
/// Scores are added in the order of the rows, so that the last bits depend on it; those of production run in the order of the cells.
package struct ShiftTally: Sendable, Equatable {
  private var valid: Int64 = 0
  private var missing: Int64 = 0
  private var invalid: Int64 = 0
  private var unseen: Int64 = 0
  private var outside: Int64 = 0
  /// Σ of the scores' powers.
  private var powers = SIMD4<Double>.zero
  private var categories: [Int64] = []

  package init() {}

  package var rows: Int64 { valid &+ missing &+ invalid }

  package mutating func addMissing() { missing &+= 1 }
  package mutating func addInvalid() { invalid &+= 1 }

  /// A value that the baseline never had, of a category subject.
  package mutating func addUnseen() {
    valid &+= 1
    unseen &+= 1
  }

  /// A value of a numeric subject.
  ///
  /// - Parameter isOutside: below the first or above the last baseline value.
  package mutating func add(score s: Double, isOutside: Bool) {
    valid &+= 1
    if isOutside { outside &+= 1 }
    let square = s * s
    powers += SIMD4(s, square, square * s, square * square)
  }

  /// A value of a category subject.
  package mutating func add(cell: Int, _ table: ShiftTable) {
    valid &+= 1
    guard let place = table.largest.firstIndex(of: cell) else { return }
    if categories.isEmpty { categories = [Int64](repeating: 0, count: table.largest.count) }
    categories[place] &+= 1
  }

  package func sums(_ subject: ShiftSubject, _ table: ShiftTable) -> ShiftSums {
    guard rows > 0 else { return .none(subject, table) }
    let means = powers / max(Double(valid), 1)
    let body: ShiftSums.Body =
      subject.isNumeric
      ? ShiftSums.moments(means[0], means[1], means[2], means[3])
      : .category(categories.isEmpty ? table.largest.map { _ in 0 } : categories)
    return ShiftSums(valid: valid, missing: missing, invalid: invalid, unseen: unseen, outside: outside, body)
  }
}
