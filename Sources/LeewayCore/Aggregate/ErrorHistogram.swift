/// Bins for the size of an error, in fixed-point steps: 32 of equal width in each power of two, so that a quantile read from
/// them is within 1/64 of its value. Integers alone, so that rows add and subtract exactly.
enum ErrorHistogram {
  /// Steps up to 2¹² are one bin: 2⁻¹⁹ of a deviation at most.
  private static let smallest = 12
  private static let perOctave = 32
  /// Sizes are below 2⁶².
  static let binCount = (62 - smallest) * perOctave + 1

  /// The bin of an error of so many steps.
  static func bin(of steps: UInt64) -> Int {
    guard steps >> UInt64(smallest) > 0 else { return 0 }
    let exponent = 63 - steps.leadingZeroBitCount
    let within = Int(truncatingIfNeeded: steps >> UInt64(exponent - 5)) & (perOctave - 1)
    return min(binCount - 1, 1 + (exponent - smallest) * perOctave + within)
  }

  /// The first size of a bin, in steps; of the bin behind the last, its end.
  static func lowerEdge(_ bin: Int) -> Double {
    guard bin > 0 else { return 0 }
    let octave = (bin - 1) / perOctave
    let within = (bin - 1) % perOctave
    return Double(sign: .plus, exponent: smallest + octave, significand: 1 + Double(within) / Double(perOctave))
  }

  /// The smallest size whose share of rows up to it is at least `share`, in steps: the middle of its bin; nil without rows.
  static func quantile(_ share: Double, _ counts: [Int64]) -> Double? {
    let total = counts.reduce(0, &+)
    guard total > 0 else { return nil }
    var seen: Int64 = 0
    for (bin, count) in counts.enumerated() where count > 0 {
      seen &+= count
      if Double(seen) >= share * Double(total) { return (lowerEdge(bin) + lowerEdge(bin + 1)) / 2 }
    }
    return nil
  }
}
