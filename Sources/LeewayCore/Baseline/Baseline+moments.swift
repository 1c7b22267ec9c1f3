import LeewayStatistics

/// What follows from a numeric subject's counts: cuts, and bounds of sums, squares, mean and standard deviation. Values within a
/// cell are not known, so only what no values can have is refused.
extension Baseline {
  private static let fix = "fit it again with leeway baseline fit"
  /// Relative, of sums in doubles.
  private static let rounding = 1e-9

  /// - Throws: `JSONFailure` where bins, sums or moments of a subject do not follow from its counts.
  func requireMoments(
    of subject: SubjectBaseline, _ domain: NumericDomain, isOutput: Bool, isScore: Bool, _ reader: JSONReader
  ) throws(JSONFailure) {
    let (binning, fixedPoint) = (domain.binning, domain.fixedPoint)
    let knots = binning.knots
    guard let first = knots.first, let last = knots.last else {
      guard subject.cells.present == 0 else {
        throw try reader.member("knots").failure("has values and no knots; \(Self.fix)")
      }
      return
    }
    if isScore, first < 0 || last > 1 {
      throw try reader.member("knots").failure("has \(first < 0 ? first : last), and scores are 0 to 1; \(Self.fix)")
    }
    guard first <= fixedPoint.origin, fixedPoint.origin <= last else {
      throw try reader.member("origin").failure(
        "is \(fixedPoint.origin), and the median of values from \(first) to \(last) is among them; \(Self.fix)")
    }
    let cuts = Self.cuts(subject.cells.counts, knots)
    guard cuts == binning.cuts else {
      throw try reader.member("cuts").failure(
        "are \(binning.cuts), and the tenths of the counts are at \(cuts); \(Self.fix)")
    }
    try Self.requireSums(subject.cells, domain, reader)
    // Without them a distance has no unit, and a scale cannot be compared with what it follows from. An output may
    // have a scale of its own.
    let isNeeded = subject.cells.outlying == 0 && subject.cells.present > 0 && !isOutput
    if isNeeded || (subject.mean == nil) != (subject.standardDeviation == nil) {
      for (name, value) in [("mean", subject.mean), ("standard_deviation", subject.standardDeviation)]
      where value == nil {
        throw try reader.member(name).failure(
          "is null, and \(subject.cells.present) values have one; \(Self.fix)")
      }
    }
    guard let deviation = subject.standardDeviation else { return }
    // Scores have a scale of their own.
    let exponent = FixedPoint(origin: 0, standardDeviation: deviation).exponent
    guard isScore || fixedPoint.exponent == exponent else {
      throw try reader.member("exponent").failure(
        "is \(fixedPoint.exponent), and a standard deviation of \(deviation) has \(exponent); \(Self.fix)")
    }
    guard let mean = subject.mean, let moments = subject.cells.moments(domain) else { return }
    // Means of doubles that were added one after the other, and sums of values that were each rounded to a step.
    let slack =
      1e-3 * moments.standardDeviation + 1e-8 * max(abs(moments.mean), abs(fixedPoint.origin)) + 1 / fixedPoint.scale
    guard abs(mean - moments.mean) <= slack else {
      throw try reader.member("mean").failure("is \(mean), and that of the sums is \(moments.mean); \(Self.fix)")
    }
    guard abs(deviation - moments.standardDeviation) <= slack else {
      throw try reader.member("standard_deviation").failure(
        "is \(deviation), and that of the sums is \(moments.standardDeviation); \(Self.fix)")
    }
  }

  /// - Throws: `JSONFailure` where no values in these cells have these sums and squares. For values that are outlying, which no
  ///   sum holds, it is not known in which cells they are.
  static func requireSums(_ cells: SubjectCells, _ domain: NumericDomain, _ reader: JSONReader) throws(JSONFailure) {
    let knots = domain.binning.knots
    let limit: Int128 = 1 << 62
    let ends = knots.map { knot in
      domain.fixedPoint.quantise(knot).map { Int128($0) } ?? (knot < domain.fixedPoint.origin ? -limit : limit)
    }
    let isExact = cells.outlying == 0
    var (least, most) = (0.0, 0.0)
    for (i, sum) in cells.sums.enumerated() {
      let n = Int128(cells.counts[2 * i])
      let low = isExact && i > 0 ? ends[i - 1] : -limit
      let high = isExact && i < ends.count ? ends[i] : limit
      guard sum >= n * low, sum <= n * high else {
        throw try reader.member("sums").failure(
          "of cell \(2 * i) is \(sum), which \(n) values there cannot have; \(fix)")
      }
      if n > 0 { least += Double(sum) * Double(sum) / Double(n) }
      let furthest = Double(max(low.magnitude, high.magnitude))
      most += Double(n) * furthest * furthest
      if i < ends.count {
        let square = Double(cells.counts[2 * i + 1]) * Double(ends[i]) * Double(ends[i])
        least += square
        most += square
      }
    }
    let squares = cells.squares.double
    guard !isExact || (squares >= least * (1 - rounding) && squares <= most * (1 + rounding)) else {
      throw try reader.member("squares").failure(
        "add up to \(squares), and those of values in these cells are \(least) to \(most); \(fix)")
    }
  }

  /// The values at the tenths, which are knots; a tenth between knots, which no fit has, gives none.
  private static func cuts(_ counts: [Int64], _ knots: [Double]) -> [Double] {
    let total = Int128(counts.reduce(0, &+))
    var cuts: [Double] = []
    var (rank, next) = (Int128(0), Int128(1))
    for (cell, count) in counts.enumerated() {
      rank += Int128(count)
      let before = next
      while next <= 9, rank * 10 >= total * next { next += 1 }
      if next > before, cell % 2 == 1 { cuts.append(knots[cell / 2]) }
    }
    return cuts
  }
}
