import Foundation
import Testing

/// Reads one file of somebody else's numbers.
func golden<T: Decodable>(_ name: String, as type: T.Type = T.self) throws -> T {
  let url = try #require(Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Fixtures"))
  let decoder = JSONDecoder()
  decoder.keyDecodingStrategy = .convertFromSnakeCase
  return try decoder.decode(T.self, from: Data(contentsOf: url))
}

/// Within `relative` of the expected number, or within `absolute` where it is small.
func isClose(_ actual: Double, _ expected: Double, relative: Double = 1e-9, absolute: Double = 1e-12) -> Bool {
  abs(actual - expected) <= max(relative * abs(expected), absolute)
}

func expectClose(
  _ actual: Double?, _ expected: Double?, _ what: String, relative: Double = 1e-9, absolute: Double = 1e-12,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  guard let actual, let expected else {
    #expect(actual == expected, "\(what)", sourceLocation: sourceLocation)
    return
  }
  #expect(
    isClose(actual, expected, relative: relative, absolute: absolute), "\(what): \(actual), expected \(expected)",
    sourceLocation: sourceLocation)
}

/// Reproducible random numbers (SplitMix64) for property tests, which print the seed with every failure.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

let seeds: [UInt64] = Array(1...40)
