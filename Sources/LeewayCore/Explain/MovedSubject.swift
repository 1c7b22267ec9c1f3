import LeewayStatistics

/// A subject of the baseline whose values are moved, and what a distance makes of the window then.
///
/// Numbers are moved as a whole by so many standard deviations, up or down, whichever is found later; of categories, rows of the largest
/// become others in the proportion that these have.
struct MovedSubject {
  private enum Body {
    /// Places with shares, ascending.
    case numbers(NumericBinning, places: [Double], shares: [Double], mean: Double, deviation: Double)
    /// The largest category's place.
    case categories(Int)
  }

  private let body: Body
  private let metric: Metric
  /// The baseline's shares by bin: missing values last.
  private let bins: [Double]
  private let missing: Double
  private let baselineRows: Double
  /// In the window.
  private let rows: Double
  private let limit: Double
  /// The statistic of the test from which on it is significant; nil: it is not asked.
  private let critical: Double?
  let stream: String

  var unit: String { if case .numbers = body { "sd" } else { "share" } }

  /// Standard deviations beyond which nothing is looked for.
  private static let furthest = 20.0

  /// - Parameters:
  ///   - rows: values of a window, missing ones among them.
  ///   - limit: of the distance.
  ///   - significance: the largest p-value that counts, of this subject by itself.
  /// - Returns: nil where there is nothing to move, or what chance makes of the distance is not known here.
  init?(
    domain: SubjectDomain, side: BaselineSide, metric: Metric, rows: Double, limit: Double, significance: Double?
  ) {
    let total = Double(side.bins.reduce(0, +))
    guard total > 0, side.present > 0, Self.isExplained(metric) else { return nil }
    self.metric = metric
    let bins = side.bins.map { Double($0) / total }
    self.bins = bins
    missing = bins.last ?? 0
    let present = rows * (1 - missing)
    let used = metric.distance?.basis == .cells ? present : rows
    self.rows = used
    let trained = metric.distance?.basis == .cells ? Double(side.present) : total
    baselineRows = trained
    self.limit = limit
    switch domain {
    case .numeric(let numeric):
      guard let moments = side.moments, moments.standardDeviation > 0 else { return nil }
      let cells = side.cells.numericCells(numeric)
      let sides = EnergySide(numeric.binning, cells)
      var (places, shares): ([Double], [Double]) = ([], [])
      for cell in cells.counts.indices where cells.counts[cell] > 0 {
        places.append(cell.isMultiple(of: 2) ? sides.mean(cell) : numeric.binning.knots[cell / 2])
        shares.append(sides.share(cell))
      }
      body = .numbers(
        numeric.binning, places: places, shares: shares, mean: moments.mean, deviation: moments.standardDeviation)
      stream = "mean"
    case .categorical(let categorical):
      guard let largest = bins.dropLast().indices.max(by: { bins[$0] < bins[$1] }) else { return nil }
      body = .categories(largest)
      stream =
        "share of \(categorical.categories.indices.contains(largest) ? categorical.categories[largest] : Slice.otherValue)"
    }
    critical = significance.flatMap {
      Self.critical(metric, $0, bins: bins, baselineRows: trained, rows: used)
    }
  }

  /// The statistic at which a p-value is as asked, by 60 halvings.
  private static func critical(
    _ metric: Metric, _ significance: Double, bins: [Double], baselineRows m: Double, rows n: Double
  ) -> Double? {
    let isOrdered = metric.distance?.basis == .cells
    let freedom = Double(bins.count { $0 > 0 } - 1)
    guard isOrdered || freedom > 0 else { return nil }
    func p(_ statistic: Double) -> Double {
      isOrdered
        ? kolmogorovSmirnovPValue(
          statistic: statistic, baselineCount: Int64(m.rounded()), windowCount: Int64(n.rounded())) ?? 1
        : SpecialFunctions.chiSquaredSurvival(statistic, degreesOfFreedom: freedom)
    }
    var (low, high) = (0.0, isOrdered ? 1 : 1e6)
    for _ in 0..<60 {
      let middle = (low + high) / 2
      if p(middle) <= significance { high = middle } else { low = middle }
    }
    return high
  }

  /// What chance makes of the distance, as verdicts reckon it; nil where the distance is not of bins.
  var noise: Double? {
    let scale = 1 / rows + 1 / baselineRows
    let freedom = Double(max(bins.count { $0 > 0 } - 1, 0))
    let quadratic = freedom * scale
    let rootVariances = bins.reduce(0) { $0 + ($1 * (1 - $1)).squareRoot() }
    return switch metric {
    case .psi: quadratic
    case .jensenShannon: (quadratic / (8 * 0.693_147_180_559_945_3)).squareRoot()
    case .hellinger: (quadratic / 8).squareRoot()
    case .totalVariation: (2 * scale / .pi).squareRoot() * rootVariances / 2
    case .ks: 0.8687 * scale.squareRoot()
    default: nil
    }
  }

  /// The smallest move that is found where `share` of the window's rows have it.
  func smallest(share: Double) -> FoundChange.Size? {
    guard share > 0 else { return nil }
    switch body {
    case .numbers(_, _, _, let mean, let deviation):
      let sizes = [1.0, -1].map { sign in
        SmallestChange.find(upTo: Self.furthest) { chance(sign * $0, share: share) }
      }
      guard let up = sizes[0], let down = sizes[1] else { return nil }
      let size = max(up, down)
      return .init(size: size, was: mean, now: mean + size * deviation)
    case .categories(let largest):
      let size = SmallestChange.find(upTo: bins[largest]) { chance($0, share: share) }
      let values = 1 - missing
      return size.map { .init(size: $0, was: bins[largest] / values, now: (bins[largest] - $0) / values) }
    }
  }

  /// Chance that a window fires: that the distance is at its limit, and the test significant.
  func chance(_ size: Double, share: Double) -> Double {
    let moved = sampling(size, share: share)
    let reached = moved.distance.chance(atLeast: limit)
    guard let critical else { return reached }
    return min(reached, moved.test.chance(atLeast: critical))
  }

  func sampling(_ size: Double, share: Double) -> (distance: DistanceSampling, test: DistanceSampling) {
    switch body {
    case .numbers(let binning, let places, let shares, _, let deviation):
      let shifted = places.map { $0 + size * deviation }
      guard let ofBins = Self.ofBins[metric] else {
        let ordered = Self.merged(places, shares, shifted, share)
        let test = ordered.of(.kolmogorovSmirnov, rows: rows)
        return (distance(ordered, deviation), test)
      }
      var cells = [Int64](repeating: 0, count: binning.cellCount)
      // Shares as counts, since bins are made of counts.
      for (place, part) in zip(shifted, shares) { cells[binning.cell(of: place)] += Int64((part * 1e15).rounded()) }
      let counts = binning.psiBins(cells)
      let total = Double(counts.reduce(0, +))
      let window = zip(bins, counts.map { Double($0) / total * (1 - missing) } + [missing]).map {
        (1 - share) * $0 + share * $1
      }
      return (
        DistanceSampling(ofBins, baseline: bins, window: window, rows: rows),
        DistanceSampling(chiSquaredOf: bins, baselineRows, window: window, rows: rows)
      )
    case .categories(let largest):
      var window = bins
      let others = 1 - bins[largest] - missing
      for bin in bins.indices.dropLast() where bin != largest && others > 0 {
        window[bin] += share * size * bins[bin] / others
      }
      window[largest] -= share * size
      if others <= 0 { window[max(0, bins.count - 2)] += share * size }
      return (
        DistanceSampling(Self.ofBins[metric] ?? .psi, baseline: bins, window: window, rows: rows),
        DistanceSampling(chiSquaredOf: bins, baselineRows, window: window, rows: rows)
      )
    }
  }

  private static let ofBins: [Metric: DistanceSize.Distance] = [
    .psi: .psi, .jensenShannon: .jensenShannon, .hellinger: .hellinger, .totalVariation: .totalVariation,
    .lInfinity: .lInfinity,
  ]

  /// Whether there is a sampling of the distance.
  static func isExplained(_ metric: Metric) -> Bool { ofBins[metric] != nil || ofCells.contains(metric) }

  private static let ofCells: Set<Metric> = [.ks, .energy, .wasserstein, .wassersteinNormalised]

  private func distance(_ ordered: OrderedSampling, _ deviation: Double) -> DistanceSampling {
    switch metric {
    case .ks: return ordered.of(.kolmogorovSmirnov, rows: rows)
    case .energy: return ordered.of(.energy, rows: rows)
    case .wassersteinNormalised:
      let own = ordered.of(.wasserstein, rows: rows)
      return DistanceSampling(mean: own.mean / deviation, deviation: own.deviation / deviation)
    default: return ordered.of(.wasserstein, rows: rows)
    }
  }

  /// The baseline's places and the moved ones as one axis.
  private static func merged(
    _ places: [Double], _ shares: [Double], _ shifted: [Double], _ share: Double
  ) -> OrderedSampling {
    var (axis, p, q): ([Double], [Double], [Double]) = ([], [], [])
    var (i, j) = (0, 0)
    while i < places.count || j < shifted.count {
      if j == shifted.count || (i < places.count && places[i] <= shifted[j]) {
        axis.append(places[i])
        p.append(shares[i])
        q.append((1 - share) * shares[i])
        i += 1
      } else {
        axis.append(shifted[j])
        p.append(0)
        q.append(share * shares[j])
        j += 1
      }
    }
    return OrderedSampling(places: axis, baseline: p, window: q)
  }
}
