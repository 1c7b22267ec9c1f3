import LeewayCore

/// Counts categories exactly up to a limit of distinct ones; beyond it new ones are only known to exist.
struct CategoryCounter {
  /// Kept by name in the baseline, and further ones only by hash.
  static let maximumHashes = 1_000_000

  private let kept: Int
  private(set) var counts: [[UInt8]: Int64] = [:]
  private(set) var overflowed = false

  init(kept: Int = 1000) { self.kept = kept }

  mutating func count(_ text: UnsafeRawBufferPointer) {
    let key = Array(text)
    if counts[key] != nil {
      counts[key]! += 1
    } else if counts.count < kept + Self.maximumHashes {
      counts[key] = 1
    } else {
      overflowed = true
    }
  }

  /// By count descending, then by bytes.
  var ranked: [[UInt8]] {
    counts.sorted { $0.value != $1.value ? $0.value > $1.value : $0.key.lexicographicallyPrecedes($1.key) }.map(\.key)
  }

  var domain: CategoricalDomain {
    let ranked = self.ranked
    // Bytes that are not UTF-8 make no category: their text would read back as another.
    let named = ranked.prefix(kept).map { String(decoding: $0, as: UTF8.self) }
    let hashes = ranked.dropFirst(kept).map { Digest64.hash($0) }
    return CategoricalDomain(
      categories: named, otherHashes: Set(hashes).sorted(), overflowed: overflowed)
  }

  func mostFrequent(_ limit: Int) -> [String] { ranked.prefix(limit).map { String(decoding: $0, as: UTF8.self) } }
}
