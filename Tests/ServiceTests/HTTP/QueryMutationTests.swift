import LeewayTestSupport
import Testing

@testable import LeewayService
@testable import LeewayWeb

/// Queries put together at random from what matters to the parser, judged by a decoder that goes letter by letter.
@Suite struct QueryMutationTests {
  private static let pieces = [
    "a", "b", "limit", "=", "=", "=", "&", "&", "%", "%4", "%41", "%C3", "%A9", "%C3%A9", "%00", "%zz", "%%", "+", "é",
    "7",
    "-", "99999999999999999999", "true", "2025-03-01T12:00:00Z", "2025-02-30T25:61:61Z", "%3D", "%26", "\u{1F600}", "?",
  ]

  @Test(arguments: 0..<4) func agreesWithASimplerDecoder(_ part: Int) {
    let seed = Mutation.seed(0x9e37_0000 + UInt64(part))
    let rounds = max(1, Mutation.rounds(10_000) / 4)
    var random = SeededGenerator(seed: seed)
    var accepted = 0
    for round in 0..<rounds {
      var text = ["", "a=", "a=1&b=", "limit="].randomElement(using: &random) ?? ""
      for _ in 0..<Int.random(in: 0...6, using: &random) { text += Self.pieces.randomElement(using: &random) ?? "" }
      let query = try? QueryParameters(text, known: ["a", "b", "limit"])
      let expected = Self.decoded(text)
      #expect((query != nil) == (expected != nil), "seed \(seed), round \(round): \(text)")
      guard let query, let expected else { continue }
      accepted += 1
      for name in ["a", "b", "limit"] {
        // An empty value is refused; one that is not there is nil.
        let wanted = expected[name].map { $0.isEmpty ? "refused" : $0 }
        #expect(Self.text(query, name) == wanted, "seed \(seed), round \(round): \(text)")
        if let limit = try? query.integer(name, in: 1...10, default: 5) { #expect((1...10).contains(limit)) }
        _ = try? query.time(name)
        _ = try? query.bool(name)
      }
    }
    #expect(
      accepted > rounds / 25 && accepted < rounds - rounds / 25,
      "\(accepted) of \(rounds): queries that are always or never good test nothing")
  }

  private static func text(_ query: QueryParameters, _ name: String) -> String? {
    do { return try query.text(name) } catch { return "refused" }
  }

  /// nil for what must be refused.
  private static func decoded(_ text: String) -> [String: String]? {
    var values: [String: String] = [:]
    for parameter in text.split(separator: "&") {
      let halves = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = unescaped(halves[0]), let value = unescaped(halves.count > 1 ? halves[1] : ""),
        ["a", "b", "limit"].contains(name), values[name] == nil
      else { return nil }
      values[name] = value
    }
    return values
  }

  private static func unescaped(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = Array(text.replacing("+", with: " ").utf8)
    while !rest.isEmpty {
      guard rest[0] == UInt8(ascii: "%") else {
        bytes.append(rest.removeFirst())
        continue
      }
      let digits = rest.dropFirst().prefix(2)
      // A sign, which a number's own parser takes, is no digit.
      guard digits.count == 2, digits.allSatisfy({ UnicodeScalar($0).properties.isASCIIHexDigit }),
        let byte = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
      else { return nil }
      bytes.append(byte)
      rest.removeFirst(3)
    }
    return String(validating: bytes, as: UTF8.self)
  }
}
