import Glibc

/// Rows of a run, ascending by (hash of the id, id), in pieces that each fill a page of the file.
///
/// A row is, little-endian: its hash (8 bytes), the time that must have passed before it may go (8), how long the id is
/// (4) and how long the state (4; all ones: deleted), then both.
enum WaitingBlock {
  /// What fits a page of 8,192 bytes with what SQLite adds. A row that is longer is a block of its own.
  static let targetBytes = 8150
  private static let headerBytes = 24

  /// One row, in the memory that it was found in.
  struct Row {
    let hash: UInt64
    let reclaimAfter: Int64
    let id: UnsafeRawBufferPointer
    /// nil: deleted.
    let state: UnsafeRawBufferPointer?
    /// All of it as stored.
    let bytes: UnsafeRawBufferPointer

    func precedes(_ other: Row) -> Bool {
      hash != other.hash ? hash < other.hash : WaitingBlock.order(id, other.id) < 0
    }

    func isSame(as other: Row) -> Bool { hash == other.hash && WaitingBlock.order(id, other.id) == 0 }
  }

  static func append(
    hash: UInt64, reclaimAfter: Int64, id: UnsafeRawBufferPointer, state: UnsafeRawBufferPointer?, to out: inout [UInt8]
  ) {
    withUnsafeBytes(of: hash.littleEndian) { out.append(contentsOf: $0) }
    withUnsafeBytes(of: reclaimAfter.littleEndian) { out.append(contentsOf: $0) }
    withUnsafeBytes(of: UInt32(clamping: id.count).littleEndian) { out.append(contentsOf: $0) }
    let length = state.map { UInt32(clamping: $0.count) } ?? .max
    withUnsafeBytes(of: length.littleEndian) { out.append(contentsOf: $0) }
    out.append(contentsOf: id)
    if let state { out.append(contentsOf: state) }
  }

  /// The row at a position of a block; nil if the bytes are none.
  static func row(at position: Int, in block: UnsafeRawBufferPointer) -> Row? {
    guard position >= 0, block.count - position >= headerBytes else { return nil }
    func number<N: FixedWidthInteger>(_ offset: Int, _ type: N.Type) -> N {
      N(littleEndian: block.loadUnaligned(fromByteOffset: position + offset, as: type))
    }
    let idCount = Int(number(16, UInt32.self))
    let stored = number(20, UInt32.self)
    let stateCount = stored == .max ? 0 : Int(stored)
    let start = position + headerBytes
    guard block.count - start >= idCount + stateCount else { return nil }
    let middle = start + idCount
    return Row(
      hash: number(0, UInt64.self), reclaimAfter: number(8, Int64.self),
      id: UnsafeRawBufferPointer(rebasing: block[start..<middle]),
      state: stored == .max ? nil : UnsafeRawBufferPointer(rebasing: block[middle..<middle + stateCount]),
      bytes: UnsafeRawBufferPointer(rebasing: block[position..<middle + stateCount]))
  }

  /// Below 0 where `a` comes first by bytes, 0 where they are the same.
  static func order(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
    let common = min(a.count, b.count)
    if common > 0, let x = a.baseAddress, let y = b.baseAddress {
      let order = memcmp(x, y, common)
      if order != 0 { return Int(order) }
    }
    return a.count - b.count
  }
}
