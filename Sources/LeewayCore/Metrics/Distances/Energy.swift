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
    range: 0...Double.greatestFiniteMagnitude)
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
  let p = EnergySide(binning, baseline)
  let q = EnergySide(binning, window)
  var area = 0.0
  var last: Double?
  var difference = 0.0
  func step(to place: Double, _ change: Double) {
    if let last { area += difference * difference * max(0, place - last) }
    difference += change
    last = place
  }
  for cell in 0..<binning.cellCount {
    let (ours, theirs) = (p.atom(cell), q.atom(cell))
    switch (ours, theirs) {
    case (nil, nil): continue
    case (let atom?, nil): step(to: atom.place, atom.share)
    case (nil, let atom?): step(to: atom.place, -atom.share)
    case (let a?, let b?) where a.place <= b.place:
      step(to: a.place, a.share)
      step(to: b.place, -b.share)
    case (let a?, let b?):
      step(to: b.place, -b.share)
      step(to: a.place, a.share)
    }
  }
  return (2 * area).squareRoot()
}

/// √(2 h ∫ F (1 − F) dx) with h = 1/n + 1/m and F of the baseline: the root of the mean square of the distance between two
/// samples of one distribution.
private func energyNoise(_ binning: NumericBinning, _ baseline: NumericCells, _ window: NumericCells) -> Double {
  let side = EnergySide(binning, baseline)
  var area = 0.0
  var below = 0.0
  var last: Double?
  for cell in 0..<binning.cellCount {
    guard let atom = side.atom(cell) else { continue }
    if let last { area += below * max(0, 1 - below) * max(0, atom.place - last) }
    below += atom.share
    last = atom.place
  }
  let rows = 1 / side.total + 1 / Double(window.counts.reduce(0, +))
  return (2 * rows * area).squareRoot()
}

/// One side's values, those of a cell at their mean.
struct EnergySide {
  let total: Double
  private let binning: NumericBinning
  private let cells: NumericCells

  init(_ binning: NumericBinning, _ cells: NumericCells) {
    self.binning = binning
    self.cells = cells
    total = Double(cells.counts.reduce(0, +))
  }

  func atom(_ cell: Int) -> (place: Double, share: Double)? {
    let count = cells.counts[cell]
    guard count > 0 else { return nil }
    let share = Double(count) / total
    guard cell.isMultiple(of: 2) else { return (binning.knots[cell / 2], share) }
    var place = cells.origin + cells.offsetSums[cell / 2] / Double(count)
    // The sum is rounded, and the mean must not leave its cell.
    if let left = left(cell) { place = max(place, left) }
    if let right = right(cell) { place = min(place, right) }
    return (place, share)
  }

  /// The most that this side's energy distance from its own values can be. The distance is a metric, so between two sides it
  /// is off by at most the sum of both bounds.
  ///
  /// In a cell from a to b with share s and mean m, the area is largest when every value is at a or b:
  /// s² (m − a) (b − m) / (b − a). A cell without an end has s² times the distance of m from its other end. The bound is 0 when
  /// every value is a knot or the only one in its cell.
  var bound: Double {
    var area = 0.0
    for cell in stride(from: 0, to: binning.cellCount, by: 2) where cells.counts[cell] > 1 {
      guard let atom = atom(cell) else { continue }
      let width =
        switch (left(cell), right(cell)) {
        case (let a?, let b?): (atom.place - a) * (b - atom.place) / (b - a)
        case (let a?, nil): atom.place - a
        case (nil, let b?): b - atom.place
        case (nil, nil): Double.infinity
        }
      area += atom.share * atom.share * width
    }
    return (2 * area).squareRoot()
  }

  private func left(_ cell: Int) -> Double? { cell > 0 ? binning.knots[cell / 2 - 1] : nil }
  private func right(_ cell: Int) -> Double? { cell < binning.cellCount - 1 ? binning.knots[cell / 2] : nil }
}
