import Glibc

/// Bins of whole numbers from 0: 32 of equal width in each power of two, so that a quantile read from their counts is within
/// 1/64 of its value. Only integers, so that rows add and subtract exactly.
///
/// Example: of `OctaveBins(smallest: 12, end: 62)` bin 0 holds everything below 2¹², bin 1 the next 128 values.
struct OctaveBins: Sendable, Equatable {
  /// Values below 2^smallest are one bin, which reads as 0; at least 5.
  let smallest: Int
  /// Values are below 2^end; what is not is in the last bin.
  let end: Int

  private static let perOctave = 32

  /// Sizes of errors in fixed-point steps: what reads as 0 is at most 2⁻¹⁹ of a deviation.
  static let errors = OctaveBins(smallest: 12, end: 62)
  /// Delays in 1/32 ms, so that every whole millisecond but 0 is in a bin of its octave; up to two years.
  static let delays = OctaveBins(smallest: 5, end: 41)

  var count: Int { (end - smallest) * Self.perOctave + 1 }

  /// The bin of a value.
  func bin(of value: UInt64) -> Int {
    guard value >> UInt64(smallest) > 0 else { return 0 }
    let exponent = 63 - value.leadingZeroBitCount
    let within = Int(truncatingIfNeeded: value >> UInt64(exponent - 5)) & (Self.perOctave - 1)
    return min(count - 1, 1 + (exponent - smallest) * Self.perOctave + within)
  }

  /// The first value of a bin; of the bin behind the last, its end.
  func lowerEdge(_ bin: Int) -> Double {
    guard bin > 0 else { return 0 }
    let octave = (bin - 1) / Self.perOctave
    let within = (bin - 1) % Self.perOctave
    return Double(
      sign: .plus, exponent: smallest + octave, significand: 1 + Double(within) / Double(Self.perOctave))
  }

  /// The smallest value whose share of rows up to it is at least `share`: the middle of its bin, 0 of the first; nil without
  /// rows.
  func quantile(_ share: Double, _ counts: some Collection<Int64>) -> Double? {
    let total = counts.reduce(0, &+)
    guard total > 0 else { return nil }
    var seen: Int64 = 0
    for (bin, count) in counts.enumerated() where count > 0 {
      seen &+= count
      if Double(seen) >= share * Double(total) { return bin == 0 ? 0 : (lowerEdge(bin) + lowerEdge(bin + 1)) / 2 }
    }
    return nil
  }

  /// What the mean is not below, but for one sample in `1 / risk`, whatever the values' distribution: the mean of what is left
  /// when the greatest values give way to zeros, a share √(ln(1 / risk) / 2n) of the rows; 0 without rows. One value, however
  /// great, cannot lower it.
  ///
  /// Source: Anderson, "Confidence limits for the expected value of an arbitrary bounded random variable", Stanford (1969), by
  /// the inequality of Dvoretzky, Kiefer and Wolfowitz with Massart's constant. Values are at least 0, so no upper end is
  /// needed.
  func meanLowerBound(_ counts: some Collection<Int64>, risk: Double) -> Double {
    let total = Double(counts.reduce(0, &+))
    guard total > 0 else { return 0 }
    var dropped = (log(1 / risk) / 2 * total).squareRoot()
    var sum = 0.0
    for (bin, rows) in counts.enumerated().reversed() where rows > 0 {
      sum += max(0, Double(rows) - dropped) * lowerEdge(bin)
      dropped = max(0, dropped - Double(rows))
    }
    return sum / total
  }
}
