/// The canonical text of JSON values (RFC 8785): members sorted by their keys' UTF-16, numbers as ECMAScript prints
/// them, the fewest escapes. Equal values have equal bytes, so labels are compared by it.
///
/// As RFC 8785 has it, every number is a Double: integers beyond 2^53 are rounded to one.
package enum CanonicalJSON {
  /// The canonical text.
  package static func text(of value: JSONValue) -> String { String(decoding: bytes(of: value), as: UTF8.self) }

  /// The canonical text of a number; of NaN and the infinities, `null`.
  package static func text(of number: Double) -> String {
    var bytes: [UInt8] = []
    append(number, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The canonical text in UTF-8.
  package static func bytes(of value: JSONValue) -> [UInt8] {
    var bytes: [UInt8] = []
    append(value, to: &bytes)
    return bytes
  }

  /// Appends the canonical text. NaN and the infinities, which no parsed value holds, become null.
  package static func append(_ value: JSONValue, to bytes: inout [UInt8]) {
    switch value {
    case .null: bytes.append(contentsOf: "null".utf8)
    case .bool(let bool): bytes.append(contentsOf: bool ? "true".utf8 : "false".utf8)
    case .integer(let integer): append(integer, to: &bytes)
    case .number(let number): append(number, to: &bytes)
    case .string(let string): JSONWriter.appendQuoted(string, to: &bytes)
    case .array(let elements):
      bytes.append(UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        append(element, to: &bytes)
      }
      bytes.append(UInt8(ascii: "]"))
    case .object(let members):
      bytes.append(UInt8(ascii: "{"))
      let sorted = members.sorted { $0.key.utf16.lexicographicallyPrecedes($1.key.utf16) }
      for (index, member) in sorted.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        JSONWriter.appendQuoted(member.key, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        append(member.value, to: &bytes)
      }
      bytes.append(UInt8(ascii: "}"))
    }
  }

  /// Appends the canonical text of a number; of NaN and the infinities, `null`.
  package static func append(_ number: Double, to bytes: inout [UInt8]) {
    if number.isFinite {
      ShortestText.append(number, to: &bytes)
    } else {
      bytes.append(contentsOf: "null".utf8)
    }
  }

  /// Appends the canonical text of an integer.
  package static func append(_ integer: Int64, to bytes: inout [UInt8]) {
    if integer.magnitude <= 1 << 53 {
      ShortestText.append(integer, to: &bytes)
    } else {
      ShortestText.append(Double(integer), to: &bytes)
    }
  }
}
