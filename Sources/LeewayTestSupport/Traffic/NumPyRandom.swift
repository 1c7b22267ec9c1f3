import Glibc

/// Draws what NumPy's `default_rng` draws from the same seed, so that traffic made here is that of a program in Python, number by
/// number: PCG64 seeded by a `SeedSequence`, and the methods of `Generator` that traffic needs.
///
/// Sources: O'Neill, "PCG: a family of simple fast space-efficient statistically good algorithms for random number generation" (2014)
/// and "Developing a seed_seq alternative" (2015); Lemire, "Fast random integer generation in an interval" (2019).
package struct NumPyRandom: Sendable {
  private var state: UInt128
  private let increment: UInt128
  /// The upper half of a number whose lower half was drawn.
  private var half: UInt32?

  private static let multiplier = UInt128(2_549_297_995_355_413_924) << 64 | 4_865_540_595_714_422_341

  /// As `default_rng([…])`; every number of the list is one of the seed.
  package init(_ seed: [UInt64]) {
    let words = Self.words(Self.pool(seed))
    increment = (UInt128(words[2]) << 64 | UInt128(words[3])) << 1 | 1
    state = 0
    step()
    state &+= UInt128(words[0]) << 64 | UInt128(words[1])
    step()
  }

  private mutating func step() { state = state &* Self.multiplier &+ increment }

  package mutating func next64() -> UInt64 {
    step()
    let folded = UInt64(truncatingIfNeeded: state >> 64) ^ UInt64(truncatingIfNeeded: state)
    let turn = UInt64(truncatingIfNeeded: state >> 122)
    return folded >> turn | folded << ((64 - turn) & 63)
  }

  mutating func next32() -> UInt32 {
    if let upper = half {
      half = nil
      return upper
    }
    let next = next64()
    half = UInt32(next >> 32)
    return UInt32(truncatingIfNeeded: next)
  }

  /// `random()`: in [0, 1).
  package mutating func unit() -> Double { Double(next64() >> 11) * 0x1p-53 }

  /// `uniform(low, high)`.
  package mutating func uniform(_ low: Double, _ high: Double) -> Double { low + (high - low) * unit() }

  /// `integers(end)`: in 0..<end, for end < 2³².
  package mutating func integer(_ end: Int) -> Int {
    let range = UInt32(end)
    if range == 1 { return 0 }
    var product = UInt64(next32()) * UInt64(range)
    if UInt32(truncatingIfNeeded: product) < range {
      let least = (0 &- range) % range
      while UInt32(truncatingIfNeeded: product) < least { product = UInt64(next32()) * UInt64(range) }
    }
    return Int(product >> 32)
  }

  /// `choice(end, count, replace=False)`: Floyd's sample of 0..<end, shuffled.
  package mutating func sample(_ count: Int, of end: Int) -> [Int] {
    var chosen: [Int] = []
    for last in end - count..<end {
      let drawn = integer(last + 1)
      chosen.append(chosen.contains(drawn) ? last : drawn)
    }
    for last in stride(from: count - 1, to: 0, by: -1) { chosen.swapAt(last, integer(last + 1)) }
    return chosen
  }
}

// MARK: - Seeds

extension NumPyRandom {
  /// Mixes any list of numbers into 128 bits.
  private static func pool(_ seed: [UInt64]) -> [UInt32] {
    // A number takes as many 32-bit words as it needs, least first, at least one.
    let words = seed.flatMap { $0 >> 32 == 0 ? [UInt32($0)] : [UInt32(truncatingIfNeeded: $0), UInt32($0 >> 32)] }
    var constant: UInt32 = 0x43b0_d7e5
    func hash(_ value: UInt32) -> UInt32 {
      var value = value ^ constant
      constant &*= 0x931e_8875
      value &*= constant
      return value ^ value >> 16
    }
    func mix(_ x: UInt32, _ y: UInt32) -> UInt32 {
      let mixed = 0xca01_f9dd &* x &- 0x4973_f715 &* y
      return mixed ^ mixed >> 16
    }
    var pool = (0..<4).map { hash($0 < words.count ? words[$0] : 0) }
    for source in 0..<4 {
      for target in 0..<4 where source != target { pool[target] = mix(pool[target], hash(pool[source])) }
    }
    for word in words.dropFirst(4) {
      for target in 0..<4 { pool[target] = mix(pool[target], hash(word)) }
    }
    return pool
  }

  /// Four 64-bit words from the pool.
  private static func words(_ pool: [UInt32]) -> [UInt64] {
    var constant: UInt32 = 0x8b51_f9dd
    let halves = (0..<8).map { index in
      var value = pool[index % 4] ^ constant
      constant &*= 0x58f3_8ded
      value &*= constant
      return UInt64(value ^ value >> 16)
    }
    return (0..<4).map { halves[2 * $0] | halves[2 * $0 + 1] << 32 }
  }
}
