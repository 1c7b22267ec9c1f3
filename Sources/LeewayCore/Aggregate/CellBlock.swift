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
    Self.encode(counts.count, nonzero: { counts[$0] != 0 }, into: &out) { i, out in
      Varint.append(UInt128(Varint.zigzag(Int128(counts[i]))), to: &out)
    }
    Self.encode(sums.count, nonzero: { sums[$0] != 0 }, into: &out) { i, out in
      Varint.append(Varint.zigzag(sums[i]), to: &out)
    }
    Self.encode(squares.count, nonzero: { !squares[$0].isZero }, into: &out) { i, out in
      Varint.append(squares[i].low, to: &out)
      Varint.append(Varint.zigzag(Int128(squares[i].high)), to: &out)
    }
    return out
  }

  private static func encode(
    _ count: Int, nonzero: (Int) -> Bool, into out: inout [UInt8], value: (Int, inout [UInt8]) -> Void
  ) {
    var entries = 0
    for i in 0..<count where nonzero(i) { entries += 1 }
    Varint.append(UInt128(entries), to: &out)
    var previous = -1
    for i in 0..<count where nonzero(i) {
      Varint.append(UInt128(i - previous - 1), to: &out)
      value(i, &out)
      previous = i
    }
  }

  /// Adds (or subtracts) a stored block without building it.
  package mutating func merge(encoded bytes: some Collection<UInt8>, subtract: Bool = false) throws(CellBlockDamaged) {
    var reader = Varint.Reader(Array(bytes))
    guard reader.byte() == Self.formatVersion else { throw CellBlockDamaged(reason: "unknown format version") }
    func entries(_ count: Int, _ body: (Int) throws(CellBlockDamaged) -> Void) throws(CellBlockDamaged) {
      guard let n = reader.integer(), n <= count else {
        throw CellBlockDamaged(reason: "more entries than the layout has")
      }
      var next = 0
      for _ in 0..<n {
        guard let gap = reader.integer(), gap < count - next else {
          throw CellBlockDamaged(reason: "entry out of range")
        }
        try body(next + gap)
        next += gap + 1
      }
    }
    try entries(counts.count) { i throws(CellBlockDamaged) in
      guard let z = reader.next(), let v = Int64(exactly: Varint.unzigzag(z)) else {
        throw CellBlockDamaged(reason: "bad count")
      }
      counts[i] = subtract ? counts[i] &- v : counts[i] &+ v
    }
    try entries(sums.count) { i throws(CellBlockDamaged) in
      guard let z = reader.next() else { throw CellBlockDamaged(reason: "bad sum") }
      let v = Varint.unzigzag(z)
      sums[i] = subtract ? sums[i] &- v : sums[i] &+ v
    }
    try entries(squares.count) { i throws(CellBlockDamaged) in
      guard let low = reader.next(), let z = reader.next(), let high = Int64(exactly: Varint.unzigzag(z)) else {
        throw CellBlockDamaged(reason: "bad sum of squares")
      }
      let v = Int192(low: low, high: high)
      if subtract { squares[i] -= v } else { squares[i] += v }
    }
    guard reader.isAtEnd else { throw CellBlockDamaged(reason: "bytes left over") }
  }
}

/// LEB128 with zigzag for signed values.
enum Varint {
  static func zigzag(_ v: Int128) -> UInt128 { UInt128(bitPattern: (v << 1) ^ (v >> 127)) }
  static func unzigzag(_ z: UInt128) -> Int128 { Int128(bitPattern: z >> 1) ^ -Int128(bitPattern: z & 1) }

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
