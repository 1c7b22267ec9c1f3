import LeewayTestSupport
import Testing

@testable import LeewayCore

/// Numbers as keys and categories: their exact value has one text, whatever its size and however it is written.
@Suite struct NumberTextTests {
  private let scalars: JSONExtractor
  /// A wanted array sends a message the slow way.
  private let slow: JSONExtractor

  init() throws {
    scalars = JSONExtractor(fields: [try FieldPath("n")])
    slow = JSONExtractor(fields: [try FieldPath("n"), try FieldPath("list")])
  }

  private func text(_ number: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> String? {
    let json = "{\"a\":[1,-2.5e3,\"\\\"7\"],\"n\":\(number),\"list\":[3,\"4\"],\"z\":1e5}"
    func read(_ extractor: JSONExtractor) throws -> String? {
      try Array(json.utf8).withUnsafeBytes { bytes in
        try extractor.extract(bytes)
        return extractor.category(of: extractor[0]).map { String(decoding: $0, as: UTF8.self) }
      }
    }
    let fast = try read(scalars)
    #expect(try read(slow) == fast, "\(number)", sourceLocation: sourceLocation)
    return fast
  }

  /// The digits are those of Python's `decimal`, in the form of ECMAScript's Number::toString.
  @Test(arguments: [
    ("0", "0"), ("-0", "0"), ("0.0", "0"), ("-0.000e5", "0"), ("7", "7"), ("-7", "-7"), ("100", "100"), ("1e2", "100"),
    ("1E+2", "100"), ("100.0", "100"), ("2.10", "2.1"), ("2.1", "2.1"), ("0.1", "0.1"),
    ("0.10000000000000000555", "0.10000000000000000555"), ("20240331003000000001", "20240331003000000001"),
    ("18446744073709551616", "18446744073709551616"), ("-9223372036854775809", "-9223372036854775809"),
    ("123456789012345678901", "123456789012345678901"), ("1234567890123456789012", "1.234567890123456789012e+21"),
    ("1000000000000000000001e0", "1.000000000000000000001e+21"), ("1e21", "1e+21"), ("1e20", "100000000000000000000"),
    ("1.5e20", "150000000000000000000"), ("12e-1", "1.2"), ("0.000001", "0.000001"), ("0.0000001", "1e-7"),
    ("123e-9", "1.23e-7"), ("1e400", "1e+400"), ("-1.50e-400", "-1.5e-400"),
    ("1.7976931348623157e309", "1.7976931348623157e+309"), ("0e999", "0"), ("5e-324", "5e-324"),
    ("0.30000000000000004", "0.30000000000000004"), ("10.010", "10.01"), ("1200e-2", "12"), ("1e0", "1"),
    ("999999999999999999999999999999.5", "9.999999999999999999999999999995e+29"),
  ]) func isTheExactValue(_ number: String, _ expected: String) throws {
    #expect(try text(number) == expected)
  }

  /// One value written in many ways, of up to 400 digits: always one text, and another value's is another.
  @Test(arguments: UInt64(1)...30) func oneValueHasOneText(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var texts: [String: String] = [:]
    for _ in 0..<60 {
      let count = Int.random(in: 1...(Bool.random(using: &random) ? 25 : 400), using: &random)
      var digits = (0..<count).map { _ in String(Int.random(in: 0...9, using: &random)) }
      digits[0] = String(Int.random(in: 1...9, using: &random))
      digits[count - 1] = count > 1 ? String(Int.random(in: 1...9, using: &random)) : digits[0]
      let power = Int.random(in: -30...30, using: &random)
      let sign = Bool.random(using: &random) ? "-" : ""
      // digits · 10^power
      let value = digits.joined()
      var spellings = [
        "\(sign)\(value)e\(power)", "\(sign)\(value)0E\(power - 1)",
        "\(sign)\(digits[0]).\(value.dropFirst())0e+0\(power + count - 1)",
      ]
      spellings[2] = spellings[2].replacing("e+0-", with: "e-0")
      if power >= 0 {
        spellings += [
          sign + value + String(repeating: "0", count: power),
          sign + value + String(repeating: "0", count: power) + ".00",
        ]
      }
      if power < 0, -power >= count {
        spellings.append(sign + "0." + String(repeating: "0", count: -power - count) + value + "00")
      }
      let found = try spellings.map { try text($0) }
      let first = try #require(found[0])
      #expect(found.allSatisfy { $0 == first }, "seed \(seed): \(spellings) are \(found)")
      let key = "\(sign)\(value) \(power)"
      #expect(texts.updateValue(key, forKey: first) ?? key == key, "seed \(seed): \(first) is of two values")
    }
  }

  /// Of numbers that are doubles and written with as many digits as needed, it is the double's own text.
  @Test(arguments: UInt64(1)...20) func isTheShortestTextOfDoubles(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<200 {
      let x = Double(bitPattern: UInt64.random(in: 0...UInt64.max, using: &random))
      guard x.isFinite else { continue }
      #expect(try text(x.description) == ShortestText.of(x), "seed \(seed): \(x)")
    }
  }

  @Test func anExponentBeyondAllMeaningIsNone() throws {
    #expect(try text("1e999999999999999") == "1e+999999999999999")
    #expect(try text("1e1000000000000000") == nil)
  }
}
