/// A stored null or fold is damaged, of a newer version, or of other streams.
package struct ShiftDamaged: Error, Sendable, Equatable, CustomStringConvertible {
  package var reason: String
  package init(reason: String) { self.reason = reason }

  package var description: String { "stored shift is damaged: \(reason)" }
}

/// Writes numbers: whole ones as LEB128 (signed ones zigzag), doubles as IEEE 754, least byte first.
struct ShiftWriter {
  private(set) var bytes: [UInt8] = []

  init(version: UInt8, capacity: Int) {
    bytes.reserveCapacity(capacity)
    bytes.append(version)
  }

  mutating func whole(_ number: Int) {
    var rest = UInt64(bitPattern: Int64((number << 1) ^ (number >> 63)))
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  mutating func number(_ number: Double) {
    withUnsafeBytes(of: number.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
  }

  /// So many numbers, without their count.
  mutating func numbers(_ numbers: [Double]) {
    for number in numbers { self.number(number) }
  }

  mutating func text(_ text: String) {
    whole(text.utf8.count)
    bytes.append(contentsOf: text.utf8)
  }
}

/// Reads what `ShiftWriter` wrote; every read checks, none traps.
struct ShiftReader {
  private let bytes: [UInt8]
  private var position = 1

  init(_ bytes: [UInt8], version: UInt8) throws(ShiftDamaged) {
    guard bytes.first == version else { throw ShiftDamaged(reason: "unknown format version") }
    self.bytes = bytes
  }

  /// Bytes that are left.
  var left: Int { bytes.count - position }

  func end() throws(ShiftDamaged) {
    guard left == 0 else { throw ShiftDamaged(reason: "bytes left over") }
  }

  mutating func whole(in range: ClosedRange<Int>) throws(ShiftDamaged) -> Int {
    var bits: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      guard position < bytes.count, shift < 64 else { throw ShiftDamaged(reason: "cut off") }
      let byte = bytes[position]
      position += 1
      bits |= UInt64(byte & 0x7f) << shift
      // The tenth byte has room for one bit; no number ends with an empty byte.
      guard shift < 63 || byte <= 1, shift == 0 || byte != 0 else { throw ShiftDamaged(reason: "bad number") }
      if byte < 0x80 { break }
      shift += 7
    }
    let number = Int(Int64(bitPattern: bits >> 1) ^ -Int64(bitPattern: bits & 1))
    guard range.contains(number) else { throw ShiftDamaged(reason: "number out of range") }
    return number
  }

  /// Any number but NaN, within `range`.
  mutating func number(
    in range: ClosedRange<Double> = -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude
  ) throws(ShiftDamaged) -> Double {
    guard left >= 8 else { throw ShiftDamaged(reason: "cut off") }
    var bits: UInt64 = 0
    for index in (position..<position + 8).reversed() { bits = bits << 8 | UInt64(bytes[index]) }
    position += 8
    let number = Double(bitPattern: bits)
    // NaN is in no range.
    guard range.contains(number) else { throw ShiftDamaged(reason: "number out of range") }
    return number
  }

  mutating func numbers(
    _ count: Int, in range: ClosedRange<Double> = -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude
  ) throws(ShiftDamaged) -> [Double] {
    // Before room is made for them.
    guard count <= left / 8 else { throw ShiftDamaged(reason: "cut off") }
    var out: [Double] = []
    out.reserveCapacity(count)
    for _ in 0..<count { out.append(try number(in: range)) }
    return out
  }

  mutating func text() throws(ShiftDamaged) -> String {
    let count = try whole(in: 0...left)
    guard count <= left, let text = String(validating: bytes[position..<position + count], as: UTF8.self) else {
      throw ShiftDamaged(reason: "bad text")
    }
    position += count
    return text
  }
}

extension ClosedRange where Bound == Double {
  /// Above 0 and finite.
  static var positive: ClosedRange { Double.leastNonzeroMagnitude...Double.greatestFiniteMagnitude }
  /// 0 or more, with infinity.
  static var notNegative: ClosedRange { 0...Double.infinity }
}
