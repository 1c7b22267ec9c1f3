import LeewayStatistics

/// Tells what an hour of a subject that has shifted looks like beside the baseline.
///
/// Only what explains the whole hour is named: where something else has changed too, there is no name, and the shift stays a question for
/// people. Distributions are held against each other by the largest distance between their distribution functions (or, of categories, of
/// one share), which may be 5 points and what chance gives rows of this number with a probability of 1 %: 1.63 / √n, Kolmogorov's limit.
struct ShiftCauseSearch {
  let domain: SubjectDomain
  /// For the slice that shifted.
  let baseline: SubjectCells
  let hour: SubjectCells

  /// Fewer values say nothing.
  static let minimumRows: Int64 = 50
  /// A factor of 50 or more needs no more.
  static let fewestRows: Int64 = 20
  /// So many values tell a conversion that also shifts, as of temperatures, from another population.
  static let surerRows: Int64 = 200

  /// What the values look like; nil where nothing has a name.
  func ofValues() -> ShiftCause? {
    guard baseline.present >= Self.minimumRows, hour.present >= Self.fewestRows else { return nil }
    let isEnough = hour.present >= Self.minimumRows
    switch domain {
    case .numeric(let numeric): return unit(numeric) ?? (isEnough ? filled(numeric) : nil)
    case .categorical(let categories): return isEnough ? renamed(categories) ?? filled(categories) : nil
    }
  }

  /// What the feed looks like.
  func ofFeed() -> ShiftCause? {
    guard hour.rows >= Self.minimumRows, baseline.rows > 0 else { return nil }
    let was = Double(baseline.missing) / Double(baseline.rows)
    let now = Double(hour.missing) / Double(hour.rows)
    return now >= 0.95 && was < 0.5 ? .lost(was: was, now: now) : nil
  }

  private func tolerance(_ rows: Int64) -> Double { 0.05 + 1.63 / Double(rows).squareRoot() }

  // MARK: Units

  /// Conversions that feeds are known to make, each also backwards: powers of ten, hours, minutes, days and weeks, degrees of temperature,
  /// and a sign that turned. Factors from 1/5 to 5 are left out, since the world changes by as much.
  private static let conversions: [(factor: Double, offset: Double)] = {
    var found: [(Double, Double)] = (1...9).map { power in ((1...power).reduce(1) { x, _ in x * 10 }, 0) }
    found += [7, 12, 24, 60, 168, 3600, 86_400].map { ($0, 0) }
    found += [(1.8, 32), (1, 273.15)]
    return found + found.map { (1 / $0.0, -$0.1 / $0.0) } + [(-1, 0)]
  }()

  private func unit(_ numeric: NumericDomain) -> ShiftCause? {
    guard let before = baseline.moments(numeric), let now = hour.moments(numeric), before.standardDeviation > 0,
      now.standardDeviation > 0
    else { return nil }
    let n = hour.present
    let slack = 1 / Double(n).squareRoot()
    let rests = distance(1, 0, numeric)
    var best: (off: Double, factor: Double, offset: Double)?
    for (factor, offset) in Self.conversions {
      let isLarge = offset == 0 && (factor >= 50 || (0...0.02).contains(factor))
      guard n >= (isLarge ? Self.fewestRows : offset == 0 ? Self.minimumRows : Self.surerRows) else { continue }
      let deviation = abs(factor) * before.standardDeviation
      let mean = factor * before.mean + offset
      guard abs(now.mean - mean) <= deviation * (0.1 + 4 * slack),
        (offset == 0 ? 0.7...1.45 : 0.8...1.25).contains(now.standardDeviation / deviation)
      else { continue }
      let far = distance(factor, offset, numeric)
      // What it was explains it as well, or better.
      guard far <= tolerance(n), 2 * far < rests || abs(now.mean - before.mean) > 3 * before.standardDeviation
      else { continue }
      // The nearer one where two fit, such as 10 and 12.
      let off = abs(now.mean - mean) / deviation + abs(1 - now.standardDeviation / deviation)
      if best.map({ off < $0.off }) ?? true { best = (off, factor, offset) }
    }
    return best.map { .unit(factor: $0.factor, offset: $0.offset) }
  }

  /// The largest distance between the hour's distribution function and the baseline's after a conversion, at the knots, where the hour's is
  /// known. Between knots the baseline's runs straight.
  private func distance(_ factor: Double, _ offset: Double, _ numeric: NumericDomain) -> Double {
    let knots = numeric.binning.knots
    let n = Double(hour.present)
    var below: Int64 = 0
    var most = 0.0
    for (i, knot) in knots.enumerated() {
      below &+= hour.counts[2 * i]
      let under = Double(below) / n
      below &+= hour.counts[2 * i + 1]
      let upTo = Double(below) / n
      let x = (knot - offset) / factor
      var (low, high) = (share(below: x, numeric, justUnder: true), share(below: x, numeric, justUnder: false))
      if factor < 0 { (low, high) = (1 - high, 1 - low) }
      // Either side of the knot is somewhere between either side of its image.
      most = max(most, low - upTo, under - high, upTo - high, low - under)
    }
    return most
  }

  /// F(x) of the baseline, just under or just above x: rounding moves x by less than the difference.
  private func share(below x: Double, _ numeric: NumericDomain, justUnder: Bool) -> Double {
    let knots = numeric.binning.knots
    let reach = max(abs(x), 1e-300) * 1e-9
    let x = justUnder ? x - reach : x + reach
    // The number of knots at or below x.
    var (low, high) = (0, knots.count)
    while low < high {
      let middle = (low + high) / 2
      if knots[middle] <= x { low = middle + 1 } else { high = middle }
    }
    var rows = Double(cumulative[2 * low])
    if low > 0, low < knots.count {
      let part = (x - knots[low - 1]) / (knots[low] - knots[low - 1])
      rows += Double(baseline.counts[2 * low]) * min(max(part, 0), 1)
    } else if low == knots.count {
      rows += Double(baseline.counts[2 * low])
    }
    return rows / Double(baseline.present)
  }

  /// Rows of the baseline in the cells before each.
  private let cumulative: [Int64]

  init(domain: SubjectDomain, baseline: SubjectCells, hour: SubjectCells) {
    (self.domain, self.baseline, self.hour) = (domain, baseline, hour)
    var (sum, all): (Int64, [Int64]) = (0, [0])
    all.reserveCapacity(baseline.counts.count + 1)
    for count in baseline.counts {
      sum &+= count
      all.append(sum)
    }
    cumulative = all
  }

  // MARK: Defaults

  /// Below this a value was rare, by this much more frequent it stands out: shares of the values.
  private static let rare = 0.05
  private static let excess = 0.05

  /// The cell whose share has risen most.
  private func risen() -> (cell: Int, was: Double, now: Double)? {
    let (b, h) = (Double(baseline.present), Double(hour.present))
    let shares = hour.counts.indices.map { cell in
      (cell: cell, was: Double(baseline.counts[cell]) / b, now: Double(hour.counts[cell]) / h)
    }
    guard let most = shares.max(by: { $0.now - $0.was < $1.now - $1.was }), most.was < Self.rare,
      most.now - most.was >= max(Self.excess, 1.63 / h.squareRoot())
    else { return nil }
    return most
  }

  private func filled(_ numeric: NumericDomain) -> ShiftCause? {
    guard let risen = risen() else { return nil }
    let rest = hour.present &- hour.counts[risen.cell]
    let restBefore = baseline.present &- baseline.counts[risen.cell]
    guard rest >= Self.minimumRows, restBefore > 0 else { return nil }
    // The others, among each other.
    var (h, b, most): (Int64, Int64, Double) = (0, 0, 0)
    for cell in hour.counts.indices where cell != risen.cell {
      h &+= hour.counts[cell]
      b &+= baseline.counts[cell]
      most = max(most, abs(Double(h) / Double(rest) - Double(b) / Double(restBefore)))
    }
    guard most <= tolerance(rest), let value = value(ofCell: risen.cell, numeric) else { return nil }
    return .fill(value: ShortestText.of(value), was: risen.was, now: risen.now)
  }

  /// The one value that a cell holds: a knot, or a whole number that all of an hour's values in it amount to.
  private func value(ofCell cell: Int, _ numeric: NumericDomain) -> Double? {
    guard cell % 2 == 0 else { return numeric.binning.knots[cell / 2] }
    guard hour.outlying == 0, hour.counts[cell] > 0 else { return nil }
    let mean =
      numeric.fixedPoint.origin + numeric.fixedPoint.unscaled(hour.sums[cell / 2]) / Double(hour.counts[cell])
    let whole = mean.rounded()
    return abs(mean - whole) <= 1e-6 * max(1, abs(whole)) ? whole : nil
  }

  /// Texts that stand for no value.
  private static let placeholders: Set<String> = [
    "", "-", "--", "?", "0", "-1", "unknown", "none", "null", "nil", "nan", "na", "n/a", "missing", "undefined",
    "default", "other",
    "unspecified", "not set", "(not set)", "empty", "false",
  ]

  private func filled(_ categories: CategoricalDomain) -> ShiftCause? {
    guard let risen = risen(), risen.cell < categories.categories.count else { return nil }
    let text = categories.categories[risen.cell]
    let rest = hour.present &- hour.counts[risen.cell]
    guard Self.placeholders.contains(text.lowercased()), rest >= Self.minimumRows else { return nil }
    return isAlike(without: [risen.cell], rest: rest) ? .fill(value: text, was: risen.was, now: risen.now) : nil
  }

  // MARK: Categories

  private func renamed(_ categories: CategoricalDomain) -> ShiftCause? {
    let (b, h) = (Double(baseline.present), Double(hour.present))
    let chance = 1.63 / h.squareRoot()
    func was(_ cell: Int) -> Double { Double(baseline.counts[cell]) / b }
    func now(_ cell: Int) -> Double { Double(hour.counts[cell]) / h }
    let gone = categories.categories.indices.filter { was($0) >= 0.02 && now($0) <= 0.1 * was($0) && was($0) * h >= 10 }
    guard !gone.isEmpty else { return nil }
    let lost = gone.reduce(0) { $0 + was($1) - now($1) }
    // What they are called now: a category of the baseline, or what it never had, where that can be told.
    let unseen = hour.counts.count - 1
    let others = hour.counts.indices.filter { cell in
      !gone.contains(cell) && (cell < categories.categories.count || (cell == unseen && !categories.overflowed))
    }
    guard let new = others.max(by: { now($0) - was($0) < now($1) - was($1) }), was(new) < 0.02,
      abs(now(new) - was(new) - lost) <= 0.02 + 0.1 * lost + chance
    else { return nil }
    let rest = (gone + [new]).reduce(hour.present) { $0 &- hour.counts[$1] }
    guard rest < Self.minimumRows || isAlike(without: gone + [new], rest: rest) else { return nil }
    return .renamed(
      from: gone.sorted { was($0) != was($1) ? was($0) > was($1) : $0 < $1 }.prefix(3).map {
        categories.categories[$0]
      },
      count: gone.count, to: new < categories.categories.count ? categories.categories[new] : nil,
      share: Double(gone.reduce(0) { $0 &+ baseline.counts[$1] }) / b)
  }

  /// Whether the other cells have the same shares among each other as before.
  private func isAlike(without cells: [Int], rest: Int64) -> Bool {
    let restBefore = cells.reduce(baseline.present) { $0 &- baseline.counts[$1] }
    guard restBefore > 0 else { return false }
    return hour.counts.indices.allSatisfy { cell in
      cells.contains(cell)
        || abs(Double(hour.counts[cell]) / Double(rest) - Double(baseline.counts[cell]) / Double(restBefore))
          <= tolerance(rest)
    }
  }
}
