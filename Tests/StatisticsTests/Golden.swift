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

let seeds: [UInt64] = Array(1...40)
