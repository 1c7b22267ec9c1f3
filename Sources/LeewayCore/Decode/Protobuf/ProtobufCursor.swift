/// Where in bytes of Protobuf's wire format reading stands. Nothing beyond them is ever read.
struct ProtobufCursor {
  /// How the value behind a tag is written.
  enum Wire: UInt8 {
    case varint = 0
    case eight = 1
    case bytes = 2
    case groupStart = 3
    case groupEnd = 4
    case four = 5
  }

  /// Groups within each other that are passed over at most.
  static let maximumGroups = 64

  private let start: UnsafeRawPointer?
  private let count: Int
  private(set) var position = 0

  init(_ bytes: UnsafeRawBufferPointer) {
    start = bytes.baseAddress
    count = bytes.count
  }

  @inline(__always) var isAtEnd: Bool { position >= count }

  /// What is left.
  var rest: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: start.map { $0 + position }, count: count - position)
  }

  @inline(__always) private mutating func byte() throws(DecodeFailure) -> UInt8 {
    guard position < count, let start else { throw .endsWithinRecord }
    defer { position += 1 }
    return start.load(fromByteOffset: position, as: UInt8.self)
  }

  /// An integer of variable length, of at most ten bytes.
  @inline(__always) mutating func varint() throws(DecodeFailure) -> UInt64 {
    let first = try byte()
    if first < 0x80 { return UInt64(first) }
    var value = UInt64(first & 0x7F)
    var shift: UInt64 = 7
    while true {
      let next = try byte()
      // The tenth byte has the last bit.
      guard shift < 63 || (shift == 63 && next <= 1) else { throw .notOfSchema("has an integer of more than 64 bits") }
      value |= UInt64(next & 0x7F) << shift
      if next < 0x80 { return value }
      shift += 7
    }
  }

  /// A field's number, and how its value is written.
  @inline(__always) mutating func tag() throws(DecodeFailure) -> (number: UInt32, wire: Wire) {
    let tag = try varint()
    guard tag <= UInt64(UInt32.max), tag >= 8, let wire = Wire(rawValue: UInt8(tag & 7)) else {
      throw .notOfSchema("has bytes that are no field's number and type")
    }
    return (UInt32(tag >> 3), wire)
  }

  @inline(__always) mutating func load<T: BitwiseCopyable>(_ type: T.Type) throws(DecodeFailure) -> T {
    let from = position
    guard MemoryLayout<T>.size <= count - position, let start else { throw .endsWithinRecord }
    position += MemoryLayout<T>.size
    return start.loadUnaligned(fromByteOffset: from, as: type)
  }

  /// A length and so many bytes.
  @inline(__always) mutating func bytes() throws(DecodeFailure) -> UnsafeRawBufferPointer {
    let length = try varint()
    guard length <= UInt64(count - position) else { throw .endsWithinRecord }
    defer { position += Int(length) }
    return UnsafeRawBufferPointer(start: start.map { $0 + position }, count: Int(length))
  }

  /// Passes over the value behind a tag.
  @inline(__always) mutating func skip(_ wire: Wire, _ number: UInt32) throws(DecodeFailure) {
    switch wire {
    case .varint: _ = try varint()
    case .eight: _ = try load(UInt64.self)
    case .four: _ = try load(UInt32.self)
    case .bytes: _ = try bytes()
    case .groupStart: try skipGroup(number, depth: Self.maximumGroups)
    case .groupEnd: throw .notOfSchema("ends a group that it does not begin")
    }
  }

  private mutating func skipGroup(_ number: UInt32, depth: Int) throws(DecodeFailure) {
    guard depth > 0 else { throw .tooDeep(limit: Self.maximumGroups) }
    while true {
      let (inner, wire) = try tag()
      switch wire {
      case .groupEnd:
        guard inner == number else { throw .notOfSchema("ends a group that it does not begin") }
        return
      case .groupStart: try skipGroup(inner, depth: depth - 1)
      default: try skip(wire, inner)
      }
    }
  }
}

extension UInt64 {
  /// An integer whose sign is in its lowest bit.
  @inline(__always) var zigzag: Int64 { Int64(bitPattern: self >> 1) ^ -Int64(bitPattern: self & 1) }
}
