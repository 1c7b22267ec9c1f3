/// Builds JSON text (RFC 8259), byte by byte and without white space.
///
/// Commas come by themselves. Whether brackets match and keys stand before values is the caller's to get right.
package struct JSONWriter: Sendable {
  /// The text so far, in UTF-8.
  package private(set) var bytes: [UInt8] = []
  private var needsComma = false

  package init(capacity: Int = 256) { bytes.reserveCapacity(capacity) }

  /// The text so far.
  package var text: String { String(decoding: bytes, as: UTF8.self) }

  /// Empties the text and keeps its memory.
  package mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    needsComma = false
  }

  package mutating func beginObject() { open("{") }
  package mutating func endObject() { close("}") }
  package mutating func beginArray() { open("[") }
  package mutating func endArray() { close("]") }

  /// The key of the value that is written next.
  package mutating func key(_ key: String) {
    separate()
    Self.appendQuoted(key, to: &bytes)
    bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  /// The key, in UTF-8, of the value that is written next.
  package mutating func key(_ key: UnsafeRawBufferPointer) {
    separate()
    Self.appendQuoted(key, to: &bytes)
    bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  package mutating func string(_ string: String) {
    separate()
    Self.appendQuoted(string, to: &bytes)
  }

  /// A string given as UTF-8.
  package mutating func string(_ utf8: UnsafeRawBufferPointer) {
    separate()
    Self.appendQuoted(utf8, to: &bytes)
  }

  package mutating func number(_ number: Int64) {
    separate()
    ShortestText.append(number, to: &bytes)
  }

  package mutating func number(_ number: Int) { self.number(Int64(number)) }

  /// The shortest text that reads back the same; integral values keep a fraction (`0.0`), so that a reader sees what
  /// is a measure and what a count. NaN and the infinities, which JSON lacks, become null.
  package mutating func number(_ number: Double) {
    separate()
    if number.isFinite {
      bytes.append(contentsOf: number.description.utf8)
    } else {
      bytes.append(contentsOf: "null".utf8)
    }
  }

  /// The number, or null where it is undefined.
  package mutating func number(_ number: Double?) { self.number(number ?? .nan) }

  package mutating func bool(_ bool: Bool) {
    separate()
    bytes.append(contentsOf: bool ? "true".utf8 : "false".utf8)
  }

  package mutating func null() {
    separate()
    bytes.append(contentsOf: "null".utf8)
  }

  /// An event time as RFC 3339 text.
  package mutating func time(_ time: EventTime) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    time.appendText(to: &bytes)
    bytes.append(UInt8(ascii: "\""))
  }

  /// A value that is JSON already.
  package mutating func raw(_ json: some Collection<UInt8>) {
    separate()
    bytes.append(contentsOf: json)
  }

  /// A tree, its members in their own order.
  package mutating func value(_ value: JSONValue) {
    switch value {
    case .null: null()
    case .bool(let bool): self.bool(bool)
    case .integer(let integer): number(integer)
    case .number(let number): self.number(number)
    case .string(let string): self.string(string)
    case .array(let elements):
      beginArray()
      for element in elements { self.value(element) }
      endArray()
    case .object(let members):
      beginObject()
      for member in members {
        key(member.key)
        self.value(member.value)
      }
      endObject()
    }
  }

  /// Ends a line, and what comes next is a document of its own (JSON Lines).
  package mutating func endLine() {
    bytes.append(UInt8(ascii: "\n"))
    needsComma = false
  }

  private mutating func separate() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
    needsComma = true
  }

  private mutating func open(_ bracket: Unicode.Scalar) {
    separate()
    bytes.append(UInt8(ascii: bracket))
    needsComma = false
  }

  private mutating func close(_ bracket: Unicode.Scalar) {
    bytes.append(UInt8(ascii: bracket))
    needsComma = true
  }
}

extension JSONWriter {
  /// Appends a string in quotes: `"`, `\` and control characters escaped as RFC 8785 has it, the rest as it is.
  static func appendQuoted(_ string: String, to bytes: inout [UInt8]) {
    var string = string
    string.withUTF8 { appendQuoted(UnsafeRawBufferPointer($0), to: &bytes) }
  }

  static func appendQuoted(_ utf8: UnsafeRawBufferPointer, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    var start = 0
    for index in utf8.indices {
      let byte = utf8[index]
      guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
      bytes.append(contentsOf: utf8[start..<index])
      start = index + 1
      bytes.append(UInt8(ascii: "\\"))
      switch byte {
      case 0x08: bytes.append(UInt8(ascii: "b"))
      case 0x09: bytes.append(UInt8(ascii: "t"))
      case 0x0A: bytes.append(UInt8(ascii: "n"))
      case 0x0C: bytes.append(UInt8(ascii: "f"))
      case 0x0D: bytes.append(UInt8(ascii: "r"))
      case 0..<0x20:
        bytes.append(contentsOf: "u00".utf8)
        bytes.append(byte < 0x10 ? UInt8(ascii: "0") : UInt8(ascii: "1"))
        let low = byte & 15
        bytes.append(low < 10 ? UInt8(ascii: "0") + low : UInt8(ascii: "a") + low - 10)
      default: bytes.append(byte)
      }
    }
    bytes.append(contentsOf: utf8[start...])
    bytes.append(UInt8(ascii: "\""))
  }
}
