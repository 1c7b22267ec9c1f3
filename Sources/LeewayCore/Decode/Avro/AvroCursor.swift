/// Where in a message's bytes reading stands. Nothing beyond them is ever read.
struct AvroCursor {
  private var start: UnsafeRawPointer?
  private var count = 0
  var position = 0
  /// Elements of arrays and maps that may come: some have no bytes, and any number of them is quickly said.
  var budget = 0

  init() {}

  init(_ bytes: UnsafeRawBufferPointer, at position: Int, budget: Int) {
    start = bytes.baseAddress
    count = bytes.count
    self.position = position
    self.budget = budget
  }

  @inline(__always) mutating func byte() throws(DecodeFailure) -> UInt8 {
    guard position < count, let start else { throw .endsWithinRecord }
    defer { position += 1 }
    return start.load(fromByteOffset: position, as: UInt8.self)
  }

  /// An integer of variable length, of at most ten bytes.
  @inline(__always) mutating func long() throws(DecodeFailure) -> Int64 {
    let first = try byte()
    if first < 0x80 { return Int64(first >> 1) ^ -Int64(first & 1) }
    var value = UInt64(first & 0x7F)
    var shift: UInt64 = 7
    while true {
      let next = try byte()
      // The tenth byte has the last bit.
      guard shift < 63 || (shift == 63 && next <= 1) else { throw .notOfSchema("has an integer of more than 64 bits") }
      value |= UInt64(next & 0x7F) << shift
      if next < 0x80 { break }
      shift += 7
    }
    return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
  }

  @inline(__always) mutating func skip(_ bytes: Int) throws(DecodeFailure) {
    guard bytes >= 0, bytes <= count - position else { throw .endsWithinRecord }
    position += bytes
  }

  @inline(__always) mutating func take(_ bytes: Int) throws(DecodeFailure) -> UnsafeRawBufferPointer {
    let from = position
    try skip(bytes)
    return UnsafeRawBufferPointer(start: start.map { $0 + from }, count: bytes)
  }

  @inline(__always) mutating func load<T: BitwiseCopyable>(_ type: T.Type) throws(DecodeFailure) -> T {
    let from = position
    try skip(MemoryLayout<T>.size)
    guard let start else { throw .endsWithinRecord }
    return start.loadUnaligned(fromByteOffset: from, as: type)
  }

  /// A length and so many bytes.
  @inline(__always) mutating func bytes() throws(DecodeFailure) -> UnsafeRawBufferPointer {
    let length = try long()
    guard length >= 0, length <= Int64(count - position) else { throw .endsWithinRecord }
    return try take(Int(length))
  }

  /// How many elements the next block of an array or a map has; 0 behind the last.
  mutating func block() throws(DecodeFailure) -> Int {
    var count = try long()
    if count < 0 {
      // Its bytes, for those who skip it.
      _ = try long()
      guard count != .min else { throw .notOfSchema("has a block of 2^63 elements") }
      count = -count
    }
    guard count <= Int64(budget) else {
      throw .notOfSchema("has more elements than a message of its size may have")
    }
    budget -= Int(count)
    return Int(count)
  }
}
