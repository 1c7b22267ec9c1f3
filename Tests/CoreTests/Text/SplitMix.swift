import LeewayCore

/// A seeded generator for random cases; a failing test prints the seed.
struct SplitMix: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    return Digest64.mix(state)
  }
}
