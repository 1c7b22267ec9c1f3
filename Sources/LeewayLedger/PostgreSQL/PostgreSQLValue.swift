import LeewayCore

/// A value in PostgreSQL's binary format.
protocol PostgreSQLValue {
  /// The type's number in the catalogue, for the heads of arrays.
  static var oid: UInt32 { get }
  var isNull: Bool { get }
  /// Appends the value's bytes, without their count.
  func encode(into bytes: inout [UInt8])
}

extension PostgreSQLValue {
  var isNull: Bool { false }

  /// SQL for the type of an array of them.
  static var arrayType: String {
    switch oid {
    case Bool.oid: "boolean[]"
    case Int64.oid: "bigint[]"
    case Double.oid: "double precision[]"
    case String.oid: "text[]"
    default: "bytea[]"
    }
  }
}

/// The parameters of one statement, side by side in one buffer.
struct PostgreSQLParameters {
  private(set) var bytes: [UInt8] = []
  /// Where each begins in `bytes` and how long it is; nil: NULL.
  private(set) var parts: [(offset: Int, count: Int)?] = []

  init<each V: PostgreSQLValue>(_ values: repeat each V) {
    for value in repeat each values { append(value) }
  }

  mutating func append(_ value: some PostgreSQLValue) {
    guard !value.isNull else {
      parts.append(nil)
      return
    }
    let start = bytes.count
    value.encode(into: &bytes)
    parts.append((start, bytes.count - start))
  }

  /// One array, for `unnest`: a batch is one statement and one round trip.
  mutating func append<Row, V: PostgreSQLValue>(_ rows: some Collection<Row>, _ value: (Row) throws -> V) rethrows {
    let start = bytes.count
    bytes.appendBigEndian(Int32(rows.isEmpty ? 0 : 1))  // dimensions
    let flags = bytes.count
    bytes.appendBigEndian(Int32(0))
    bytes.appendBigEndian(V.oid)
    guard !rows.isEmpty else {
      parts.append((start, bytes.count - start))
      return
    }
    bytes.appendBigEndian(Int32(clamping: rows.count))
    bytes.appendBigEndian(Int32(1))  // first index
    for row in rows {
      let value = try value(row)
      guard !value.isNull else {
        bytes[flags + 3] = 1
        bytes.appendBigEndian(Int32(-1))
        continue
      }
      let head = bytes.count
      bytes.appendBigEndian(Int32(0))
      value.encode(into: &bytes)
      let count = UInt32(clamping: bytes.count - head - 4)
      for i in 0..<4 { bytes[head + i] = UInt8(truncatingIfNeeded: count >> UInt32(24 - 8 * i)) }
    }
    parts.append((start, bytes.count - start))
  }
}

extension [UInt8] {
  fileprivate mutating func appendBigEndian(_ value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
  }
}

extension Int64: PostgreSQLValue {
  static var oid: UInt32 { 20 }
  func encode(into bytes: inout [UInt8]) { bytes.appendBigEndian(self) }
}

extension Int: PostgreSQLValue {
  static var oid: UInt32 { Int64.oid }
  func encode(into bytes: inout [UInt8]) { Int64(self).encode(into: &bytes) }
}

extension Int32: PostgreSQLValue {
  static var oid: UInt32 { Int64.oid }
  func encode(into bytes: inout [UInt8]) { Int64(self).encode(into: &bytes) }
}

extension EventTime: PostgreSQLValue {
  static var oid: UInt32 { Int64.oid }
  func encode(into bytes: inout [UInt8]) { milliseconds.encode(into: &bytes) }
}

extension Bool: PostgreSQLValue {
  static var oid: UInt32 { 16 }
  func encode(into bytes: inout [UInt8]) { bytes.append(self ? 1 : 0) }
}

/// NaN is stored as NULL, as SQLite does it.
extension Double: PostgreSQLValue {
  static var oid: UInt32 { 701 }
  var isNull: Bool { isNaN }
  func encode(into bytes: inout [UInt8]) { bytes.appendBigEndian(bitPattern) }
}

extension [UInt8]: PostgreSQLValue {
  static var oid: UInt32 { 17 }
  func encode(into bytes: inout [UInt8]) { bytes.append(contentsOf: self) }
}

/// PostgreSQL's text holds no NUL. 0x00 and 0x01 are written as 0x01 0x01 and 0x01 0x02: every text stays distinct and the
/// order by bytes stays what it is, and all but a few freaks can be read in psql as they are.
extension String: PostgreSQLValue {
  static var oid: UInt32 { 25 }

  func encode(into bytes: inout [UInt8]) {
    var text = self
    text.withUTF8 { utf8 in
      guard utf8.contains(where: { $0 <= 1 }) else { return bytes.append(contentsOf: utf8) }
      for byte in utf8 {
        if byte <= 1 { bytes.append(1) }
        bytes.append(byte <= 1 ? byte + 1 : byte)
      }
    }
  }

  /// nil if it is not UTF-8 or holds an unknown escape.
  init?(postgreSQL bytes: UnsafeRawBufferPointer) {
    guard bytes.contains(where: { $0 <= 1 }) else {
      self.init(validating: bytes, as: UTF8.self)
      return
    }
    var plain: [UInt8] = []
    plain.reserveCapacity(bytes.count)
    var escaped = false
    for byte in bytes {
      if escaped {
        guard byte == 1 || byte == 2 else { return nil }
        plain.append(byte - 1)
        escaped = false
      } else if byte == 1 {
        escaped = true
      } else {
        plain.append(byte)
      }
    }
    guard !escaped else { return nil }
    self.init(validating: plain, as: UTF8.self)
  }
}

extension Optional: PostgreSQLValue where Wrapped: PostgreSQLValue {
  static var oid: UInt32 { Wrapped.oid }
  var isNull: Bool { self?.isNull ?? true }
  func encode(into bytes: inout [UInt8]) { self?.encode(into: &bytes) }
}
