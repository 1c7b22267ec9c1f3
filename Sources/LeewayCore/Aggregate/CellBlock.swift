/// Integer accumulators of one pane or window and slice: the only state of a distribution. Blocks of one shape add and
/// subtract exactly, in any order, so panes merge into windows and corrections take back what they gave.
///
/// What each entry means is said by a layout (`DriftLayout`, `PerformanceLayout`).
package struct CellBlock: Sendable, Equatable {
  package struct Shape: Sendable, Equatable {
    package var counts: Int
    package var sums: Int
    package var squares: Int

    package init(counts: Int, sums: Int, squares: Int) {
      self.counts = counts
      self.sums = sums
      self.squares = squares
    }
  }

  package var counts: [Int64]
  package var sums: [Int128]
  package var squares: [Int192]

  /// More messages than a window can hold: a million a second for nine years. Sums of counts below it stay far from the
  /// end of 64 bits.
  static let maximumCount: Int64 = 1 << 48

  package init(_ shape: Shape) {
    counts = Array(repeating: 0, count: shape.counts)
    sums = Array(repeating: 0, count: shape.sums)
    squares = Array(repeating: .zero, count: shape.squares)
  }

  package var shape: Shape { Shape(counts: counts.count, sums: sums.count, squares: squares.count) }

  package static func += (a: inout CellBlock, b: CellBlock) {
    precondition(a.shape == b.shape, "blocks of different layouts")
    for i in a.counts.indices { a.counts[i] &+= b.counts[i] }
    for i in a.sums.indices { a.sums[i] &+= b.sums[i] }
    for i in a.squares.indices { a.squares[i] += b.squares[i] }
  }

  package static func -= (a: inout CellBlock, b: CellBlock) {
    precondition(a.shape == b.shape, "blocks of different layouts")
    for i in a.counts.indices { a.counts[i] &-= b.counts[i] }
    for i in a.sums.indices { a.sums[i] &-= b.sums[i] }
    for i in a.squares.indices { a.squares[i] -= b.squares[i] }
  }

  mutating func clear() {
    for i in counts.indices { counts[i] = 0 }
    for i in sums.indices { sums[i] = 0 }
    for i in squares.indices { squares[i] = .zero }
  }

  package var isZero: Bool {
    counts.allSatisfy { $0 == 0 } && sums.allSatisfy { $0 == 0 } && squares.allSatisfy(\.isZero)
  }

  /// Bytes held while resident.
  package var residentBytes: Int { counts.count * 8 + sums.count * 16 + squares.count * 32 }
}

// MARK: - Stored form

/// A stored block is damaged or of another layout.
package struct CellBlockDamaged: Error, CustomStringConvertible {
  package var reason: String
  package var description: String { "stored pane is damaged: \(reason)" }
}

extension CellBlock {
  static let formatVersion: UInt8 = 1

  /// Sparse: a version byte, then for counts, sums and squares the number of entries that are not 0 and for each the
  /// gap to it and its zigzag value, all as LEB128 varints.
  package func encoded() -> [UInt8] {
    var out: [UInt8] = [Self.formatVersion]
    out.reserveCapacity(1024)
    Self.encode(counts, isZero: { $0 == 0 }, into: &out) { Varint.append(zigzag: $0, to: &$1) }
    Self.encode(sums, isZero: { $0 == 0 }, into: &out) { sum, out in
      if let narrow = Int64(exactly: sum) {
        Varint.append(zigzag: narrow, to: &out)
      } else {
        Varint.append(Varint.zigzag(sum), to: &out)
      }
    }
    Self.encode(squares, isZero: \.isZero, into: &out) { square, out in
      Varint.append(square.low, to: &out)
      Varint.append(zigzag: square.high, to: &out)
    }
    return out
  }

  @inline(__always)
  private static func encode<Value>(
    _ values: [Value], isZero: (Value) -> Bool, into out: inout [UInt8], value: (Value, inout [UInt8]) -> Void
  ) {
    var entries: UInt64 = 0
    for one in values where !isZero(one) { entries &+= 1 }
    Varint.append(word: entries, to: &out)
    var gap: UInt64 = 0
    for one in values {
      if isZero(one) {
        gap &+= 1
        continue
      }
      Varint.append(word: gap, to: &out)
      value(one, &out)
      gap = 0
    }
  }

  /// Adds (or subtracts) a stored block without building it.
  package mutating func merge(encoded bytes: some Collection<UInt8>, subtract: Bool = false) throws(CellBlockDamaged) {
    let damage = Array(bytes).withUnsafeBytes { bytes in
      var reader = PackedEntries(bytes)
      guard reader.byte() == Self.formatVersion else { return "unknown format version" as String? }
      return mergeCounts(&reader, subtract) ?? mergeSums(&reader, subtract) ?? mergeSquares(&reader, subtract)
        ?? (reader.isAtEnd ? nil : "bytes left over")
    }
    if let damage { throw CellBlockDamaged(reason: damage) }
  }

  /// What is wrong with a stored block, as far as can be told without its layout; nil if its entries can be read to the end.
  package static func damage(in bytes: [UInt8]) -> String? {
    bytes.withUnsafeBytes { bytes in
      var reader = PackedEntries(bytes)
      guard reader.byte() == formatVersion else { return "unknown format version" }
      let any = Int.max
      let damage =
        reader.forEach(of: any) { _, reader in reader.word() == nil ? "bad count" : nil }
        ?? reader.forEach(of: any) { _, reader in reader.word() == nil && reader.wide() == nil ? "bad sum" : nil }
        ?? reader.forEach(of: any) { _, reader in
          reader.wide() == nil || reader.word() == nil ? "bad sum of squares" : nil
        }
      return damage ?? (reader.isAtEnd ? nil : "bytes left over")
    }
  }

  private mutating func mergeCounts(_ reader: inout PackedEntries, _ subtract: Bool) -> String? {
    counts.withUnsafeMutableBufferPointer { counts in
      reader.forEach(of: counts.count) { i, reader in
        guard let z = reader.word() else { return "bad count" }
        let v = Varint.unzigzag(z)
        counts[i] = subtract ? counts[i] &- v : counts[i] &+ v
        return nil
      }
    }
  }

  private mutating func mergeSums(_ reader: inout PackedEntries, _ subtract: Bool) -> String? {
    sums.withUnsafeMutableBufferPointer { sums in
      reader.forEach(of: sums.count) { i, reader in
        let v: Int128
        if let z = reader.word() {
          v = Int128(Varint.unzigzag(z))
        } else {
          guard let z = reader.wide() else { return "bad sum" }
          v = Varint.unzigzag(z)
        }
        sums[i] = subtract ? sums[i] &- v : sums[i] &+ v
        return nil
      }
    }
  }

  private mutating func mergeSquares(_ reader: inout PackedEntries, _ subtract: Bool) -> String? {
    squares.withUnsafeMutableBufferPointer { squares in
      reader.forEach(of: squares.count) { i, reader in
        guard let low = reader.wide(), let high = reader.word() else { return "bad sum of squares" }
        let v = Int192(low: low, high: Varint.unzigzag(high))
        if subtract { squares[i] -= v } else { squares[i] += v }
        return nil
      }
    }
  }
}

/// Reads a stored block's entries. Most numbers have one to eight bytes, which are taken at once: a window of a week
/// is hundreds of millions of them.
private struct PackedEntries {
  private let bytes: UnsafeRawBufferPointer
  private var position = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  var isAtEnd: Bool { position == bytes.count }

  mutating func byte() -> UInt8? {
    guard position < bytes.count else { return nil }
    defer { position += 1 }
    return bytes[position]
  }

  /// Calls `body` with the place of every entry that is stored of `count`; what it returns is wrong ends it.
  @inline(__always)
  mutating func forEach(of count: Int, _ body: (Int, inout PackedEntries) -> String?) -> String? {
    guard let entries = word(), entries <= UInt64(count) else { return "more entries than the layout has" }
    var next = 0
    for _ in 0..<entries {
      guard let gap = word(), gap < UInt64(count - next) else { return "entry out of range" }
      next += Int(gap)
      if let damage = body(next, &self) { return damage }
      next += 1
    }
    return nil
  }

  /// The next number if 64 bits hold it; else nil, and it is still the next.
  @inline(__always)
  mutating func word() -> UInt64? {
    guard bytes.count - position >= 8 else { return longWord() }
    var x = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
    let ends = ~x & 0x8080_8080_8080_8080
    guard ends != 0 else { return longWord() }
    let bits = ends.trailingZeroBitCount &+ 1
    position &+= bits >> 3
    // Seven bits of each byte move together: pairs, then fours, then all eight.
    x &= 0x7F7F_7F7F_7F7F_7F7F & (.max >> UInt64(64 &- bits))
    x = x & 0x007F_007F_007F_007F | (x & 0x7F00_7F00_7F00_7F00) >> 1
    x = x & 0x0000_3FFF_0000_3FFF | (x & 0x3FFF_0000_3FFF_0000) >> 2
    return x & 0x0FFF_FFFF | (x & 0x0FFF_FFFF_0000_0000) >> 4
  }

  /// The same byte by byte: of the last bytes, or of more than eight.
  private mutating func longWord() -> UInt64? {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    var place = position
    while place < bytes.count, shift < 64 {
      let b = bytes[place]
      place += 1
      guard shift < 63 || b & 0x7F < 2 else { return nil }
      value |= UInt64(b & 0x7F) << shift
      if b & 0x80 == 0 {
        position = place
        return value
      }
      shift += 7
    }
    return nil
  }

  /// The next number if 128 bits hold it.
  mutating func wide() -> UInt128? {
    var value: UInt128 = 0
    var shift: UInt128 = 0
    while let b = byte() {
      guard shift < 128, shift < 126 || b & 0x7F < 4 else { return nil }
      value |= UInt128(b & 0x7F) << shift
      if b & 0x80 == 0 { return value }
      shift += 7
    }
    return nil
  }
}

/// LEB128 with zigzag for signed values.
enum Varint {
  static func zigzag(_ v: Int128) -> UInt128 { UInt128(bitPattern: (v << 1) ^ (v >> 127)) }
  static func unzigzag(_ z: UInt128) -> Int128 { Int128(bitPattern: z >> 1) ^ -Int128(bitPattern: z & 1) }
  @inline(__always)
  static func unzigzag(_ z: UInt64) -> Int64 { Int64(bitPattern: z >> 1) ^ -Int64(bitPattern: z & 1) }

  static func append(zigzag value: Int64, to out: inout [UInt8]) {
    append(word: UInt64(bitPattern: value << 1 ^ value >> 63), to: &out)
  }

  /// The same bytes as of a wider number.
  @inline(__always)
  static func append(word: UInt64, to out: inout [UInt8]) {
    var v = word
    while v >= 0x80 {
      out.append(UInt8(truncatingIfNeeded: v) | 0x80)
      v >>= 7
    }
    out.append(UInt8(truncatingIfNeeded: v))
  }

  static func append(_ value: UInt128, to out: inout [UInt8]) {
    var v = value
    while v >= 0x80 {
      out.append(UInt8(truncatingIfNeeded: v) | 0x80)
      v >>= 7
    }
    out.append(UInt8(truncatingIfNeeded: v))
  }

  /// Reads what `append` wrote; every call gives nil at the end or on a value that does not fit.
  struct Reader {
    private let bytes: [UInt8]
    private(set) var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    mutating func byte() -> UInt8? {
      guard position < bytes.count else { return nil }
      defer { position += 1 }
      return bytes[position]
    }

    mutating func next() -> UInt128? {
      var value: UInt128 = 0
      var shift: UInt128 = 0
      while let b = byte() {
        guard shift < 128, shift < 126 || b & 0x7f < 4 else { return nil }
        value |= UInt128(b & 0x7f) << shift
        if b & 0x80 == 0 { return value }
        shift += 7
      }
      return nil
    }

    mutating func integer() -> Int? { next().flatMap { Int(exactly: $0) } }

    mutating func signed() -> Int64? { next().flatMap { Int64(exactly: Varint.unzigzag($0)) } }

    /// A length and that many bytes.
    mutating func blob() -> [UInt8]? {
      guard let n = integer(), n <= bytes.count - position else { return nil }
      defer { position += n }
      return Array(bytes[position..<position + n])
    }
  }

  static func append(signed value: Int64, to out: inout [UInt8]) { append(zigzag(Int128(value)), to: &out) }

  static func append(blob: some Collection<UInt8>, to out: inout [UInt8]) {
    append(UInt128(blob.count), to: &out)
    out.append(contentsOf: blob)
  }
}
