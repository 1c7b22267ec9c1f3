/// The text by which a number or a truth value is a category: `2`, `2.5`, `true`.
///
/// Example: 2.0 is `2`, 0.1 + 0.2 is `0.30000000000000004`, 10²¹ is `1e+21`.
package enum ShortestText {
  /// The longest text of a number in bytes.
  package static let maximumLength = 25

  /// The shortest text that reads back the same, in the form of ECMAScript's Number::toString (ECMA-262, 6.1.6.1.20),
  /// which is also RFC 8785's: integral values below 10^21 have neither fraction nor exponent, and −0 is `0`.
  /// NaN and the infinities, which JSON can't hold, read `NaN`, `Infinity` and `-Infinity`.
  package static func of(_ number: Double) -> String {
    var bytes: [UInt8] = []
    append(number, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The decimal digits.
  package static func of(_ integer: Int64) -> String { integer.description }

  /// `true` or `false`.
  package static func of(_ bool: Bool) -> String { bool ? "true" : "false" }

  /// Appends the text of ``of(_:)-(Double)``.
  package static func append(_ number: Double, to bytes: inout [UInt8]) {
    guard number.isFinite else {
      bytes.append(contentsOf: number.isNaN ? "NaN".utf8 : number < 0 ? "-Infinity".utf8 : "Infinity".utf8)
      return
    }
    // Most numbers that are categories are small integers.
    if let integer = Int64(exactly: number), integer.magnitude < 1 << 53 {
      append(integer, to: &bytes)
      return
    }
    if number < 0 { bytes.append(UInt8(ascii: "-")) }
    let decimal = Decimal(number.magnitude)
    let count = decimal.count
    // `point` digits stand before the point.
    let point = decimal.exponent + count
    func digits(_ range: Range<Int>) { for index in range { bytes.append(decimal.digits[index]) } }
    func zeros(_ count: Int) { bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: count)) }
    if (count...21).contains(point) {
      digits(0..<count)
      zeros(point - count)
    } else if (1...21).contains(point) {
      digits(0..<point)
      bytes.append(UInt8(ascii: "."))
      digits(point..<count)
    } else if (-5...0).contains(point) {
      bytes.append(contentsOf: "0.".utf8)
      zeros(-point)
      digits(0..<count)
    } else {
      digits(0..<1)
      if count > 1 {
        bytes.append(UInt8(ascii: "."))
        digits(1..<count)
      }
      bytes.append(UInt8(ascii: "e"))
      bytes.append(point > 0 ? UInt8(ascii: "+") : UInt8(ascii: "-"))
      append(Int64(abs(point - 1)), to: &bytes)
    }
  }

  /// Appends the exact value of a decimal number in the form of ``of(_:)-(Double)``, with all its digits but zeros that mean
  /// nothing: `1e2` and `100.0` are `100`, `2.10` is `2.1`, `-0` is `0`, and 10²¹ + 1 is `1.000000000000000000001e+21`.
  ///
  /// - Parameter text: by the grammar of JSON, RFC 8259.
  /// - Returns: false, and nothing is appended, if the exponent has more than 15 digits.
  package static func append(decimal text: UnsafeRawBufferPointer, to bytes: inout [UInt8]) -> Bool {
    let isNegative = text.first == UInt8(ascii: "-")
    // Significant digits are text[first...last], with perhaps a point between them.
    var (first, last, point) = (-1, -1, text.count)
    var index = isNegative ? 1 : 0
    let start = index
    while index < text.count, text[index] | 0x20 != UInt8(ascii: "e") {
      if text[index] == UInt8(ascii: ".") {
        point = index
      } else if text[index] != UInt8(ascii: "0") {
        if first < 0 { first = index }
        last = index
      }
      index += 1
    }
    if point > index { point = index }
    guard first >= 0 else {
      bytes.append(UInt8(ascii: "0"))
      return true
    }
    precondition(start < index)
    guard let exponent = exponent(text[index...]) else { return false }
    // As in Number::toString: k digits, of which n stand before the point.
    let k = last - first + 1 - (first < point && point < last ? 1 : 0)
    let n = point - first + (first > point ? 1 : 0) + exponent
    if isNegative { bytes.append(UInt8(ascii: "-")) }
    func digits(from: Int, to: Int) {
      var place = 0
      for i in first...last where i != point {
        if place >= from, place < to { bytes.append(text[i]) }
        place += 1
      }
    }
    func zeros(_ count: Int) { bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: count)) }
    if n <= 21, k <= n {
      digits(from: 0, to: k)
      zeros(n - k)
    } else if n > 0, n <= 21 {
      digits(from: 0, to: n)
      bytes.append(UInt8(ascii: "."))
      digits(from: n, to: k)
    } else if n > -6, n <= 0 {
      bytes.append(contentsOf: "0.".utf8)
      zeros(-n)
      digits(from: 0, to: k)
    } else {
      digits(from: 0, to: 1)
      if k > 1 {
        bytes.append(UInt8(ascii: "."))
        digits(from: 1, to: k)
      }
      bytes.append(UInt8(ascii: "e"))
      bytes.append(n > 0 ? UInt8(ascii: "+") : UInt8(ascii: "-"))
      append(Int64(abs(n - 1)), to: &bytes)
    }
    return true
  }

  /// The exponent that follows a number's digits, 0 without one; nil if it has more than 15 digits.
  private static func exponent(_ text: Swift.Slice<UnsafeRawBufferPointer>) -> Int? {
    var rest = text.dropFirst()
    let isNegative = rest.first == UInt8(ascii: "-")
    if isNegative || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
    rest = rest.drop { $0 == UInt8(ascii: "0") }
    guard rest.count <= 15 else { return nil }
    let value = rest.reduce(0) { $0 * 10 + Int($1 & 0x0F) }
    return isNegative ? -value : value
  }

  /// Appends the decimal digits.
  package static func append(_ integer: Int64, to bytes: inout [UInt8]) {
    if integer < 0 { bytes.append(UInt8(ascii: "-")) }
    append(integer.magnitude, to: &bytes)
  }

  /// Appends the decimal digits.
  package static func append(_ integer: UInt64, to bytes: inout [UInt8]) {
    var rest = integer
    let start = bytes.count
    repeat {
      bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
      rest /= 10
    } while rest > 0
    bytes[start...].reverse()
  }

  /// The part of a category's text that counts: text matching `-?(0|[1-9][0-9]*)\.0+` without its fraction, any other
  /// text whole. `2.00` and `2` are one category; `02.0`, `2.10` and `2.` stay as they are.
  package static func withoutZeroFraction(_ text: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    // Hardly any text ends in 0, so most leave here.
    guard text.last == UInt8(ascii: "0") else { return text }
    var end = text.count
    while end > 0, text[end - 1] == UInt8(ascii: "0") { end -= 1 }
    guard end > 0, text[end - 1] == UInt8(ascii: ".") else { return text }
    let point = end - 1
    let first = text[0] == UInt8(ascii: "-") ? 1 : 0
    guard first < point, text[first] != UInt8(ascii: "0") || point == first + 1 else { return text }
    for index in first..<point where !(0x30...0x39).contains(text[index]) { return text }
    return UnsafeRawBufferPointer(rebasing: text[..<point])
  }
}

/// The shortest decimal digits of a positive number: its value is the digits, as an integer, times 10^exponent.
private struct Decimal {
  var digits = InlineArray<20, UInt8>(repeating: 0)
  var count = 0
  var exponent = 0

  /// Takes apart Swift's own description, whose digits are the shortest and of the shortest the nearest.
  init(_ number: Double) {
    var description = number.description
    description.withUTF8 { text in
      var isFraction = false
      var index = 0
      while index < text.count, text[index] != UInt8(ascii: "e") {
        if text[index] == UInt8(ascii: ".") {
          isFraction = true
        } else {
          if isFraction { exponent -= 1 }
          // Leading zeros don't count.
          if count > 0 || text[index] != UInt8(ascii: "0") {
            digits[count] = text[index]
            count += 1
          }
        }
        index += 1
      }
      if index < text.count {
        let isNegative = text[index + 1] == UInt8(ascii: "-")
        var written = 0
        for byte in text[(index + 1)...] where (0x30...0x39).contains(byte) {
          written = written * 10 + Int(byte - 0x30)
        }
        exponent += isNegative ? -written : written
      }
    }
    while count > 1, digits[count - 1] == UInt8(ascii: "0") {
      count -= 1
      exponent += 1
    }
  }
}
