import Foundation
import LeewayTestSupport
import Testing

@testable import LeewayCore

/// Random damage to valid messages, judged by Foundation's JSON parser as well.
@Suite struct JSONMutationTests {
  private static let tokens = [
    "{", "}", "[", "]", ",", ":", "\"", "\\", "0", "1", "-", ".", "e", "null", "\\u00e9", " ", "\n", "\"k\":1,",
  ]

  @Test(arguments: 0..<8) func agreesWithFoundation(_ part: Int) throws {
    let seed = Mutation.seed(0x5eed_0000 + UInt64(part))
    let rounds = max(1, Mutation.rounds(20_000) / 8)
    var random = SeededGenerator(seed: seed)
    let extractor = try JSONExtractor(fields: ["id", "a", "context.device", "flag"].map { try FieldPath($0) })
    let samples = [
      JSONExtractorTests.sample, #"{"a":1,"b":[true,false,null],"c":{"d":"e"}}"#,
      #"{"a":-1.5E+10,"flag":"\ud83d\ude00"}"#,
    ].map { Array($0.utf8) }
    var accepted = 0
    for round in 0..<rounds {
      var bytes = samples[Int.random(in: 0..<samples.count, using: &random)]
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        Mutation.damage(&bytes, with: Self.tokens, using: &random)
      }
      let ours = (try? extractor.read(bytes)) != nil
      if ours { accepted += 1 }
      guard !isBeyondFoundation(bytes) else { continue }
      let judged = withinFoundation(bytes)
      let theirs = judged.flatMap { try? JSONSerialization.jsonObject(with: Data($0)) } is [String: Any]
      #expect(ours == theirs, "seed \(seed), round \(round): \(String(decoding: bytes, as: UTF8.self))")
    }
    #expect(
      accepted > rounds / 25 && accepted < rounds - rounds / 25, "damage that always or never shows tests nothing")
  }

  /// Where the two differ for reasons of their own: Foundation guesses UTF-16 and UTF-32 from NUL bytes and byte order marks.
  private func isBeyondFoundation(_ bytes: [UInt8]) -> Bool {
    bytes.contains(0) || bytes.starts(with: [0xEF]) || bytes.starts(with: [0xFE]) || bytes.starts(with: [0xFF])
  }

  /// The text with exponents cut to their first digit, since Foundation refuses a message for one number out of range;
  /// nil for a trailing comma, which it lets pass and JSON does not.
  private func withinFoundation(_ bytes: [UInt8]) -> [UInt8]? {
    var result: [UInt8] = []
    var isInString = false
    var digitsOfExponent = -1
    var lastSign: UInt8 = 0
    var isEscaped = false
    for byte in bytes {
      if isInString {
        result.append(byte)
        if byte == UInt8(ascii: "\""), !isEscaped { isInString = false }
        isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
        lastSign = byte
        continue
      }
      if byte == UInt8(ascii: "\"") { isInString = true }
      if lastSign == UInt8(ascii: ","), byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") { return nil }
      if ![0x20, 0x09, 0x0A, 0x0D].contains(byte) { lastSign = byte }
      if byte | 0x20 == UInt8(ascii: "e"), let before = result.last, (0x30...0x39).contains(before) {
        digitsOfExponent = 0
      } else if digitsOfExponent >= 0, (0x30...0x39).contains(byte) {
        digitsOfExponent += 1
        if digitsOfExponent > 1 { continue }
      } else if !(digitsOfExponent == 0 && (byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-"))) {
        digitsOfExponent = -1
      }
      result.append(byte)
    }
    return result
  }
}
