import Foundation

/// JSON by the letter of RFC 8259, byte by byte and without any trick: what the decoder is held against.
indirect enum SlowJSON {
  case null
  case bool(Bool)
  /// As written.
  case number(String)
  case string([UInt8])
  case array([SlowJSON])
  case object([(key: [UInt8], value: SlowJSON)])

  /// nil if `bytes` is no JSON text.
  init?(_ bytes: [UInt8]) {
    guard String(validating: bytes, as: UTF8.self) != nil else { return nil }
    var parser = Parser(bytes: bytes)
    guard let value = parser.value() else { return nil }
    parser.space()
    guard parser.at == bytes.count else { return nil }
    self = value
  }

  /// The value at a path, the last of duplicate keys on the way; nil if there is none.
  func member(_ keys: ArraySlice<String>) -> SlowJSON? {
    guard let key = keys.first else { return self }
    guard case .object(let members) = self else { return nil }
    return members.last { $0.key.elementsEqual(key.utf8) }?.value.member(keys.dropFirst())
  }

  /// Whether a number in it, as far as it counts, is beyond every double.
  var overflows: Bool {
    switch self {
    case .number(let text): Double(text)?.isFinite == false
    case .array(let elements): elements.contains(where: \.overflows)
    case .object(let members): members.contains(where: \.value.overflows)
    default: false
    }
  }

  private struct Parser {
    let bytes: [UInt8]
    var at = 0

    var next: UInt8? { at < bytes.count ? bytes[at] : nil }

    mutating func take(_ byte: Character) -> Bool {
      guard next == byte.asciiValue else { return false }
      at += 1
      return true
    }

    mutating func space() { while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { at += 1 } }

    mutating func word(_ word: String) -> Bool {
      guard bytes[at...].starts(with: word.utf8) else { return false }
      at += word.utf8.count
      return true
    }

    mutating func value() -> SlowJSON? {
      space()
      switch next.map({ Character(UnicodeScalar($0)) }) {
      case "{": return object()
      case "[": return array()
      case "\"": return string().map { .string($0) }
      case "t": return word("true") ? .bool(true) : nil
      case "f": return word("false") ? .bool(false) : nil
      case "n": return word("null") ? .null : nil
      default: return number()
      }
    }

    mutating func object() -> SlowJSON? {
      at += 1
      var members: [(key: [UInt8], value: SlowJSON)] = []
      space()
      if take("}") { return .object([]) }
      while true {
        space()
        guard next == UInt8(ascii: "\""), let key = string() else { return nil }
        space()
        guard take(":"), let value = value() else { return nil }
        members.append((key, value))
        space()
        if take("}") { return .object(members) }
        guard take(",") else { return nil }
      }
    }

    mutating func array() -> SlowJSON? {
      at += 1
      var elements: [SlowJSON] = []
      space()
      if take("]") { return .array([]) }
      while true {
        guard let value = value() else { return nil }
        elements.append(value)
        space()
        if take("]") { return .array(elements) }
        guard take(",") else { return nil }
      }
    }

    mutating func digits() -> Bool {
      let start = at
      while let byte = next, (0x30...0x39).contains(byte) { at += 1 }
      return at > start
    }

    mutating func number() -> SlowJSON? {
      let start = at
      _ = take("-")
      if !take("0"), !digits() { return nil }
      if take("."), !digits() { return nil }
      if take("e") || take("E") {
        if !take("+") { _ = take("-") }
        guard digits() else { return nil }
      }
      return .number(String(decoding: bytes[start..<at], as: UTF8.self))
    }

    mutating func string() -> [UInt8]? {
      at += 1
      var units: [UInt16] = []
      var out: [UInt8] = []
      func flushed() -> Bool {
        guard let text = String(validating: units, as: UTF16.self) else { return false }
        out.append(contentsOf: text.utf8)
        units = []
        return true
      }
      while let byte = next {
        at += 1
        switch byte {
        case UInt8(ascii: "\""): return flushed() ? out : nil
        case 0..<0x20: return nil
        case UInt8(ascii: "\\"):
          guard let escape = next else { return nil }
          at += 1
          if escape == UInt8(ascii: "u") {
            guard at + 4 <= bytes.count else { return nil }
            let text = bytes[at..<at + 4]
            guard text.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }),
              let unit = UInt16(String(decoding: text, as: UTF8.self), radix: 16)
            else { return nil }
            at += 4
            // Surrogates pair up with what stands next to them.
            units.append(unit)
            continue
          }
          let plain: [UInt8: UInt8] = [
            0x22: 0x22, 0x5C: 0x5C, 0x2F: 0x2F, 0x62: 8, 0x66: 12, 0x6E: 10, 0x72: 13, 0x74: 9,
          ]
          guard let meant = plain[escape], flushed() else { return nil }
          out.append(meant)
        default:
          guard flushed() else { return nil }
          out.append(byte)
        }
      }
      return nil
    }
  }
}
