/// From a category's bytes to its cell: open addressing on a fixed hash, one comparison of bytes on a hit, no
/// allocation.
struct CategoryIndex: Sendable {
  private let mask: Int
  /// −1 is empty.
  private let slots: [Int32]
  private let hashes: [UInt64]
  private let starts: [Int32]
  private let bytes: [UInt8]
  private let otherHashes: [UInt64]
  private let other: Int32
  private let unseen: Int32

  init(_ domain: CategoricalDomain) {
    var capacity = 16
    while capacity < domain.categories.count * 2 { capacity *= 2 }
    var slots = [Int32](repeating: -1, count: capacity)
    var hashes: [UInt64] = []
    var starts: [Int32] = [0]
    var bytes: [UInt8] = []
    for (i, category) in domain.categories.enumerated() {
      let text = Array(category.utf8)
      let hash = text.withUnsafeBytes { Digest64.hash($0) }
      hashes.append(hash)
      bytes.append(contentsOf: text)
      starts.append(Int32(bytes.count))
      var slot = Int(truncatingIfNeeded: hash) & (capacity - 1)
      while slots[slot] >= 0 { slot = (slot + 1) & (capacity - 1) }
      slots[slot] = Int32(i)
    }
    self.mask = capacity - 1
    self.slots = slots
    self.hashes = hashes
    self.starts = starts
    self.bytes = bytes
    otherHashes = domain.otherHashes
    other = Int32(domain.categories.count)
    unseen = other + 1
  }

  /// The cell of a text, by the rules of `CategoricalDomain`.
  func cell(of text: UnsafeRawBufferPointer) -> Int32 {
    let hash = Digest64.hash(text)
    var slot = Int(truncatingIfNeeded: hash) & mask
    while slots[slot] >= 0 {
      let i = Int(slots[slot])
      if hashes[i] == hash, matches(i, text) { return Int32(i) }
      slot = (slot + 1) & mask
    }
    return isOther(hash) ? other : unseen
  }

  private func matches(_ i: Int, _ text: UnsafeRawBufferPointer) -> Bool {
    let start = Int(starts[i])
    guard Int(starts[i + 1]) - start == text.count else { return false }
    return bytes.withUnsafeBytes {
      UnsafeRawBufferPointer(rebasing: $0[start..<start + text.count]).elementsEqual(text)
    }
  }

  private func isOther(_ hash: UInt64) -> Bool {
    var low = 0
    var high = otherHashes.count
    while low < high {
      let middle = (low + high) / 2
      if otherHashes[middle] < hash { low = middle + 1 } else { high = middle }
    }
    return low < otherHashes.count && otherHashes[low] == hash
  }
}
