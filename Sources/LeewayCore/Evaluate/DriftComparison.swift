import LeewayStatistics

/// One subject of one window and slice beside a baseline: what lines show is what checks judge.
struct DriftComparison {
  /// Which part of the baseline.
  let against: Against
  let rows: Int64
  let missing: Int64
  let invalid: Int64
  /// nil where the baseline could not keep even the hashes of its categories; 0 for numbers.
  let unseen: Int64?
  /// Values below the first or above the last knot; nil for categories.
  let outside: Int64?
  let present: Int64
  let bins: BinComparison?
  let numeric: NumericComparison?
  /// What both sides' values left in the cells, where both have some and all can be summed; nil for categories.
  let cells: (binning: NumericBinning, baseline: NumericCells, window: NumericCells)?
  let moments: (mean: Double, standardDeviation: Double)?
  let isNumeric: Bool
  /// Numbers: all values of both sides.
  private let isInOneCell: Bool
  let baseline: BaselineSide
  let window: SubjectCells
  let windowBins: [Int64]
  let baselineDeviation: Double?

  /// - Parameter baselineDeviation: of the whole baseline, for `wasserstein_normalised`.
  init(
    domain: SubjectDomain, baseline: BaselineSide, against: Against = .all, baselineDeviation: Double?,
    window: SubjectCells
  ) {
    self.against = against
    self.baseline = baseline
    self.baselineDeviation = baselineDeviation
    rows = window.rows
    missing = window.missing
    invalid = window.invalid
    present = window.present
    outlying = window.outlying &+ baseline.cells.outlying > 0
    outlyingValues = window.outlying
    self.window = window
    windowBins = window.bins(domain)
    bins = domain.hasNoValues ? nil : Self.comparison(baseline.bins, windowBins)
    switch domain {
    case .numeric(let numericDomain):
      isNumeric = true
      unseen = 0
      outside = (window.counts.first ?? 0) &+ (window.counts.last ?? 0)
      if baseline.present > 0 && window.present > 0 {
        let sides = (baseline.cells.numericCells(numericDomain), window.numericCells(numericDomain))
        numeric = NumericComparison(
          binning: numericDomain.binning, baseline: sides.0, window: sides.1,
          baselineStandardDeviation: baselineDeviation ?? 0)
        cells = outlying ? nil : (numericDomain.binning, sides.0, sides.1)
      } else {
        (numeric, cells) = (nil, nil)
      }
      moments = window.moments(numericDomain)
      isInOneCell = Self.isOneCell(baseline.cells.counts, window.counts)
    case .categorical(let categorical):
      isNumeric = false
      outside = nil
      (numeric, cells) = (nil, nil)
      isInOneCell = false
      moments = nil
      // What the baseline never had and what it had but could not keep look the same once it overflowed.
      unseen = categorical.overflowed ? nil : window.counts.last ?? 0
    }
  }

  /// Sums without the outlying values are no sums of the distribution.
  private let outlying: Bool
  /// Values of the window that are too far out to be summed.
  let outlyingValues: Int64

  private static func isOneCell(_ a: [Int64], _ b: [Int64]) -> Bool {
    guard let first = a.firstIndex(where: { $0 != 0 }), b[first] != 0 else { return false }
    return a.lastIndex { $0 != 0 } == first && b.firstIndex { $0 != 0 } == first && b.lastIndex { $0 != 0 } == first
  }

  private static func comparison(_ baseline: [Int64], _ window: [Int64]) -> BinComparison? {
    guard baseline.contains(where: { $0 > 0 }), window.contains(where: { $0 > 0 }) else { return nil }
    return BinComparison(baseline: baseline, window: window)
  }

  /// Numbers that can be summed: none of either side is too far out.
  var ordered: NumericComparison? { outlying ? nil : numeric }

  /// Nothing to test: all that the metric looks at lies in one bin, or of those that need an order in one cell.
  func isConstant(_ metric: Metric) -> Bool {
    metric.distance?.basis == .cells ? isInOneCell : bins.map { $0.degreesOfFreedom == 0 } ?? false
  }

  /// What chance makes of a distance where nothing has drifted, in the distance's unit; nil for other metrics.
  func noise(_ metric: Metric) -> Double? { metric.distance?.noise(self) }

  /// How much further apart these rows are from their baseline than others, which share no row with them, are from theirs;
  /// nil where the metric has no test for it.
  func excess(_ metric: Metric, over other: DriftComparison) -> MetricDifference? {
    if let difference = metric.level?.difference {
      guard let a = moments, let b = other.moments else { return nil }
      return difference(a, present, b, other.present)
    }
    guard let distance = metric.distance, let a = distance.size(self), let b = distance.size(other) else { return nil }
    return a.difference(from: b)
  }

  /// The baseline's own value of a ratio or level, which `max_rise` and `max_drop` are measured from; nil for other metrics.
  func baselineValue(_ metric: Metric) -> Double? { baseline.value(metric) }

  func value(_ metric: Metric) -> Double? {
    switch metric.formula {
    case .distance(let formula): formula.value(self)
    case .ratio(let formula): formula.counts(self).flatMap { Self.ratio($0.successes, $0.trials) }
    case .level(let formula): moments.map(formula.value)
    case .shift, .traffic, .performance, .estimate, .detector, .fairness: nil
    }
  }

  /// Numerator and denominator of a ratio, for its exact test.
  func ratio(_ metric: Metric) -> (successes: Int64, trials: Int64)? { metric.ratio?.counts(self) }

  /// The p-value under the sampling null that belongs to a distance.
  func pValue(_ metric: Metric) -> Double? {
    metric.distance?.basis == .cells ? numeric?.ksPValue : bins?.pooledPValue
  }

  /// Values of the window that a distance rests on.
  func valuesUsed(_ metric: Metric) -> Int64 { Self.valuesUsed(metric, present: present, missing: missing) }

  static func valuesUsed(_ metric: Metric, in cells: SubjectCells) -> Int64 {
    valuesUsed(metric, present: cells.present, missing: cells.missing)
  }

  private static func valuesUsed(_ metric: Metric, present: Int64, missing: Int64) -> Int64 {
    metric.distance?.basis == .cells || metric.family == .level ? present : present &+ missing
  }

  private static func ratio(_ a: Int64, _ b: Int64) -> Double? { b > 0 ? Double(a) / Double(b) : nil }

  /// The distances and what stands behind them, as a line has them for the first days of production. Ratios and levels are
  /// left out: they are the window's own, whatever it is compared with.
  var distances: MetricValues {
    var m = MetricValues()
    setDistances(&m)
    set(.psiNoise, &m)
    return m
  }

  /// As in a `drift` line.
  var metrics: MetricValues {
    var m = MetricValues()
    setDistances(&m)
    for metric in Metric.ratios where isNumeric || !metric.numericOnly { m.set(metric, value(metric)) }
    set(.psiNoise, &m)
    if isNumeric { for metric in Metric.levels { m.set(metric, value(metric)) } }
    return m
  }

  private func setDistances(_ m: inout MetricValues) {
    for metric in Metric.distances {
      guard let formula = metric.distance, isNumeric || formula.basis == .bins else { continue }
      m.set(metric, formula.value(self))
      for detail in formula.details { set(detail, &m) }
    }
    for detail in MetricDetail.ofBins { set(detail, &m) }
  }

  private func set(_ detail: MetricDetail, _ m: inout MetricValues) { m.set(detail.name, detail.value(self)) }
}

extension BaselineSide {
  /// Its own value of a ratio or level; nil for other metrics.
  func value(_ metric: Metric) -> Double? {
    if let part = metric.ratio?.part { return cells.rows > 0 ? Double(part(cells)) / Double(cells.rows) : nil }
    guard let level = metric.level else { return nil }
    return moments.map(level.value)
  }
}

extension SubjectCells {
  /// The bins of `psi` and its kin: PSI bins or categories, then missing.
  func bins(_ domain: SubjectDomain) -> [Int64] {
    switch domain {
    case .numeric(let numeric): numeric.binning.psiBins(counts) + [missing]
    case .categorical(let categorical):
      categorical.overflowed
        ? counts.dropLast(2) + [counts.suffix(2).reduce(0, &+), missing]
        : counts + [missing]
    }
  }
}
