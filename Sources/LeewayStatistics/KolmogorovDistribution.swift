/// P(D ≥ `statistic`) of a two-sample Kolmogorov–Smirnov test.
public func kolmogorovSmirnovPValue(statistic: Double, baselineCount: Int64, windowCount: Int64) -> Double? {
  nil
}
