/// The cells and bins of one numeric feature, frozen when its baseline is fitted.
///
/// *Knots* are real baseline values in ascending order, without duplicates. With k knots there are 2k + 1 *cells*: cell
/// 2i + 1 holds exactly the values equal to knot i, cell 2i the open interval below knot i (cell 0: everything below the
/// first) and cell 2k everything above the last. Both empirical distribution functions are therefore known exactly on
/// either side of every knot.
///
/// *PSI bins* are (c₍ⱼ₋₁₎, cⱼ] for the decile cuts c, open to ±∞ at the ends: unions of neighbouring cells.
public struct NumericBinning: Sendable, Equatable {
  /// Cuts of ten bins.
  public static let maximumCuts = 9

  /// Distinct finite values, ascending; zero is never negative.
  public let knots: [Double]
  /// Decile cuts, at most `maximumCuts`, ascending and distinct, each of them a knot.
  public let cuts: [Double]
  @usableFromInline let search: KnotSearch
  /// For each cut the index of the knot it is.
  private let cutKnots: [Int]

  /// - Precondition: `knots` are finite, ascending and distinct, and every cut is a knot, ascending and distinct.
  public init(knots: [Double], cuts: [Double]) {
    precondition(knots.allSatisfy(\.isFinite), "knots must be finite")
    precondition(zip(knots, knots.dropFirst()).allSatisfy(<), "knots must ascend without duplicates")
    precondition(zip(cuts, cuts.dropFirst()).allSatisfy(<), "cuts must ascend without duplicates")
    // Adding +0 turns −0 into +0: the search subtracts, and −0 − 0 would look negative.
    self.knots = knots.map { $0 + 0.0 }
    self.cuts = cuts.map { $0 + 0.0 }
    search = KnotSearch(self.knots)
    var cutKnots: [Int] = []
    var knot = 0
    for cut in self.cuts {
      while knot < knots.count, knots[knot] < cut { knot += 1 }
      precondition(knot < knots.count && knots[knot] == cut, "every cut must be a knot")
      cutKnots.append(knot)
    }
    self.cutKnots = cutKnots
  }

  public static func == (left: NumericBinning, right: NumericBinning) -> Bool {
    left.knots == right.knots && left.cuts == right.cuts
  }

  /// 2k + 1 for k knots.
  public var cellCount: Int { 2 * knots.count + 1 }

  /// The cell that holds `x`, in 0..<`cellCount`, by a table and a short binary search without branches.
  ///
  /// - Precondition: `x` is finite (checked in debug builds; in release builds another value falls into some cell).
  @inlinable
  public func cell(of x: Double) -> Int {
    assert(x.isFinite)
    let (below, isKnot) = search.find(x)
    return 2 &* below &+ (isKnot ? 1 : 0)
  }

  /// The PSI bin (c₍ⱼ₋₁₎, cⱼ] that `cell` is a part of, in 0...`cuts.count`.
  public func psiBin(ofCell cell: Int) -> Int {
    precondition(cell >= 0 && cell < cellCount, "no such cell")
    return cutKnots.count(where: { $0 < cell / 2 })
  }

  /// Adds the counts of all cells up to the counts of the `cuts.count` + 1 PSI bins.
  public func psiBins(_ cells: [Int64]) -> [Int64] {
    precondition(cells.count == cellCount, "one count for each cell")
    var bins: [Int64] = []
    bins.reserveCapacity(cuts.count + 1)
    var start = 0
    for knot in cutKnots {
      let end = 2 * knot + 2
      bins.append(cells[start..<end].reduce(0, &+))
      start = end
    }
    bins.append(cells[start...].reduce(0, &+))
    return bins
  }

  /// The binning of a baseline: all distinct values as knots if there are at most `resolution`, else the order statistics
  /// at j/`resolution` for j = 0…`resolution` by the inverse of the empirical distribution function, joined with the
  /// decile cuts, which are order statistics too (so every knot and cut is a real value).
  ///
  /// - Precondition: `sorted` is ascending and finite; `resolution` ≥ 1.
  public static func fit(sorted: [Double], resolution: Int = 1024) -> NumericBinning {
    fit(total: Int64(sorted.count), resolution: resolution, runs: sorted.lazy.map { (value: $0, count: 1) })
  }

  /// The same from runs of (value, count) in ascending order, in one pass that holds at most twice `resolution` values.
  /// Neighbouring runs may repeat a value. The counts must add up to `total`.
  public static func fit(
    total: Int64, resolution: Int = 1024, runs: some Sequence<(value: Double, count: Int64)>
  ) -> NumericBinning {
    var fitter = Fitter(total: total, resolution: resolution)
    for (value, count) in runs { fitter.add(value: value, count: count) }
    return fitter.finish()
  }

  /// The same, fed value by value: for values that only stream by.
  public struct Fitter {
    private let total: Int64
    private var seen: Int64 = 0
    private var distinct: DistinctValues
    private var knots: OrderStatistics
    private var cuts: OrderStatistics

    /// - Parameter total: how many values will come, all counts added.
    public init(total: Int64, resolution: Int = 1024) {
      precondition(resolution >= 1, "resolution must be positive")
      self.total = total
      distinct = DistinctValues(limit: resolution)
      knots = OrderStatistics(parts: Int64(resolution), from: 0, total: total)
      cuts = OrderStatistics(parts: 10, from: 1, through: 9, total: total)
    }

    /// Values ascend from call to call.
    public mutating func add(value: Double, count: Int64) {
      guard count > 0 else { return }
      seen += count
      // −0 and 0 are one value.
      let value = value + 0.0
      distinct.add(value)
      knots.add(value, upTo: seen)
      cuts.add(value, upTo: seen)
    }

    public func finish() -> NumericBinning {
      precondition(seen == total, "the runs' counts must add up to the total")
      if let values = distinct.values { return NumericBinning(knots: values, cuts: cuts.values) }
      return NumericBinning(knots: NumericBinning.merged(knots.values, cuts.values), cuts: cuts.values)
    }
  }

  /// The union of two ascending lists of distinct values.
  private static func merged(_ left: [Double], _ right: [Double]) -> [Double] {
    var union: [Double] = []
    for value in (left + right).sorted() where union.last != value { union.append(value) }
    return union
  }
}

/// The distinct values of an ascending sequence, given up once there are more than `limit`.
private struct DistinctValues {
  let limit: Int
  private(set) var values: [Double]? = []

  init(limit: Int) { self.limit = limit }

  mutating func add(_ value: Double) {
    guard let last = values?.last else {
      values?.append(value)
      return
    }
    precondition(value >= last, "values must ascend")
    if value == last { return }
    if (values?.count ?? 0) < limit { values?.append(value) } else { values = nil }
  }
}

/// Collects the order statistics at j/`parts` by the inverse of the empirical distribution function: the smallest value
/// whose share of values up to it is at least j/`parts` (for j = 0 the smallest value), without duplicates.
private struct OrderStatistics {
  private let parts: Int64
  private let last: Int64
  private let total: Int64
  private var next: Int64
  private(set) var values: [Double] = []

  init(parts: Int64, from first: Int64, through last: Int64? = nil, total: Int64) {
    self.parts = parts
    self.last = last ?? parts
    self.total = total
    next = first
  }

  /// `value` occupies the ranks up to `rank` (counted from 1).
  mutating func add(_ value: Double, upTo rank: Int64) {
    var isNeeded = false
    // Exact integers: rank ≥ ⌈total·j / parts⌉ without a rounded quotient.
    while next <= last, Int128(rank) * Int128(parts) >= Int128(total) * Int128(next) {
      isNeeded = true
      next += 1
    }
    if isNeeded, values.last != value { values.append(value) }
  }
}
