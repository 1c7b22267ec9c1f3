import LeewayStatistics

/// Where each subject's counts and sums lie in a drift block. Fixed by the baseline.
///
/// counts: rows, then for every subject its cells and, after them, missing, invalid and (numeric) outlying.
/// Categorical cells are the categories, other and unseen. sums: Σu of the even cells of numeric subjects. squares: Σu².
package struct DriftLayout: Sendable {
  package struct Subject: Sendable {
    package let name: String
    package let domain: SubjectDomain
    /// First count; cells follow.
    package let firstCount: Int
    package let cells: Int
    /// First sum (numeric).
    package let firstSum: Int
    /// Index of Σu² (numeric).
    package let square: Int

    package var missing: Int { firstCount + cells }
    package var invalid: Int { firstCount + cells + 1 }
    package var outlying: Int { firstCount + cells + 2 }
    package var isNumeric: Bool { if case .numeric = domain { true } else { false } }
  }

  package let subjects: [Subject]
  package let shape: CellBlock.Shape

  /// Index of the number of messages.
  package static let rows = 0

  package init(subjects domains: [(name: String, domain: SubjectDomain)]) {
    var counts = 1
    var sums = 0
    var squares = 0
    var subjects: [Subject] = []
    for (name, domain) in domains {
      switch domain {
      case .numeric(let numeric):
        let cells = numeric.binning.cellCount
        subjects.append(
          Subject(name: name, domain: domain, firstCount: counts, cells: cells, firstSum: sums, square: squares))
        counts += cells + 3
        sums += (cells + 1) / 2
        squares += 1
      case .categorical(let categorical):
        let cells = categorical.categories.count + 2
        subjects.append(
          Subject(name: name, domain: domain, firstCount: counts, cells: cells, firstSum: sums, square: squares))
        counts += cells + 2
      }
    }
    self.subjects = subjects
    shape = CellBlock.Shape(counts: counts, sums: sums, squares: squares)
  }

  package func cells(of subject: Subject, in block: CellBlock) -> SubjectCells {
    let counts = Array(block.counts[subject.firstCount..<subject.firstCount + subject.cells])
    guard subject.isNumeric else {
      return SubjectCells(
        counts: counts, missing: block.counts[subject.missing], invalid: block.counts[subject.invalid])
    }
    return SubjectCells(
      counts: counts, sums: Array(block.sums[subject.firstSum..<subject.firstSum + (subject.cells + 1) / 2]),
      squares: block.squares[subject.square], missing: block.counts[subject.missing],
      invalid: block.counts[subject.invalid], outlying: block.counts[subject.outlying])
  }
}

extension SubjectCells {
  /// Without the values of a part of them, over the same domain.
  func less(_ part: SubjectCells) -> SubjectCells {
    var rest = self
    for i in rest.counts.indices { rest.counts[i] &-= part.counts[i] }
    for i in rest.sums.indices { rest.sums[i] &-= part.sums[i] }
    rest.squares -= part.squares
    rest.missing &-= part.missing
    rest.invalid &-= part.invalid
    rest.outlying &-= part.outlying
    return rest
  }

  /// Σu over all values: the stored sums, and count times value for the cells that are one value.
  func total(_ domain: NumericDomain) -> Int128 {
    var total = sums.reduce(0, &+)
    for (i, knot) in domain.binning.knots.enumerated() where counts[2 * i + 1] != 0 {
      // A knot is a baseline value, so it is within range unless the baseline itself was outlying.
      total &+= Int128(domain.fixedPoint.quantise(knot) ?? 0) &* Int128(counts[2 * i + 1])
    }
    return total
  }

  /// Mean and standard deviation (ddof 0) of the present values; nil without values or with outlying ones.
  func moments(_ domain: NumericDomain) -> (mean: Double, standardDeviation: Double)? {
    let n = present
    guard n > 0, outlying == 0 else { return nil }
    let sum = total(domain)
    guard let deviation = domain.fixedPoint.standardDeviation(count: n, sum: sum, squares: squares) else { return nil }
    return (domain.fixedPoint.origin + domain.fixedPoint.unscaled(sum) / Double(n), deviation)
  }

  /// In the form in which the statistics take cells.
  func numericCells(_ domain: NumericDomain) -> NumericCells {
    NumericCells(
      counts: counts, offsetSums: sums.map { $0 == 0 ? 0 : domain.fixedPoint.unscaled($0) },
      origin: domain.fixedPoint.origin)
  }
}
