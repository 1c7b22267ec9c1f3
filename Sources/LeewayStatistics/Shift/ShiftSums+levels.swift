/// Numbers of an hour that are no feature's, on the scale of logarithms, so that a step means the same wherever it starts: one of 0.25 is 28 %
/// more.
extension ShiftSums {
  /// ln(N + ½) of N rows, whose sampling variance is about 1/N. An hour without rows has a value too: that of silence.
  ///
  /// Example: 1,000 rows are 6.908, and no row is −0.693.
  package static func logCount(_ rows: Int64) -> ShiftSums {
    level(RepeatableMath.log(Double(rows) + 0.5), rows: max(rows, 1), variance: 1)
  }

  /// ln p of the share p = (k + ½) / (n + 1), whose sampling variance is about (1 − p) / (p n); no value without rows.
  ///
  /// Example: 50 of 1,000 are −2.987 with a variance of 18.8 a row.
  package static func logShare(_ k: Int64, of n: Int64) -> ShiftSums {
    guard n > 0 else { return level(0, rows: 0, variance: 0) }
    let p = (Double(k) + 0.5) / (Double(n) + 1)
    return level(RepeatableMath.log(p), rows: n, variance: (1 - p) / p)
  }

  /// ln of a mean of numbers of which none is negative; its sampling variance is about that of a number over n and the squared mean (the delta
  /// method). A mean of 0 has no logarithm, so the hour has no value.
  package static func logMean(_ sums: MeanSums) -> ShiftSums {
    guard let mean = sums.mean, mean > 0, mean.isFinite else { return level(0, rows: 0, variance: 0) }
    let variance = max(sums.squares / Double(sums.count) - mean * mean, 0) / (mean * mean)
    guard variance.isFinite else { return level(0, rows: 0, variance: 0) }
    return level(RepeatableMath.log(mean), rows: sums.count, variance: max(variance, 1e-6))
  }
}

extension ShiftValues {
  /// What a logarithm stands for: eʸ.
  package static func amount(of y: Double) -> Double { RepeatableMath.exp(y) }
}
