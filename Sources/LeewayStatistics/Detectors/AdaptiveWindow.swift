import Glibc

/// ADWIN: a window of the newest values that is cut wherever two parts of it have means too far apart.
///
/// The window is kept as buckets of 1, 2, 4, … values, at most five of each size, the oldest in the largest. Every 32 values
/// all cuts between buckets are tried: the parts n₀ and n₁ (at least 5 values each) differ where |μ₀ − μ₁| exceeds
/// √(2 m σ² δ′) + ⅔ m δ′, with δ′ = ln(2 ln(n) / δ), δ = 0.002 and m = 1/(n₀ − 4) + 1/(n₁ − 4). No change is looked for in the
/// first ten values.
///
/// Source: Bifet and Gavaldà, "Learning from time-changing data with adaptive windowing" (2007); details after river.
struct AdaptiveWindow: Sendable, Equatable {
  private static let delta = 0.002
  private static let clock = 32.0
  private static let bucketsPerSize = 5
  private static let leastPart = 5.0
  private static let gracePeriod = 10.0
  /// Buckets of 2⁵² values are more than any stream fills.
  private static let mostSizes = 53

  private struct Bucket: Sendable, Equatable {
    var total: Double
    /// Σ (x − mean)² of its values.
    var variation: Double
  }

  /// By size 2^row, the oldest of a size first.
  private var rows: [[Bucket]] = [[]]
  private var width = 0.0
  private var total = 0.0
  private var variation = 0.0
  private var ticks = 0.0

  private static func size(_ row: Int) -> Double { Double(sign: .plus, exponent: row, significand: 1) }

  mutating func update(_ x: Double) -> ChangeDetector.Signal {
    insert(x)
    ticks += 1
    guard ticks.truncatingRemainder(dividingBy: Self.clock) == 0, width > Self.gracePeriod else { return .none }
    var isChange = false
    while hasCut() {
      isChange = true
      dropOldest()
    }
    return isChange ? .change : .none
  }

  private mutating func insert(_ x: Double) {
    rows[0].append(Bucket(total: x, variation: 0))
    width += 1
    if width > 1 {
      let distance = x - total / (width - 1)
      variation += (width - 1) * distance * distance / width
    }
    total += x
    // The two oldest of a size that has too many become one of the next.
    var row = 0
    while rows[row].count > Self.bucketsPerSize {
      if row + 1 == rows.count { rows.append([]) }
      let size = Self.size(row)
      let (a, b) = (rows[row][0], rows[row][1])
      let distance = a.total / size - b.total / size
      rows[row + 1].append(
        Bucket(
          total: a.total + b.total,
          variation: a.variation + b.variation + size * size * distance * distance / (size + size)))
      rows[row].removeFirst(2)
      row += 1
    }
  }

  private mutating func dropOldest() {
    let last = rows.count - 1
    guard let bucket = rows[last].first else { return }
    let size = Self.size(last)
    width -= size
    total -= bucket.total
    let distance = bucket.total / size - total / width
    variation -= bucket.variation + size * width * distance * distance / (size + width)
    rows[last].removeFirst()
    if rows[last].isEmpty, last > 0 { rows.removeLast() }
  }

  /// Whether any cut parts the window into two of different means, from the oldest on.
  private func hasCut() -> Bool {
    var old = (count: 0.0, total: 0.0)
    var new = (count: width, total: total)
    for row in rows.indices.reversed() {
      let size = Self.size(row)
      for bucket in rows[row] {
        old.count += size
        new.count -= size
        old.total += bucket.total
        new.total -= bucket.total
        guard new.count >= Self.leastPart, old.count >= Self.leastPart else { continue }
        if isCut(old.count, new.count, old.total / old.count - new.total / new.count) { return true }
      }
    }
    return false
  }

  private func isCut(_ old: Double, _ new: Double, _ difference: Double) -> Bool {
    let confidence = log(2 * log(width) / Self.delta)
    let weight = 1 / (old - Self.leastPart + 1) + 1 / (new - Self.leastPart + 1)
    return abs(difference) > (2 * weight * (variation / width) * confidence).squareRoot() + 2.0 / 3 * confidence
      * weight
  }
}

extension AdaptiveWindow {
  var numbers: [Double] {
    [ticks, width, total, variation, Double(rows.count)]
      + rows.flatMap { row in [Double(row.count)] + row.flatMap { [$0.total, $0.variation] } }
  }

  init?(_ reader: inout StoredNumbers) {
    guard let ticks = reader.count(), let width = reader.count(), let total = reader.finite(),
      let variation = reader.finite(), let rows = reader.count(), rows >= 1, rows <= Double(Self.mostSizes)
    else { return nil }
    self.rows = []
    var found = 0.0
    for row in 0..<Int(rows) {
      guard let count = reader.count(), count <= Double(Self.bucketsPerSize) else { return nil }
      var buckets: [Bucket] = []
      for _ in 0..<Int(count) {
        guard let total = reader.finite(), let variation = reader.finite() else { return nil }
        buckets.append(Bucket(total: total, variation: variation))
      }
      found += count * Self.size(row)
      self.rows.append(buckets)
    }
    // An empty last row would never be dropped.
    guard found == width, self.rows.dropFirst().allSatisfy({ !$0.isEmpty }) else { return nil }
    self.ticks = ticks
    self.width = width
    self.total = total
    self.variation = variation
  }
}
