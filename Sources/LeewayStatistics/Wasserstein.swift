/// ∫ |F_p − F_q| dx from the cells' counts and sums: the middle of an interval that holds it, and half its width.
///
/// Inside the cell (a, b) write D = F_p − F_q = d + f − g, where d is D at a, and f and g rise from 0 to the cell's shares p
/// and q. The cell's sums give ∫f and ∫g exactly, so ∫D is known too, and with it ∫|D| wherever D cannot change its sign.
/// Elsewhere ∫|D| is at least |∫D| and at most ∫D + 2∫D⁻ or −∫D + 2∫D⁺. Since a convex function of a value in [0, q] is
/// largest when the value is always 0 or q, ∫(g − d)⁺ ≤ ∫g · (1 − d/q)⁺, which bounds ∫D⁻ for d ≥ 0; the same is done for f
/// and from the right end.
func wassersteinDistance(
  _ binning: NumericBinning, _ baseline: NumericCells, _ window: NumericCells, n: Int64, m: Int64
) -> (middle: Double, halfWidth: Double) {
  let knots = binning.knots
  if knots.isEmpty {
    // A single cell from −∞ to ∞: the means say how far the sides are apart at least, nothing says how far at most.
    let meanP = baseline.origin + baseline.offsetSums[0] / Double(n)
    let meanQ = window.origin + window.offsetSums[0] / Double(m)
    return (abs(meanP - meanQ), .infinity)
  }
  let scale = Double(n) * Double(m)
  var difference: Int128 = 0
  var middle = 0.0
  var halfWidth = 0.0
  for index in 0...knots.count {
    let cell = 2 * index
    let interval = CellInterval(
      left: index > 0 ? knots[index - 1] : nil, right: index < knots.count ? knots[index] : nil,
      difference: difference, scale: scale,
      p: CellSide(baseline, cell: cell, total: n, unit: m), q: CellSide(window, cell: cell, total: m, unit: n))
    let (low, high) = interval.distance
    middle += (low + high) / 2
    halfWidth += (high - low) / 2
    difference += interval.p.units - interval.q.units
    if index < knots.count {
      difference += Int128(baseline.counts[cell + 1]) * Int128(m) - Int128(window.counts[cell + 1]) * Int128(n)
    }
  }
  return (middle, halfWidth)
}

/// One side's values inside one even cell.
private struct CellSide {
  let count: Int64
  /// The share in units of 1/(n·m), so that both sides compare without rounding.
  let units: Int128
  let share: Double
  private let sum: Double
  private let origin: Double
  private let total: Double

  init(_ cells: NumericCells, cell: Int, total: Int64, unit: Int64) {
    count = cells.counts[cell]
    units = Int128(count) * Int128(unit)
    share = Double(count) / Double(total)
    sum = cells.offsetSums[cell / 2]
    origin = cells.origin
    self.total = Double(total)
  }

  /// The place of a single value.
  var onlyValue: Double { origin + sum }

  /// ∫ of the cell's distribution function up to `right`: (1/n) Σ (right − x).
  func areaBelow(_ right: Double) -> Double { max(0, (Double(count) * (right - origin) - sum) / total) }

  /// ∫ of what is still missing from the cell's share, from `left` on: (1/n) Σ (x − left).
  func areaAbove(_ left: Double) -> Double { max(0, (sum - Double(count) * (left - origin)) / total) }
}

/// One even cell with both sides' values in it.
private struct CellInterval {
  let left: Double?
  let right: Double?
  /// n·m·(F_p − F_q) at the left end.
  let difference: Int128
  let scale: Double
  let p: CellSide
  let q: CellSide

  /// The least and the most that ∫|D| can be inside the cell.
  var distance: (low: Double, high: Double) {
    switch (left, right) {
    case let (left?, right?): return between(left, right)
    case let (nil, right?): return outer(p.areaBelow(right), q.areaBelow(right))
    case let (left?, nil): return outer(p.areaAbove(left), q.areaAbove(left))
    // A single cell from −∞ to ∞ is dealt with before.
    case (nil, nil): return (0, 0)
    }
  }

  /// Outside the knots D is 0 at infinity; exact where one side has nothing there.
  private func outer(_ areaP: Double, _ areaQ: Double) -> (low: Double, high: Double) {
    (abs(areaP - areaQ), areaP + areaQ)
  }

  private func between(_ a: Double, _ b: Double) -> (low: Double, high: Double) {
    let width = b - a
    let start = double(difference) / scale
    if p.count == 0, q.count == 0 { return exactly(start * width) }
    let belowP = p.areaBelow(b)
    let belowQ = q.areaBelow(b)
    let signed = start * width + belowP - belowQ
    if difference - q.units >= 0 || difference + p.units <= 0 { return exactly(signed) }
    if p.count <= 1, q.count <= 1 { return exactly(knownPlaces(a, b, start: start)) }

    let end = double(difference + p.units - q.units) / scale
    let fromLeft =
      start >= 0
      ? signed + 2 * Self.excess(of: belowQ, upTo: q.share, over: start)
      : -signed + 2 * Self.excess(of: belowP, upTo: p.share, over: -start)
    let fromRight =
      end >= 0
      ? signed + 2 * Self.excess(of: p.areaAbove(a), upTo: p.share, over: end)
      : -signed + 2 * Self.excess(of: q.areaAbove(a), upTo: q.share, over: -end)
    let low = abs(signed)
    return (low, max(low, min(fromLeft, fromRight)))
  }

  private func exactly(_ signed: Double) -> (low: Double, high: Double) { (abs(signed), abs(signed)) }

  /// At most one value on each side: their sums are their places.
  private func knownPlaces(_ a: Double, _ b: Double, start: Double) -> Double {
    let x = p.count == 1 ? min(max(p.onlyValue, a), b) : b
    let y = q.count == 1 ? min(max(q.onlyValue, a), b) : b
    let inner = x <= y ? start + p.share : start - q.share
    let end = start + p.share - q.share
    return abs(start) * (min(x, y) - a) + abs(inner) * abs(y - x) + abs(end) * (b - max(x, y))
  }

  /// The most that ∫(v − offset)⁺ can be for v in [0, top] with ∫v = `area`; `offset` ≥ 0.
  private static func excess(of area: Double, upTo top: Double, over offset: Double) -> Double {
    top > offset ? area * (1 - offset / top) : 0
  }
}
