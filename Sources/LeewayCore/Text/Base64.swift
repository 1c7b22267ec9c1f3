/// Bytes as text of 64 characters with padding (RFC 4648, section 4).
enum Base64 {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  private static let values: [UInt8] = {
    var values = [UInt8](repeating: 0xFF, count: 256)
    for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
    return values
  }()

  static func encoded(_ bytes: [UInt8]) -> String {
    var out: [UInt8] = []
    out.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let part = bytes[start..<min(start + 3, bytes.count)]
      var word = part.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      word <<= UInt32(8 * (3 - part.count))
      for place in 0..<4 {
        let isPadding = place > part.count
        out.append(isPadding ? UInt8(ascii: "=") : alphabet[Int(word >> UInt32(18 - 6 * place) & 0x3F)])
      }
    }
    return String(decoding: out, as: UTF8.self)
  }

  /// nil for what `encoded` cannot have written.
  static func decoded(_ text: String) -> [UInt8]? {
    let characters = Array(text.utf8)
    guard characters.count % 4 == 0 else { return nil }
    var out: [UInt8] = []
    out.reserveCapacity(characters.count / 4 * 3)
    for start in stride(from: 0, to: characters.count, by: 4) {
      let isLast = start + 4 == characters.count
      let padding = isLast ? characters[start..<start + 4].reversed().prefix { $0 == UInt8(ascii: "=") }.count : 0
      guard padding <= 2 else { return nil }
      var word: UInt32 = 0
      for character in characters[start..<start + 4 - padding] {
        let value = values[Int(character)]
        guard value != 0xFF else { return nil }
        word = word << 6 | UInt32(value)
      }
      word <<= UInt32(6 * padding)
      // Bits behind the last byte are 0.
      guard padding == 0 || word & (1 << UInt32(8 * padding) - 1) == 0 else { return nil }
      for place in 0..<3 - padding { out.append(UInt8(truncatingIfNeeded: word >> UInt32(16 - 8 * place))) }
    }
    return out
  }
}
