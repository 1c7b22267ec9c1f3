/// Counts of observations by upper bound. A plain value: a flush fills its own and hands it over at the end.
package struct MetricHistogram: Sendable, Equatable {
  /// Upper bounds, inclusive, ascending; what is above the last counts only in `count`.
  package let bounds: [Double]
  /// Not cumulative; parallel to `bounds`.
  package private(set) var counts: [Int64]
  package private(set) var count: Int64 = 0
  package private(set) var sum: Double = 0

  package init(bounds: [Double]) {
    self.bounds = bounds
    counts = Array(repeating: 0, count: bounds.count)
  }

  /// For work inside the service: half a millisecond to a minute.
  package static var work: MetricHistogram {
    MetricHistogram(bounds: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60])
  }

  /// For labels: a second to ninety days.
  package static var labelDelay: MetricHistogram {
    MetricHistogram(bounds: [
      1, 10, 60, 300, 900, 3600, 10_800, 21_600, 43_200, 86_400, 259_200, 604_800, 1_209_600, 2_592_000, 7_776_000,
    ])
  }

  /// From a critical incident's opening to a retrained model: a minute to a week.
  package static var correctiveAction: MetricHistogram {
    MetricHistogram(bounds: [60, 300, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 259_200, 604_800])
  }

  /// Counts one observation in seconds; what is not finite is left out.
  package mutating func observe(_ seconds: Double) {
    guard seconds.isFinite else { return }
    if let bucket = bounds.firstIndex(where: { seconds <= $0 }) { counts[bucket] &+= 1 }
    count &+= 1
    sum += seconds
  }

  /// The value below which a share of the observations lies, linear within a bucket as PromQL's `histogram_quantile`; the
  /// last bound where it lies above that, nil without observations.
  package func quantile(_ share: Double) -> Double? {
    guard count > 0, let last = bounds.last else { return nil }
    let rank = share * Double(count)
    var below: Int64 = 0
    for (bucket, here) in counts.enumerated() {
      if here > 0, Double(below &+ here) >= rank {
        let lower = bucket == 0 ? 0 : bounds[bucket - 1]
        return lower + (bounds[bucket] - lower) * max(0, rank - Double(below)) / Double(here)
      }
      below &+= here
    }
    return last
  }

  /// Adds another histogram over the same bounds.
  package mutating func add(_ other: MetricHistogram) {
    precondition(bounds == other.bounds, "histograms over different bounds do not add")
    for bucket in counts.indices { counts[bucket] &+= other.counts[bucket] }
    count &+= other.count
    sum += other.sum
  }
}
