import Glibc

/// From a category's bytes to its cell: open addressing, one comparison of bytes on a hit, no allocation.
///
/// `@unchecked Sendable`: nothing is written after `init`, and the memory is freed with the last reference.
final class CategoryIndex: @unchecked Sendable {
  private struct Slot {
    var hash: UInt64 = 0
    var start: Int32 = 0
    var count: Int32 = 0
    /// −1 is empty.
    var cell: Int32 = -1
  }

  private let mask: Int
  private let slots: UnsafeMutablePointer<Slot>
  private let bytes: UnsafeMutableRawPointer
  private let otherHashes: [UInt64]
  private let other: Int32
  private let unseen: Int32

  init(_ domain: CategoricalDomain) {
    var capacity = 16
    while capacity < domain.categories.count * 2 { capacity *= 2 }
    mask = capacity - 1
    slots = .allocate(capacity: capacity)
    slots.initialize(repeating: Slot(), count: capacity)
    bytes = .allocate(byteCount: max(1, domain.categories.reduce(0) { $0 + $1.utf8.count }), alignment: 8)
    otherHashes = domain.otherHashes
    other = Int32(domain.categories.count)
    unseen = other + 1
    var end = 0
    for (cell, category) in domain.categories.enumerated() {
      let start = end
      for byte in category.utf8 {
        bytes.storeBytes(of: byte, toByteOffset: end, as: UInt8.self)
        end += 1
      }
      let hash = ByteHash.hash(UnsafeRawBufferPointer(start: bytes + start, count: end - start))
      var slot = Int(truncatingIfNeeded: hash) & mask
      while slots[slot].cell >= 0 { slot = (slot + 1) & mask }
      slots[slot] = Slot(hash: hash, start: Int32(start), count: Int32(end - start), cell: Int32(cell))
    }
  }

  deinit {
    slots.deallocate()
    bytes.deallocate()
  }

  /// The cell of a text, by the rules of `CategoricalDomain`.
  func cell(of text: UnsafeRawBufferPointer) -> Int32 {
    let hash = ByteHash.hash(text)
    var index = Int(truncatingIfNeeded: hash) & mask
    while slots[index].cell >= 0 {
      let slot = slots[index]
      if slot.hash == hash, Int(slot.count) == text.count, matches(slot, text) { return slot.cell }
      index = (index + 1) & mask
    }
    return otherHashes.isEmpty ? unseen : isOther(Digest64.hash(text)) ? other : unseen
  }

  @inline(__always) private func matches(_ slot: Slot, _ text: UnsafeRawBufferPointer) -> Bool {
    guard let start = text.baseAddress else { return true }
    return memcmp(bytes + Int(slot.start), start, text.count) == 0
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

/// A fast hash for tables in memory: eight bytes at a time, mixed by full products. Not keyed and never stored: a table
/// that takes keys from outside bounds its probes.
enum ByteHash {
  @inline(__always)
  static func hash(_ text: UnsafeRawBufferPointer) -> UInt64 {
    let count = text.count
    guard let start = text.baseAddress, count > 0 else { return 0x9E37_79B9_7F4A_7C15 }
    var state = UInt64(truncatingIfNeeded: count) &* 0x9E37_79B9_7F4A_7C15
    if count >= 8 {
      var at = 0
      while at + 8 < count {
        state = mix(state ^ start.loadUnaligned(fromByteOffset: at, as: UInt64.self), 0xA076_1D64_78BD_642F)
        at += 8
      }
      return mix(state ^ start.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self), 0xE703_7ED1_A0B4_28DB)
    }
    let word: UInt64
    if count >= 4 {
      // The two halves may overlap.
      word =
        UInt64(start.loadUnaligned(as: UInt32.self)) << 32
        | UInt64(start.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self))
    } else {
      word = UInt64(text[0]) << 16 | UInt64(text[count >> 1]) << 8 | UInt64(text[count - 1])
    }
    return mix(state ^ word, 0xE703_7ED1_A0B4_28DB)
  }

  @inline(__always) private static func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    return product.high ^ product.low
  }
}
