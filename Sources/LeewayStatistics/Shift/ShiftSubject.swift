/// A feature or an output of the model that is watched for a shift.
package struct ShiftSubject: Sendable, Equatable {
  package var name: String
  /// Cells in order of the values; else each cell is a category.
  package var isNumeric: Bool
  /// The cell of a category subject that lumps many categories; it is never a stream.
  package var other: Int?

  package init(name: String, isNumeric: Bool, other: Int? = nil) {
    self.name = name
    self.isNumeric = isNumeric
    self.other = other
  }
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

  /// Rows with a value: of `cells` and `unseen`.
  var valid: Int64 { cells.reduce(unseen, &+) }
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
