import LeewayTestSupport
import Testing

@testable import LeewayCore

@Suite struct ExactNumbersTests {
  /// Three limbs of 64 bits, lowest first: addition as on paper.
  private struct Limbs: Equatable {
    var limbs: [UInt64]

    init(_ x: Int192) {
      limbs = [
        UInt64(truncatingIfNeeded: x.low), UInt64(truncatingIfNeeded: x.low >> 64), UInt64(bitPattern: x.high),
      ]
    }

    static func + (a: Limbs, b: Limbs) -> Limbs {
      var out = a
      var carry: UInt64 = 0
      for i in 0..<3 {
        let (first, c1) = a.limbs[i].addingReportingOverflow(b.limbs[i])
        let (second, c2) = first.addingReportingOverflow(carry)
        out.limbs[i] = second
        carry = (c1 ? 1 : 0) + (c2 ? 1 : 0)
      }
      return out
    }
  }

  private func wide(_ random: inout SeededGenerator) -> Int192 {
    let shift = UInt128(Int.random(in: 0..<128, using: &random))
    let low = UInt128.random(in: 0...(.max), using: &random) >> shift
    return switch Int.random(in: 0..<4, using: &random) {
    case 0: Int192(low: low, high: Int64.random(in: .min...(.max), using: &random))
    case 1: Int192(low: .max - low, high: -1)
    case 2: Int192(low: .max, high: Int64.random(in: -2...2, using: &random))
    default: Int192(low: low, high: 0)
    }
  }

  @Test func additionIsThatOfPaper() {
    for seed in UInt64(1)...2000 {
      var random = SeededGenerator(seed: seed)
      let (a, b) = (wide(&random), wide(&random))
      var sum = a
      sum += b
      #expect(Limbs(sum) == Limbs(a) + Limbs(b), "seed \(seed)")
      sum -= b
      #expect(sum == a, "seed \(seed)")
      var nothing = a
      nothing += -a
      #expect(nothing.isZero, "seed \(seed)")
    }
  }

  @Test func smallNumbersAreThoseOfInt128() {
    for seed in UInt64(1)...2000 {
      var random = SeededGenerator(seed: seed)
      let shift = Int128(Int.random(in: 0..<127, using: &random))
      let (a, b) = (
        Int128.random(in: .min / 2...(.max / 2), using: &random) >> shift,
        Int128.random(in: .min / 2...(.max / 2), using: &random) >> shift
      )
      var sum = Int192(a)
      sum += Int192(b)
      #expect(sum == Int192(a + b), "seed \(seed)")
      #expect(Int192(a).double == Double(a), "seed \(seed)")
      let x = Int64(truncatingIfNeeded: a)
      #expect(Int192(squareOf: x) == Int192(Int128(x) * Int128(x)) || x == .min, "seed \(seed)")
    }
    #expect(Int192(squareOf: .min) == Int192(low: 1 << 126, high: 0))
    #expect(Int192(low: 0, high: 1).double == 0x1p128)
    #expect(Int192(low: 0, high: -1).double == -0x1p128)
    #expect(Int192(low: 0, high: .min).double == -0x1p191)
  }

  @Test func varianceIsExactWhereDoublesWouldCancel() {
    for seed in UInt64(1)...1000 {
      var random = SeededGenerator(seed: seed)
      let far = Int64.random(in: 0...1 << 61, using: &random)
      // n Σu² − (Σu)² of two numbers is the square of their difference.
      let a = far + Int64.random(in: 0...1000, using: &random)
      let b = far + Int64.random(in: 0...1000, using: &random)
      var squares = Int192(squareOf: a)
      squares += Int192(squareOf: b)
      let found = ExactMoments.scaledVariance(count: 2, sum: Int128(a) + Int128(b), squares: squares)
      #expect(found == Double((a - b) * (a - b)), "seed \(seed)")
    }
    var squares = Int192.zero
    for _ in 0..<1000 { squares += Int192(squareOf: -(1 << 62)) }
    #expect(ExactMoments.scaledVariance(count: 1000, sum: Int128(-(1 << 62)) * 1000, squares: squares) == 0)
  }

  @Test func smallVariancesAreThoseOfIntegers() {
    for seed in UInt64(1)...500 {
      var random = SeededGenerator(seed: seed)
      let values = (0..<Int.random(in: 1...50, using: &random)).map { _ in
        Int64.random(in: -1_000_000...1_000_000, using: &random)
      }
      var squares = Int192.zero
      for value in values { squares += Int192(squareOf: value) }
      let sum = values.reduce(0, +)
      let exact = Int128(values.count) * values.reduce(Int128(0)) { $0 + Int128($1 * $1) } - Int128(sum) * Int128(sum)
      let found = ExactMoments.scaledVariance(count: Int64(values.count), sum: Int128(sum), squares: squares)
      #expect(found == Double(exact), "seed \(seed)")
    }
  }

  @Test func fixedPointRoundsHalvesToEven() {
    let unit = FixedPoint(origin: 0, exponent: 0)
    for (x, u) in [(0.5, 0), (1.5, 2), (2.5, 2), (-0.5, 0), (-1.5, -2), (0.49, 0), (0.51, 1), (7, 7)]
      as [(Double, Int64)]
    {
      #expect(unit.quantise(x) == u, "\(x)")
    }
    #expect(FixedPoint(origin: 10, exponent: 1).quantise(10.25) == 0)
    #expect(FixedPoint(origin: 10, exponent: 1).quantise(10.75) == 2)
  }

  /// k = 32 − ⌈log₂ s⌉, s of 0 (and what is no deviation) counting as 1.
  @Test(arguments: [
    (1.0, 32), (2, 31), (3, 30), (4, 30), (0.5, 33), (0.3, 33), (0, 32), (.nan, 32), (.infinity, 32), (-1, 32),
    (.leastNonzeroMagnitude, 900), (1e300, -900),
  ])
  func exponentFollowsTheDeviation(_ deviation: Double, _ exponent: Int) {
    #expect(FixedPoint(origin: 0, standardDeviation: deviation).exponent == exponent)
  }

  @Test func aBillionDeviationsStillCountAndWhatIsBeyondIsOutlying() {
    for deviation in [1e-6, 0.3, 1, 3, 1e9] {
      let point = FixedPoint(origin: 5 * deviation, standardDeviation: deviation)
      #expect(point.quantise(5 * deviation + 1e9 * deviation) != nil)
      #expect(point.quantise(5 * deviation - 1e9 * deviation) != nil)
      #expect(point.quantise(1e11 * deviation) == nil)
    }
    let point = FixedPoint(origin: -.greatestFiniteMagnitude, standardDeviation: 1)
    for x in [Double.greatestFiniteMagnitude, .infinity, -.infinity, .nan] { #expect(point.quantise(x) == nil) }
  }
}
