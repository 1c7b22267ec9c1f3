/// A signed 192-bit integer that adds and subtracts exactly: wide enough for 2^64 squares of 64-bit numbers. Two's
/// complement, wrapping; the magnitudes that panes can reach stay far below the limit.
package struct Int192: Sendable, Equatable {
  package var low: UInt128
  package var high: Int64

  package static let zero = Int192(low: 0, high: 0)

  package init(low: UInt128, high: Int64) {
    self.low = low
    self.high = high
  }

  /// The exact square of `value`.
  package init(squareOf value: Int64) {
    let m = UInt128(value.magnitude)
    self.init(low: m &* m, high: 0)
  }

  package init(_ value: Int128) {
    self.init(low: UInt128(truncatingIfNeeded: value), high: value < 0 ? -1 : 0)
  }

  package static func += (a: inout Int192, b: Int192) {
    let (sum, carry) = a.low.addingReportingOverflow(b.low)
    a.low = sum
    a.high = a.high &+ b.high &+ (carry ? 1 : 0)
  }

  package static func -= (a: inout Int192, b: Int192) {
    let (difference, borrow) = a.low.subtractingReportingOverflow(b.low)
    a.low = difference
    a.high = a.high &- b.high &- (borrow ? 1 : 0)
  }

  package var isZero: Bool { low == 0 && high == 0 }

  package static prefix func - (a: Int192) -> Int192 {
    var r = Int192.zero
    r -= a
    return r
  }

  /// Rounded twice at most: the high and the low part are each converted and added.
  package var double: Double {
    // The magnitude of the least number has no room in a signed one.
    let magnitude = high < 0 ? -self : self
    let value = Double(UInt64(bitPattern: magnitude.high)) * 0x1p128 + Double(magnitude.low)
    return high < 0 ? -value : value
  }
}

/// Exact second moments from integer sums.
package enum ExactMoments {
  /// n·Σu² − (Σu)², at least 0, as a double rounded once; `count` must be positive and the sums those of `count` integers.
  package static func scaledVariance(count: Int64, sum: Int128, squares: Int192) -> Double {
    let n = UInt128(count.magnitude)
    // n · (high·2^128 + low) in 256 bits.
    let lowProduct = squares.low.multipliedFullWidth(by: n)
    let top = lowProduct.high &+ UInt128(truncatingIfNeeded: squares.high) &* n
    let square = sum.magnitude.multipliedFullWidth(by: sum.magnitude)
    let (low, borrow) = lowProduct.low.subtractingReportingOverflow(square.low)
    let high = top &- square.high &- (borrow ? 1 : 0)
    return Double(high) * 0x1p128 + Double(low)
  }
}
