import LeewayCore

/// What stands for bytes from outside in an index, whose entries hold at most 2.7 KB.
enum PostgreSQLKey {
  private static let longest = 255

  /// The bytes themselves up to 255 of them; longer ones are 223 of them and a SHA-256, 255 + 1 in all, which no short
  /// one has.
  static func bounded(_ bytes: [UInt8]) -> [UInt8] {
    guard bytes.count > longest else { return bytes }
    return bytes.prefix(longest + 1 - 32) + SHA256.hash(bytes).bytes
  }

  static func bounded(_ text: String) -> [UInt8] { bounded(Array(text.utf8)) }

  /// One key for several texts, whatever they hold.
  static func digest(_ parts: [String]) -> [UInt8] {
    var hash = SHA256()
    for part in parts {
      var count = UInt64(part.utf8.count).bigEndian
      withUnsafeBytes(of: &count) { hash.update($0) }
      hash.update(part)
    }
    return Array(hash.finalize().bytes)
  }
}
