import Glibc
import LeewayStatistics

extension Metric {
  /// √(2 ∫ (F_p − F_q)² dx), as `scipy.stats.energy_distance` has it: 0 where both sides are the same; of 100 zeros beside 100
  /// ones √2. It weighs a difference of the distribution functions by how wide it is, and small ones less than
  /// `wasserstein` does.
  ///
  /// Source: Székely and Rizzo, "Energy statistics", JSPI 143 (2013).
  package static let energy = Metric(
    "energy",
    .distance(
      .cells(
        { $0.cells.map { energyDistance($0.binning, $0.baseline, $0.window) } },
        noise: { $0.cells.map { energyNoise($0.binning, $0.baseline, $0.window) } }, details: [.energyBound])),
    "Energy distance between the distributions of baseline and window: twice the area of their squared difference, its root.",
    range: 0...Double.greatestFiniteMagnitude,
    alsoCalled: ["energydistance"])
}

extension MetricDetail {
  static let energyBound = ofDistance("energy_bound", "How far energy may be off, since values are counted in cells.") {
    $0.cells.map { EnergySide($0.binning, $0.baseline).bound + EnergySide($0.binning, $0.window).bound }
  }
}

/// The energy distance of two sides whose values between two knots are taken at their mean.
///
/// - Precondition: both sides hold a value.
func energyDistance(_ binning: NumericBinning, _ baseline: NumericCells, _ window: NumericCells) -> Double {
  let (p, q) = (EnergySide(binning, baseline), EnergySide(binning, window))
  var area = 0.0
  var last = 0.0
  var difference = 0.0
  // Before the first value the difference is 0, and so is what `last` adds.
  func step(to place: Double, _ change: Double) {
    area += difference * difference * max(0, place - last)
    difference += change
    last = place
  }
  for cell in p.counts.indices {
    let (ours, theirs) = (p.share(cell), q.share(cell))
    if ours == 0, theirs == 0 { continue }
    guard cell.isMultiple(of: 2) else {
      step(to: p.knots[cell / 2], ours - theirs)
      continue
    }
    let (a, b) = (ours > 0 ? p.mean(cell) : .infinity, theirs > 0 ? q.mean(cell) : .infinity)
    if ours > 0, a <= b { step(to: a, ours) }
    if theirs > 0 { step(to: b, -theirs) }
    if ours > 0, a > b { step(to: a, ours) }
  }
  return (2 * area).squareRoot()
}

/// √(2 h ∫ F (1 − F) dx) with h = 1/n + 1/m and F of the baseline: the root of the mean square of the distance between two
/// samples of one distribution.
private func energyNoise(_ binning: NumericBinning, _ baseline: NumericCells, _ window: NumericCells) -> Double {
  let side = EnergySide(binning, baseline)
  var area = 0.0
  var below = 0.0
  var last = 0.0
  for cell in side.counts.indices {
    let share = side.share(cell)
    guard share > 0 else { continue }
    let place = cell.isMultiple(of: 2) ? side.mean(cell) : side.knots[cell / 2]
    area += below * max(0, 1 - below) * max(0, place - last)
    below += share
    last = place
  }
  let rows = 1 / Double(side.counts.reduce(0, +)) + 1 / Double(window.counts.reduce(0, +))
  return (2 * rows * area).squareRoot()
}

/// One side's values, those of a cell at their mean.
struct EnergySide {
  let knots: [Double]
  let counts: [Int64]
  private let offsetSums: [Double]
  private let origin: Double
  private let shareOfOne: Double

  init(_ binning: NumericBinning, _ cells: NumericCells) {
    knots = binning.knots
    counts = cells.counts
    offsetSums = cells.offsetSums
    origin = cells.origin
    shareOfOne = 1 / Double(counts.reduce(0, +))
  }

  func share(_ cell: Int) -> Double { Double(counts[cell]) * shareOfOne }

  /// For the values between two knots; there must be one.
  func mean(_ cell: Int) -> Double {
    let mean = origin + offsetSums[cell / 2] / Double(counts[cell])
    // The sum is rounded, and the mean must not leave its cell.
    return min(max(mean, left(cell)), right(cell))
  }

  /// The most that this side's energy distance from its own values can be. The distance is a metric, so between two sides it
  /// is off by at most the sum of both bounds.
  ///
  /// In a cell from a to b with share s and mean m, the area is largest when every value is at a or b:
  /// s² (m − a) (b − m) / (b − a). A cell without an end has s² times the distance of m from its other end. The bound is 0 when
  /// every value is a knot or the only one in its cell.
  var bound: Double {
    var area = 0.0
    for cell in stride(from: 0, to: counts.count, by: 2) where counts[cell] > 1 {
      let (mean, share) = (mean(cell), share(cell))
      let (a, b) = (left(cell), right(cell))
      let width =
        a == -.infinity ? b - mean : b == .infinity ? mean - a : (mean - a) * (b - mean) / (b - a)
      area += share * share * width
    }
    return (2 * area).squareRoot()
  }

  private func left(_ cell: Int) -> Double { cell > 0 ? knots[cell / 2 - 1] : -.infinity }
  private func right(_ cell: Int) -> Double { cell < counts.count - 1 ? knots[cell / 2] : .infinity }
}
