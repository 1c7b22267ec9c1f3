/// Says of a hash that a run does not have it, or that it may: a Bloom filter in blocks of a cache line (Putze, Sanders
/// and Singler 2007), two bytes a row. About 1 of 400 hashes that a run does not have may be there.
///
/// The high bits of a hash choose the line, so looking up ascending hashes walks through memory from front to back.
struct WaitingFilter {
  private static let lineWords = 8
  /// Blocks of 64 bytes; a multiple of `lineWords`, and never none.
  private(set) var words: [UInt64]

  /// - Parameter rows: at most so many are inserted.
  init(rows: Int) {
    words = Array(repeating: 0, count: max(1, (rows + 31) / 32) * Self.lineWords)
  }

  /// nil if these are no filter's words.
  init?(words: [UInt64]) {
    guard !words.isEmpty, words.count.isMultiple(of: Self.lineWords) else { return nil }
    self.words = words
  }

  mutating func insert(_ hash: UInt64) {
    let line = line(of: hash)
    var probe = Self.probe(hash)
    for _ in 0..<6 {
      words[line + Int(probe >> 61)] |= 1 << (probe >> 55 & 63)
      probe <<= 9
    }
  }

  func mayContain(_ hash: UInt64) -> Bool {
    let line = line(of: hash)
    var probe = Self.probe(hash)
    for _ in 0..<6 {
      if words[line + Int(probe >> 61)] & 1 << (probe >> 55 & 63) == 0 { return false }
      probe <<= 9
    }
    return true
  }

  private func line(of hash: UInt64) -> Int {
    let lines = UInt64(truncatingIfNeeded: words.count / Self.lineWords)
    return Int(truncatingIfNeeded: hash.multipliedFullWidth(by: lines).high) * Self.lineWords
  }

  /// 54 bits of it are used, nine for each of six bits in the line.
  private static func probe(_ hash: UInt64) -> UInt64 {
    let mixed = hash &* 0x9e37_79b9_7f4a_7c15
    return mixed ^ mixed >> 32
  }
}
