/// The cells and bins of one numeric feature, frozen when its baseline is fitted.
///
/// *Knots* are real baseline values in ascending order, without duplicates. With k knots there are 2k + 1 *cells*: cell
/// 2i + 1 holds exactly the values equal to knot i, cell 2i the open interval below knot i (cell 0: everything below the
/// first) and cell 2k everything above the last. Both empirical distribution functions are therefore known exactly on
/// either side of every knot.
///
/// *Decile bins* are (c₍ⱼ₋₁₎, cⱼ] for the decile cuts c, open to ±∞ at the ends: unions of neighbouring cells. *PSI bins* are
/// the same, but where the lowest cut is the lowest knot, so that a tenth of the baseline or more sits at its minimum, what lies
/// below it is a bin of its own, as what lies above the highest cut always is.
///
/// Example: with the knots 1, 2, 5 there are seven cells; 2 is in cell 3, 3.7 in cell 4 and 9 in cell 6.
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

  /// The decile bin (c₍ⱼ₋₁₎, cⱼ] that `cell` is a part of, in 0...`cuts.count`.
  public func decileBin(ofCell cell: Int) -> Int {
    precondition(cell >= 0 && cell < cellCount, "no such cell")
    return cutKnots.count(where: { $0 < cell / 2 })
  }

  /// Whether the first PSI bin is what lies below the lowest knot.
  public var hasBinBelow: Bool { cutKnots.first == 0 }

  /// Adds the counts of all cells up to the counts of the PSI bins: `cuts.count` + 1, and before them one more where
  /// `hasBinBelow`.
  ///
  /// For a flag that was 0 in half of the rows and 1 in the others, the cuts are 0 and 1 and the bins below 0, 0, (0, 1] and
  /// above 1.
  public func psiBins(_ cells: [Int64]) -> [Int64] {
    guard hasBinBelow else { return decileBins(cells) }
    var bins = decileBins(cells)
    bins[0] &-= cells[0]
    bins.insert(cells[0], at: 0)
    return bins
  }

  /// Adds the counts of all cells up to the counts of the `cuts.count` + 1 decile bins.
  public func decileBins(_ cells: [Int64]) -> [Int64] {
    precondition(cells.count == cellCount, "one count for each cell")
    var bins: [Int64] = []
    bins.reserveCapacity(cuts.count + 2)
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

  /// Picks the first values at or above places, from values that stream by in ascending order.
  public struct TailValues {
    private let places: [Double]
    private var next = 0
    public private(set) var values: [Double] = []

    /// - Parameter places: ascending.
    public init(at places: [Double]) { self.places = places }

    public mutating func add(_ value: Double) {
      guard next < places.count, value >= places[next] else { return }
      values.append(value)
      while next < places.count, places[next] <= value { next += 1 }
    }
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

  /// How many places of sparse tails get knots of their own.
  public static let maximumTailPlaces = 64

  /// Where cells at the ends are wider than a standard deviation, so that a few values of a heavy tail lie far apart in one
  /// cell: up to `maximumTailPlaces` places, ascending and spread evenly over these cells. Otherwise none.
  ///
  /// A baseline with knots at 0, 0.1, 0.2, …, 3 and 67 and a deviation of 2 has them every 0.98 from 3.98 to 66.02.
  public func tailPlaces(standardDeviation: Double) -> [Double] {
    guard standardDeviation > 0, standardDeviation.isFinite, knots.count > 2 else { return [] }
    let middle = knots.count / 2
    func isWide(_ left: Int) -> Bool { knots[left + 1] - knots[left] > standardDeviation }
    let low = (0..<middle).last(where: isWide).map { (knots[0], knots[$0 + 1]) }
    let high = (middle..<knots.count - 1).first(where: isWide).map { (knots[$0], knots[knots.count - 1]) }
    let tails = [low, high].compactMap(\.self)
    let length = tails.reduce(0) { $0 + ($1.1 - $1.0) }
    guard length > 0, length.isFinite else { return [] }
    return tails.flatMap { from, to in
      let count = Int(Double(Self.maximumTailPlaces) * (to - from) / length)
      return (0..<count).map { from + (to - from) * Double($0 + 1) / Double(count + 1) }
    }
  }

  /// The same cuts with further knots.
  ///
  /// - Precondition: `values` are finite and ascend.
  public func adding(knots values: [Double]) -> NumericBinning {
    NumericBinning(knots: Self.merged(knots, values.map { $0 + 0.0 }), cuts: cuts)
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
