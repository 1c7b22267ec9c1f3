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
  private let bins: BinComparison?
  private let numeric: NumericComparison?
  private let moments: (mean: Double, standardDeviation: Double)?
  private let isNumeric: Bool
  /// Numbers: all values of both sides.
  private let isInOneCell: Bool
  private let baseline: BaselineSide
  private let window: SubjectCells
  private let windowBins: [Int64]
  private let baselineDeviation: Double?

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
      numeric =
        baseline.present > 0 && window.present > 0
        ? NumericComparison(
          binning: numericDomain.binning, baseline: baseline.cells.numericCells(numericDomain),
          window: window.numericCells(numericDomain), baselineStandardDeviation: baselineDeviation ?? 0) : nil
      moments = window.moments(numericDomain)
      isInOneCell = Self.isOneCell(baseline.cells.counts, window.counts)
    case .categorical(let categorical):
      isNumeric = false
      outside = nil
      numeric = nil
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

  /// Nothing to test: all that the metric looks at lies in one bin, or of those that need an order in one cell.
  func isConstant(_ metric: Metric) -> Bool {
    switch metric {
    case .ks, .wasserstein, .wassersteinNormalised: isInOneCell
    default: bins.map { $0.degreesOfFreedom == 0 } ?? false
    }
  }

  /// What chance makes of a distance where nothing has drifted, in the distance's unit; nil for other metrics.
  func noise(_ metric: Metric) -> Double? {
    switch metric {
    case .psi: bins?.psiNoise
    case .jensenShannon: bins?.jensenShannonNoise
    case .hellinger: bins?.hellingerNoise
    case .totalVariation: bins?.totalVariationNoise
    case .lInfinity: bins?.lInfinityNoise
    case .ks: numeric.map { _ in DistanceNoise.kolmogorovSmirnov(baseline.present, present) }
    case .wasserstein:
      numeric.map { _ in DistanceNoise.wasserstein(spread: baseline.spread, baseline.present, present) }
    case .wassersteinNormalised:
      baselineDeviation.flatMap { deviation in
        numeric.map { _ in
          DistanceNoise.wasserstein(spread: baseline.spread, baseline.present, present) / deviation
        }
      }
    default: nil
    }
  }

  /// How much further apart these rows are from their baseline than others, which share no row with them, are from theirs;
  /// nil where the metric has no test for it.
  func excess(_ metric: Metric, over other: DriftComparison) -> MetricDifference? {
    if metric == .mean {
      guard let a = moments, let b = other.moments else { return nil }
      let variance =
        a.standardDeviation * a.standardDeviation / Double(present)
        + b.standardDeviation * b.standardDeviation / Double(other.present)
      return MetricDifference(estimate: a.mean - b.mean, standardError: variance.squareRoot())
    }
    guard let a = size(metric), let b = other.size(metric) else { return nil }
    return a.difference(from: b)
  }

  private func size(_ metric: Metric) -> DistanceSize? {
    func ofBins(_ distance: DistanceSize.Distance) -> DistanceSize? {
      DistanceSize(distance, baseline: baseline.bins, window: windowBins)
    }
    switch metric {
    case .psi: return ofBins(.psi)
    case .jensenShannon: return ofBins(.jensenShannon)
    case .hellinger: return ofBins(.hellinger)
    case .totalVariation: return ofBins(.totalVariation)
    case .lInfinity: return ofBins(.lInfinity)
    // As for the verdict itself, what is sure of the one is taken from the other.
    case .ks, .wasserstein, .wassersteinNormalised:
      return DistanceSize(ksBaseline: baseline.cells.counts, window: window.counts)
    default: return nil
    }
  }

  /// The baseline's own value of a ratio or level, which `max_rise` and `max_drop` are measured from; nil for other metrics.
  func baselineValue(_ metric: Metric) -> Double? { baseline.value(metric) }

  func value(_ metric: Metric) -> Double? {
    switch metric {
    case .psi: bins?.psi
    case .jensenShannon: bins?.jensenShannon
    case .hellinger: bins?.hellinger
    case .totalVariation: bins?.totalVariation
    case .lInfinity: bins?.lInfinity
    case .ks: numeric?.ks
    case .wasserstein: outlying ? nil : numeric?.wasserstein
    case .wassersteinNormalised: outlying ? nil : numeric?.wassersteinNormalised
    case .missingRatio: Self.ratio(missing, rows)
    case .invalidRatio: Self.ratio(invalid, rows)
    case .unseenRatio: unseen.flatMap { Self.ratio($0, present) }
    case .outsideRatio: outside.flatMap { Self.ratio($0, present) }
    case .mean: moments?.mean
    case .standardDeviation: moments?.standardDeviation
    default: nil
    }
  }

  /// Numerator and denominator of a ratio, for its exact test.
  func ratio(_ metric: Metric) -> (successes: Int64, trials: Int64)? {
    switch metric {
    case .missingRatio: (missing, rows)
    case .invalidRatio: (invalid, rows)
    case .unseenRatio: unseen.map { ($0, present) }
    case .outsideRatio: outside.map { ($0, present) }
    default: nil
    }
  }

  /// The p-value under the sampling null that belongs to a distance.
  func pValue(_ metric: Metric) -> Double? {
    switch metric {
    case .ks, .wasserstein, .wassersteinNormalised: numeric?.ksPValue
    default: bins?.pooledPValue
    }
  }

  /// Values of the window that a distance rests on.
  func valuesUsed(_ metric: Metric) -> Int64 { Self.valuesUsed(metric, present: present, missing: missing) }

  static func valuesUsed(_ metric: Metric, in cells: SubjectCells) -> Int64 {
    valuesUsed(metric, present: cells.present, missing: cells.missing)
  }

  private static func valuesUsed(_ metric: Metric, present: Int64, missing: Int64) -> Int64 {
    switch metric {
    case .ks, .wasserstein, .wassersteinNormalised, .mean, .standardDeviation: present
    default: present &+ missing
    }
  }

  private static func ratio(_ a: Int64, _ b: Int64) -> Double? { b > 0 ? Double(a) / Double(b) : nil }

  /// The distances, as a line has them for the first days of production. Ratios and levels are left out: they are the
  /// window's own, whatever it is compared with.
  var distances: MetricValues {
    var m = metrics
    m.keep { name in
      let family = Metric(rawValue: name)?.family
      return family != .ratio && family != .level
    }
    return m
  }

  /// As in a `drift` line.
  var metrics: MetricValues {
    var m = MetricValues()
    m.set(.psi, value(.psi))
    if isNumeric {
      m.set(.ks, value(.ks))
      m.set("ks_p_value", numeric?.ksPValue)
      m.set("ks_bound", numeric?.ksBound)
      m.set(.wasserstein, value(.wasserstein))
      m.set("wasserstein_bound", outlying ? nil : numeric?.wassersteinBound)
      m.set(.wassersteinNormalised, value(.wassersteinNormalised))
      m.set("wasserstein_normalised_bound", outlying ? nil : numeric?.wassersteinNormalisedBound)
    }
    for metric in [Metric.jensenShannon, .hellinger, .totalVariation, .lInfinity] { m.set(metric, value(metric)) }
    m.set("chi2", bins?.chiSquared)
    m.set("chi2_p_value", bins?.chiSquaredPValue)
    m.set("pooled_p_value", bins?.pooledPValue)
    for metric in [Metric.missingRatio, .invalidRatio, .unseenRatio] { m.set(metric, value(metric)) }
    if isNumeric { m.set(.outsideRatio, value(.outsideRatio)) }
    m.set("psi_noise", bins?.psiNoise)
    if isNumeric {
      m.set(.mean, moments?.mean)
      m.set(.standardDeviation, moments?.standardDeviation)
    }
    return m
  }
}

extension BaselineSide {
  /// Its own value of a ratio or level; nil for other metrics.
  func value(_ metric: Metric) -> Double? {
    func ratio(_ part: Int64) -> Double? { cells.rows > 0 ? Double(part) / Double(cells.rows) : nil }
    return switch metric {
    case .missingRatio: ratio(cells.missing)
    case .invalidRatio: ratio(cells.invalid)
    case .mean: moments?.mean
    case .standardDeviation: moments?.standardDeviation
    default: nil
    }
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
