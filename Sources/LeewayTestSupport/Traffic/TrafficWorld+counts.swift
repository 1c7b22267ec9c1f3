package import LeewayStatistics

extension TrafficWorld {
  /// Counts of one feature by hour, multinomial given the hour's latent mean and rows.
  ///
  /// - Parameter change: of any feature; it matters only if it is this one's.
  package func counts(
    _ feature: Int, _ paths: TrafficPaths, seed: UInt64, quarter: UInt64, change: TrafficChange? = nil
  ) -> [ShiftCounts] {
    let change = change?.feature == feature ? change : nil
    var random = NumPyRandom([seed, quarter, 1, UInt64(feature)] + (change?.name.utf8.map(UInt64.init) ?? []))
    var gone: [Int64] = []
    gone.reserveCapacity(hours)
    let laws = (0..<hours).map { law(feature, paths, hour: $0, change) }
    // All missing values first, then cell by cell: the order of the draws.
    for t in 0..<hours { gone.append(random.binomial(paths.rows[t], laws[t].missing)) }
    var left = (0..<hours).map { paths.rows[$0] - gone[$0] }
    let usual = cuts(feature)
    let moved = change?.kind == .unit ? usual.map { latent(feature, value(feature, $0) / 1000) } : usual
    var below = [Double](repeating: 0, count: hours)
    var out = gone.map { ShiftCounts(cells: [Int64](repeating: 0, count: usual.count + 1), missing: $0) }
    for cell in usual.indices {
      for t in 0..<hours {
        let isOn = change.map { t >= $0.onset } ?? false
        let cut = isOn ? moved[cell] : usual[cell]
        let upTo = SpecialFunctions.normalDistribution((cut - laws[t].mean) / laws[t].deviation)
        let share = min(max((upTo - below[t]) / max(1 - below[t], 1e-300), 0), 1)
        let drawn = random.binomial(left[t], share)
        out[t].cells[cell] = drawn
        left[t] -= drawn
        below[t] = upTo
      }
    }
    for t in 0..<hours {
      out[t].cells[usual.count] = left[t]
      if change?.kind == .swap, t >= (change?.onset ?? 0) { out[t].cells.swapAt(0, 1) }
    }
    return out
  }

  /// Latent mean and standard deviation of an hour's rows, and the share of them without a value.
  func law(
    _ feature: Int, _ paths: TrafficPaths, hour t: Int, _ change: TrafficChange?
  ) -> (mean: Double, deviation: Double, missing: Double) {
    var law = (paths.means[t * features + feature], paths.deviation, paths.missing[t * features + feature])
    guard let change, t >= change.onset else { return law }
    switch change.kind {
    case .mean(let size): law.0 += change.sign * size * sigma
    case .gradual(let size, let days):
      law.0 += min(Double(t - change.onset) / (24 * days), 1) * change.sign * size * sigma
    case .scale(let factor):
      law.0 *= factor
      law.1 *= factor
    case .missing(let share): law.2 = max(law.2, share)
    case .unit, .swap, .labels: break
    }
    return law
  }

  /// All hours of a model.
  package func history(seed: UInt64, quarter: UInt64, change: TrafficChange? = nil) -> ShiftHistory {
    let paths = TrafficPaths(self, seed: seed, quarter: quarter)
    let counts = (0..<features).map { self.counts($0, paths, seed: seed, quarter: quarter, change: change) }
    return ShiftHistory(first: epoch, hours: (0..<hours).map { t in counts.map { $0[t] } })
  }
}
