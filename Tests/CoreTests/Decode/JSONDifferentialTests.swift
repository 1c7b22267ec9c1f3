import LeewayTestSupport
import Testing

@testable import LeewayCore

/// Random documents, whole and damaged, read by the decoder, by simdjson's own parser and by a slow one: accepted by all
/// or by none, and with the same values.
@Suite struct JSONDifferentialTests {
  private static let paths = [
    "a", "b", "o", "o.a", "o.p.a", "o.p.b", "f00", "a_key_of_more_than_sixteen_bytes", "größe", "a\"b", "a",
  ]

  @Test(arguments: 0..<8) func agreesWithASlowParser(_ part: Int) throws {
    let seed = 0xd1ff_0000 + UInt64(part)
    var random = SeededGenerator(seed: seed)
    let fields = try Self.paths.map { try FieldPath($0) }
    let extractor = JSONExtractor(fields: fields)
    var accepted = 0
    for round in 0..<1_500 {
      var bytes = Array(document(using: &random).utf8)
      if round % 3 > 0 {
        for _ in 0..<Int.random(in: 1...2, using: &random) { damage(&bytes, using: &random) }
      }
      let slow = SlowJSON(bytes)
      let taken = (try? extractor.read(bytes)) != nil
      let text = String(decoding: bytes, as: UTF8.self)
      guard case .object? = slow else {
        #expect(!taken, "seed \(seed), round \(round): \(text)")
        continue
      }
      #expect(taken, "seed \(seed), round \(round): \(text)")
      accepted += 1
      for (slot, field) in fields.enumerated() where taken {
        let expected = slow?.member(field.keys[...])
        #expect(matches(extractor[slot], expected), "seed \(seed), round \(round), \(field): \(text)")
      }
      // The tree is built by the other way through the library.
      let tree = (try? JSONValue(parsing: bytes)) != nil
      #expect(tree != (slow?.overflows == true), "seed \(seed), round \(round): \(text)")
    }
    #expect(accepted > 500 && accepted < 1_400, "damage that always or never shows tests nothing")
  }

  private func matches(_ found: FieldValue, _ expected: SlowJSON?) -> Bool {
    switch expected {
    case nil: return found.kind == .absent
    case .null?: return found.kind == .null
    case .bool(let bool)?: return found.bool == bool
    case .string(let bytes)?: return found.text.map { $0.elementsEqual(bytes) } ?? false
    case .array?: return found.kind == .array
    case .object?: return found.kind == .object
    case .number(let text)?:
      if let integer = Int64(text) { return found.int64 == integer }
      if let large = UInt64(text) { return found.uint64 == large }
      guard let number = Double(text), number.isFinite else { return found.kind == .overflow }
      return found.kind == .double && found.double?.bitPattern == number.bitPattern
    }
  }

  /// Every way in which a number may be written must give the nearest double.
  @Test(arguments: 0..<4) func numbersAreTheNearestDoubles(_ part: Int) throws {
    let seed = 0x0f_10a7 + UInt64(part)
    var random = SeededGenerator(seed: seed)
    let extractor = JSONExtractor(fields: [try FieldPath("n")])
    var texts = [
      "0.1", "0.30000000000000004", "9007199254740993.0", "9007199254740992.5", "9007199254740993.5",
      "4503599627370497.5",
      "1844674407370955161.5", "0.9999999999999999999", "1.7976931348623157e308", "5e-324", "2.2250738585072014e-308",
      "123456789012345678e-19", "0.000000000000000000000001", "1e22", "1e23", "8.5e22", "100000000000000000000000.0",
      "9999999999999999999", "18446744073709551615", "9223372036854775807", "9223372036854775808",
      "-9223372036854775808", "-0", "-0.0", "0e5", "1.0000000", "12345678.12345678", "1234567.1234567",
    ]
    for _ in 0..<5_000 { texts.append(number(using: &random)) }
    for text in texts {
      for json in ["{\"n\":\(text)}", "{\"n\":\(text) }", "{\"n\":\(text),\"x\":[\(text)]}"] {
        try extractor.read(json)
        #expect(matches(extractor[0], .number(text)), "seed \(seed): \(text)")
      }
    }
  }

  // MARK: Random JSON

  private func document(using random: inout SeededGenerator) -> String {
    object(depth: 0, using: &random)
  }

  private func object(depth: Int, using random: inout SeededGenerator) -> String {
    let keys = [
      "a", "b", "o", "p", "f00", "a_key_of_more_than_sixteen_bytes", "a_key_of_more_than_sixteen_bytez", "größe",
      "a\\\"b",
      "\\u0061", "gr\\u00f6\\u00DFe", "", "f0", "f000", "x\\n", "\\uD83D\\uDE00", "id", "another key with spaces",
      "a\\\\",
    ]
    var members = (0..<Int.random(in: 0...8, using: &random)).map { _ in
      "\"\(keys[Int.random(in: 0..<keys.count, using: &random)])\"\(space(&random)):\(value(depth: depth, using: &random))"
    }
    // Often in one order, as a producer writes.
    if Bool.random(using: &random) { members.sort() }
    return "{\(space(&random))" + members.joined(separator: "\(space(&random)),\(space(&random))")
      + "\(space(&random))}"
  }

  private func value(depth: Int, using random: inout SeededGenerator) -> String {
    let text: String
    switch Int.random(in: 0..<(depth < 4 ? 12 : 9), using: &random) {
    case 0: text = ["true", "false", "null"][Int.random(in: 0..<3, using: &random)]
    case 1...4: text = number(using: &random)
    case 5...7: text = string(using: &random)
    case 8: text = ["{}", "[]", "[[]]", "1e400", "-3.5e400"][Int.random(in: 0..<5, using: &random)]
    case 9, 10: text = object(depth: depth + 1, using: &random)
    default:
      let elements = (0..<Int.random(in: 0...4, using: &random)).map { _ in value(depth: depth + 1, using: &random) }
      text = "[" + elements.joined(separator: ",") + "]"
    }
    return space(&random) + text + space(&random)
  }

  private func number(using random: inout SeededGenerator) -> String {
    func digits(_ count: ClosedRange<Int>) -> String {
      String(
        (0..<Int.random(in: count, using: &random)).map { _ in Character("\(Int.random(in: 0...9, using: &random))") })
    }
    let sign = Bool.random(using: &random) ? "-" : ""
    func whole(_ most: Int) -> String {
      Bool.random(using: &random) ? "0" : "\(Int.random(in: 1...9, using: &random))" + digits(0...most)
    }
    switch Int.random(in: 0..<8, using: &random) {
    case 0: return sign + whole(5)
    case 1: return sign + whole(21)
    case 2: return sign + whole(3) + "." + digits(1...7)
    case 3: return sign + whole(8) + "." + digits(1...20)
    case 4:
      return sign + whole(2) + "." + digits(1...3) + "e" + ["", "+", "-"][Int.random(in: 0..<3, using: &random)]
        + digits(1...2)
    case 5: return sign + whole(20) + "E-" + digits(1...3)
    case 6:
      return Double(bitPattern: 0x3F00_0000_0000_0000 + UInt64.random(in: 0..<1 << 57, using: &random)).description
    default: return sign + "0." + digits(16...19)
    }
  }

  private func string(using random: inout SeededGenerator) -> String {
    let pieces = [
      "a", "text of some length", "é", "😀", "\\n", "\\\"", "\\\\", "\\/", "\\u00e9", "\\ud83d\\ude00", "\\u0000", " ",
      "{",
      "]", ":", ",", "\\b\\f\\r\\t", "0123456789abcdef0123456789abcdef",
    ]
    return "\""
      + (0..<Int.random(in: 0...4, using: &random)).map { _ in pieces[Int.random(in: 0..<pieces.count, using: &random)]
      }
      .joined() + "\""
  }

  private func space(_ random: inout SeededGenerator) -> String {
    Int.random(in: 0..<12, using: &random) == 0
      ? [" ", "\n", "\t\r\n ", String(repeating: " ", count: 70)][Int.random(in: 0..<4, using: &random)] : ""
  }

  private func damage(_ bytes: inout [UInt8], using random: inout SeededGenerator) {
    let tokens = [
      "{", "}", "[", "]", ",", ":", "\"", "\\", "0", "1", "-", ".", "e", "E+", "null", "tru", "\\u12", "\\ud800", " ",
      "\n",
      "\"a\":1,", "1 2", "\"", "\u{1}",
    ]
    guard !bytes.isEmpty else { return }
    let index = Int.random(in: 0..<bytes.count, using: &random)
    switch Int.random(in: 0..<5, using: &random) {
    case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
    case 1: bytes.remove(at: index)
    case 2: bytes.insert(contentsOf: tokens[Int.random(in: 0..<tokens.count, using: &random)].utf8, at: index)
    case 3: bytes.swapAt(index, Int.random(in: 0..<bytes.count, using: &random))
    default: bytes.removeSubrange(index..<min(bytes.count, index + Int.random(in: 1...6, using: &random)))
    }
  }
}
