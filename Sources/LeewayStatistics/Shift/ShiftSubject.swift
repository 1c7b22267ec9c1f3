/// What is watched for a shift: a feature, an output of the model, or a number an hour.
package struct ShiftSubject: Sendable, Equatable {
  package enum Form: Sendable, Equatable {
    /// Cells in order of the values.
    case numeric
    /// Each cell is a category; `other` is the cell that lumps many of them, which is never a stream.
    case category(other: Int?)
    /// One number an hour with the rows behind it, made elsewhere (`ShiftSums.level`): traffic, an error rate, a loss.
    case level
  }

  package var name: String
  package var form: Form

  package init(_ name: String, _ form: Form) {
    self.name = name
    self.form = form
  }

  package var isNumeric: Bool { form == .numeric }
}

/// Rows of one subject in one hour.
package struct ShiftCounts: Sendable, Equatable {
  /// Valid values by cell, C of them.
  package var cells: [Int64]
  package var missing, invalid: Int64
  /// Values of a category subject that the baseline never had; not in `cells`.
  package var unseen: Int64
  /// Values of a numeric subject below the first or above the last baseline value; in `cells` too.
  package var outside: Int64

  package init(cells: [Int64], missing: Int64 = 0, invalid: Int64 = 0, unseen: Int64 = 0, outside: Int64 = 0) {
    self.cells = cells
    self.missing = missing
    self.invalid = invalid
    self.unseen = unseen
    self.outside = outside
  }
}

/// T hours in a row: the counts of every subject.
package struct ShiftHistory: Sendable, Equatable {
  /// The hour of the first row.
  package var first: Int
  /// By hour, then by subject. An hour without rows is legal.
  package var hours: [[ShiftCounts]]

  package init(first: Int, hours: [[ShiftCounts]]) {
    self.first = first
    self.hours = hours
  }

  /// Σ of `cells` over the hours, by subject.
  package func totals() -> [[Int64]] {
    guard var totals = hours.first?.map(\.cells) else { return [] }
    for hour in hours.dropFirst() {
      for (subject, counts) in hour.enumerated() {
        for (cell, count) in counts.cells.enumerated() where count != 0 { totals[subject][cell] &+= count }
      }
    }
    return totals
  }
}
