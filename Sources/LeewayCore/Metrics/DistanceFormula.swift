import LeewayStatistics

/// How a distance between a subject's baseline and window is computed and judged.
package struct DistanceFormula: Sendable {
  /// What it looks at.
  package enum Basis: Sendable, Equatable {
    /// The shares of bins or categories and of missing values, which need no order. Tested by the pooled chi-squared.
    case bins
    /// The present values in their order: of numbers only. Tested by Kolmogorov–Smirnov.
    case cells
  }

  package let basis: Basis
  /// nil where it is not defined, such as without rows on a side.
  let value: @Sendable (DriftComparison) -> Double?
  /// What chance makes of it where nothing has drifted, in its own unit.
  let noise: @Sendable (DriftComparison) -> Double?
  /// What it is beyond chance, and how sure that is: what tells slices apart.
  let size: @Sendable (DriftComparison) -> DistanceSize?
  /// Numbers that stand behind it in a line.
  let details: [MetricDetail]

  /// For the shares of bins.
  static func bins(
    _ value: @escaping @Sendable (BinComparison) -> Double, noise: @escaping @Sendable (BinComparison) -> Double,
    size: DistanceSize.Distance
  ) -> DistanceFormula {
    DistanceFormula(
      basis: .bins, value: { $0.bins.map(value) }, noise: { $0.bins.map(noise) },
      size: { DistanceSize(size, baseline: $0.baseline.bins, window: $0.windowBins) }, details: [])
  }

  /// For values in their order. What is sure of Kolmogorov–Smirnov is taken from it for all of these, as verdicts do.
  static func cells(
    _ value: @escaping @Sendable (DriftComparison) -> Double?, noise: @escaping @Sendable (DriftComparison) -> Double?,
    details: [MetricDetail] = []
  ) -> DistanceFormula {
    DistanceFormula(
      basis: .cells, value: value, noise: noise,
      size: { DistanceSize(ksBaseline: $0.baseline.cells.counts, window: $0.window.counts) }, details: details)
  }
}
