import Glibc

/// Turns doubles into integers so that sums add and subtract exactly in any order:
/// u = round-half-even((x − origin) · 2^exponent).
///
/// Example: with origin 0 and exponent 3, 1.3 is 10, which is 1.25.
package struct FixedPoint: Sendable, Equatable {
  /// Usually the baseline's median.
  package var origin: Double
  /// k of 2^k.
  package var exponent: Int
  let scale: Double
  let limit: Double

  /// - Parameter standardDeviation: of the baseline; 0 counts as 1. k = 32 − ⌈log₂ s⌉, so a deviation is 2^31 to 2^32.
  package init(origin: Double, standardDeviation: Double) {
    let s = standardDeviation > 0 && standardDeviation.isFinite ? standardDeviation : 1
    self.init(origin: origin, exponent: 32 - Int(log2(s).rounded(.up)))
  }

  package init(origin: Double, exponent: Int) {
    self.origin = origin
    self.exponent = min(max(exponent, -900), 900)
    scale = scalbn(1, Int32(self.exponent))
    // 10^9 deviations are below 2^62; what lies beyond is outlying.
    limit = 0x1p62
  }

  /// nil if `x` is beyond the range in which sums stay exact (10⁹ standard deviations at least): the value is outlying.
  package func quantise(_ x: Double) -> Int64? {
    let u = ((x - origin) * scale).rounded(.toNearestOrEven)
    guard u > -limit, u < limit else { return nil }
    return Int64(u)
  }

  /// The same of a difference of two values, from which no origin is taken: round-half-even(x · 2^exponent).
  package func quantise(difference x: Double) -> Int64? {
    let u = (x * scale).rounded(.toNearestOrEven)
    guard u > -limit, u < limit else { return nil }
    return Int64(u)
  }

  /// For the sizes of values, from which no origin is taken: with as few places as values at the origin need to fit in.
  var ofSizes: FixedPoint {
    let size = abs(origin)
    let places = size > 0 && size.isFinite ? 32 - Int(log2(size).rounded(.up)) : exponent
    return FixedPoint(origin: 0, exponent: min(exponent, places))
  }

  /// Σ(x − origin) from Σu.
  package func unscaled(_ sum: Int128) -> Double { Double(wide: sum) / scale }

  /// Standard deviation (ddof 0) from Σu and Σu² of `count` values.
  package func standardDeviation(count: Int64, sum: Int128, squares: Int192) -> Double? {
    guard count > 0 else { return nil }
    let v = ExactMoments.scaledVariance(count: count, sum: sum, squares: squares)
    return v.squareRoot() / Double(count) / scale
  }
}

/// Fixed point with 64 binary places, for scores and the losses built of them.
package enum Fraction64 {
  /// `x` finite and below 2^62 in magnitude.
  package static func quantise(_ x: Double) -> Int128 { Int128((x * 0x1p64).rounded(.toNearestOrEven)) }

  package static func double(_ sum: Int128) -> Double { Double(wide: sum) * 0x1p-64 }
}

extension Double {
  /// The same as `Double(value)`, without the generic conversion's cost where the value fits a word.
  init(wide value: Int128) {
    let low = Int64(truncatingIfNeeded: value)
    self = Int128(low) == value ? Double(low) : Double(value)
  }
}
